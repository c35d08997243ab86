"""Teams and scored files of answers for tests, as the judge would leave them."""

import hashlib
from datetime import timedelta

from sandbox import clock
from sandbox.board.scores import answers, boards
from sandbox.state.scores import AnswerFile, Scoring
from sandbox.state.teams import Membership, Team

SLUG = "shorter-queue"


def truth(app, slug=SLUG):
    return boards.truth_of(app.extensions["served"].now(), slug)


def gate(value, limit=1.0):
    return {"name": "errors", "title": {"en": "errors"}, "value": value, "limit": limit,
            "unit": {"en": "cases"}}  # fmt: skip


def measure(value, *, around=None, gates=(), groups=None):
    """A Measure as JSON; `around` is half of its interval, of which the band follows."""
    told = {"rows": 20, "ungated": value, "earned": None, "low": None, "high": None, "band": None}
    if around:
        told |= {"low": value - around, "high": value + around, "band": around * 2 / 2**0.5}
    told |= {"gates": list(gates), "details": {}, "groups": groups or {}}
    told["group_rows"] = dict.fromkeys(groups or {}, 10)
    spread = [*(groups or {}).values()]
    gap = {"value": max(spread) - min(spread), "low": None, "high": None} if spread else None
    return told | {"gap": gap}


def team(app, name, members=()):
    """The number of a new team."""
    now = clock.now()
    with app.extensions["state"].write() as writer:
        slug = name.lower().replace(" ", "-")
        made = Team(slug=slug, name=name, challenge=SLUG, code_hash=slug, made_at=now)
        made.members += [Membership(account_id=number, joined_at=now) for number in members]
        writer.add(made)
        writer.flush()
        return made.id


def hand_in(app, team_id, public, private=0.0, *, number=1, state=Scoring.SCORED, ago=1, **more):
    """The number of a new file, scored `ago` minutes ago; measures may be given as numbers."""
    at = clock.now() - timedelta(minutes=ago)
    name = f"{team_id}-{number}"
    gates = more.pop("gates", ())
    around = more.pop("around", None)
    groups = more.pop("groups", None)
    row = {
        "receipt": f"R{name}", "nonce": name, "name": "answers.csv", "bytes": 10,
        "digest": hashlib.sha256(name.encode()).hexdigest(), "arrived_at": at, "received_at": at,
        "scored_at": at, "truth": truth(app), "public": measure(public, around=around),
        "private": measure(private, around=around, groups=groups),
        "whole": measure(public, gates=gates), "improves": True,
    }  # fmt: skip
    if state is not Scoring.SCORED:
        row |= {"scored_at": None, "truth": "", "public": {}, "private": {}, "whole": {}}
        row["improves"] = False
    with app.extensions["state"].write() as writer:
        made = AnswerFile(
            team_id=team_id, number=number, state=state, **({"challenge": SLUG} | row | more)
        )  # fmt: skip
        writer.add(made)
        writer.flush()
        return made.id


def decide(app, **what):
    """Set what is decided about the leaderboard."""
    with app.extensions["state"].write() as writer:
        row = answers.rules(writer, SLUG)
        writer.add(row)
        for name, value in what.items():
            setattr(row, name, value)
