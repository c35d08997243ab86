"""Scores on the desk: the live ranking, every file, the rules, the freeze and the results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response as Redirect
from wtforms import BooleanField, Field, IntegerField, StringField, SubmitField, TextAreaField
from wtforms.validators import NumberRange, ValidationError

from sandbox import __version__, clock
from sandbox.board import moments
from sandbox.board.access import only
from sandbox.board.api import scores as shapes
from sandbox.board.exports import csv_file
from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.people.visitor import myself
from sandbox.board.scores import boards, deciding, scoring
from sandbox.board.scores.deciding import Act
from sandbox.board.scores.leaderboard import Score
from sandbox.board.scores.shown import RESULTS, result_line
from sandbox.board.served import event, generation
from sandbox.board.standing import Standing, standing
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.catalog import Challenge
from sandbox.state.people import Role
from sandbox.state.scores import AnswerFile, Scoring
from sandbox.state.teams import Grace, Team

pages = Blueprint("desk_scores", __name__, url_prefix="/organiser/scores")
Answer = str | tuple[str, int] | Redirect
organisers = only(Role.ORGANISER)
ON_A_PAGE = 50
FILES = (
    "team", "name", "number", "state", "reason", "handed_in", "scored_at", "public", "private",
    "passed_gates", "improves", "final", "set_aside", "set_aside_why", "receipt", "sha256", "truth",
)  # fmt: skip


# --- forms ----------------------------------------------------------------------------------------


class RulesForm(Form):
    """What teams may do, and which of their files stands; a late change needs a second yes."""

    daily = IntegerField(
        N_("Files a day"),
        [
            required(N_("Write a number from 1 to 1000.")),
            NumberRange(1, 1_000, N_("Write a number from 1 to 1000.")),
        ],
    )
    finals = IntegerField(
        N_("Finals of a team"),
        [
            required(N_("Write a number from 1 to 10.")),
            NumberRange(1, 10, N_("Write a number from 1 to 10.")),
        ],
    )
    ladder = BooleanField(N_("A new file stands only if it is better beyond chance (the Ladder)"))
    sure = BooleanField(N_("Change the rules although files have been scored"))
    submit = SubmitField(N_("Save the rules"))


class FreezeForm(Form):
    """From when until when new scores are hidden, in the event's zone."""

    at = StringField(N_("From"), [at_most(40)], [tidy], render_kw={"type": "datetime-local"})
    until = StringField(N_("Until"), [at_most(40)], [tidy], render_kw={"type": "datetime-local"})
    now = SubmitField(N_("Freeze it now"))
    later = SubmitField(N_("Freeze it from then on"))

    def validate_at(self, field: Field) -> None:
        """Needed, and ahead, if it is not to be frozen now."""
        field.moment = None if self.now.data else _moment(field)
        if not self.now.data and field.moment is None:
            raise ValidationError(gettext("Write from when on, or freeze it now."))
        if field.moment and field.moment < clock.now():
            told = gettext("That is over, and everybody has seen it. Freeze it now instead.")
            raise ValidationError(told)

    def validate_until(self, field: Field) -> None:
        """If given, later than the beginning."""
        field.moment = _moment(field)
        begins = getattr(self.at, "moment", None) or clock.now()
        if field.moment and field.moment <= begins:
            raise ValidationError(gettext("It would end before it begins."))


class PublishForm(Form):
    """Make the private part public; `reason` is asked for where the check list does not hold."""

    panel = TextAreaField(
        N_("What people decided among equals, and why"), [at_most(4_000)], [tidy_lines]
    )
    reason = TextAreaField(
        N_("Why they are published although something is missing"), [at_most(1_000)], [tidy_lines]
    )
    submit = SubmitField(N_("Publish the results"))
    save = SubmitField(N_("Save what people decided"))


class WhyForm(Form):
    """One act with its reason."""

    why = TextAreaField(
        N_("Why"), [required(N_("Write the reason.")), at_most(1_000)], [tidy_lines]
    )
    submit = SubmitField(N_("Confirm"))


class PressForm(Form):
    """One button; which one is said by the address that it is sent to."""

    submit = SubmitField(N_("Confirm"))


def _moment(field: Field) -> datetime | None:
    if not field.data:
        return None
    try:
        return moments.parse(field.data, event().zone)
    except moments.NoSuchMoment as error:
        raise ValidationError(str(error)) from None


# --- all challenges -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A challenge in the list: how many of its files are in each state."""

    slug: str
    challenge: Challenge
    stands: Standing
    decided: boards.Decided
    counts: dict[str, int]


@pages.get("/")
@organisers
def index() -> str:
    return render_template(
        "board/desk/scores/index.html",
        lines=list(_lines()),
        stands_still=scoring.standstill(db()),
    )


def _lines() -> Iterator[Line]:
    kind = AnswerFile
    counts: dict[str, dict[str, int]] = {}
    grouped = select(kind.challenge, kind.state, func.count()).group_by(kind.challenge, kind.state)
    for slug, state, count in db().execute(grouped):
        counts.setdefault(slug, {})[state] = count
    rows = boards.all_decided(db())
    for slug, challenge in generation().catalog.challenges.items():
        yield Line(slug, challenge, standing(slug), rows[slug], counts.get(slug, {}))


# --- one challenge --------------------------------------------------------------------------------


@pages.get("/<slug>/")
@organisers
def overview(slug: str) -> Answer:
    return _page(_known(slug))


def _page(slug: str, **forms: Form) -> Answer:
    """The challenge's page, with the form that was wrong in place of a fresh one."""
    live, shown = boards.behind(db(), slug)
    counts = _counts(slug)
    found, zone = live.decided, event().zone
    fresh: dict[str, Form] = {
        "rules": RulesForm(None, daily=found.daily, finals=found.finals, ladder=found.ladder),
        "freeze": FreezeForm(
            None,
            at=moments.as_typed(found.frozen_at, zone) if found.freezes_at else "",
            until=moments.as_typed(found.thaws_at, zone),
        ),
        "publish": PublishForm(None, panel=found.panel),
        "withdraw": WhyForm(None),
    }
    shown_page = render_template(
        "board/desk/scores/overview.html",
        slug=slug,
        challenge=generation().catalog.challenges[slug],
        stands=standing(slug),
        live=live,
        shown=shown,
        checks=checks(slug, shown, counts),
        scored=counts.scored,
        press=PressForm(None),
        **(fresh | forms),
    )
    return shown_page, 422 if any(form.errors for form in forms.values()) else 200


@pages.get("/<slug>/files")
@organisers
def files(slug: str) -> str:
    """Every file, the newest first; `?state=` keeps one state, `?before=` goes on from there."""
    chosen, before = request.args.get("state", ""), request.args.get("before", type=int)
    wanted = _files(_known(slug)).order_by(AnswerFile.id.desc())
    if chosen:
        wanted = wanted.where(AnswerFile.state == chosen)
    if before is not None:
        wanted = wanted.where(AnswerFile.id < before)
    found = db().execute(wanted.limit(ON_A_PAGE + 1)).all()
    return render_template(
        "board/desk/scores/files.html",
        slug=slug,
        challenge=generation().catalog.challenges[slug],
        files=[(file, team, Score.of(file.public)) for file, team in found[:ON_A_PAGE]],
        more=len(found) > ON_A_PAGE,
        chosen=chosen,
        states=list(Scoring),
        truth=boards.truth_of(generation(), slug),
    )


@pages.get("/<slug>/files/<int:number>/")
@organisers
def file(slug: str, number: int) -> Answer:
    return _file_page(_file(slug, number))


def _file_page(found: AnswerFile, **forms: Form) -> Answer:
    shown = render_template(
        "board/desk/scores/file.html",
        file=found,
        slug=found.challenge,
        challenge=generation().catalog.challenges[found.challenge],
        public=Score.of(found.public),
        private=Score.of(found.private),
        passed=boards.passed(found.whole.get("gates")),
        current=found.truth in ("", boards.truth_of(generation(), found.challenge)),
        press=PressForm(None),
        **({"aside": WhyForm(None)} | forms),
    )
    return shown, 422 if any(form.errors for form in forms.values()) else 200


# --- what is still missing before results ---------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """A line of the check list; `name` is what the log calls it."""

    name: str
    holds: bool
    words: str


@dataclass(frozen=True)
class Counts:
    """How many files of a challenge are where; `stale` of the scored ones by earlier answers."""

    waiting: int
    scored: int
    failed: int
    stale: int


def _counts(slug: str) -> Counts:
    kind, current = AnswerFile, boards.truth_of(generation(), slug)
    found: dict[str, int] = {}
    stale = 0
    grouped = select(kind.state, kind.truth, func.count()).where(kind.challenge == slug)
    for state, truth, count in db().execute(grouped.group_by(kind.state, kind.truth)):
        found[state] = found.get(state, 0) + count
        stale += count if state == Scoring.SCORED and truth != current else 0
    waiting = found.get(Scoring.RECEIVED, 0) + found.get(Scoring.SCORING, 0)
    return Counts(waiting, found.get(Scoring.SCORED, 0), found.get(Scoring.FAILED, 0), stale)


def checks(slug: str, shown: boards.Published, counts: Counts) -> list[Check]:
    """What should be so before results are published, in words with what was found."""
    ends, now, equal = _ends(slug), clock.now(), len(shown.first)
    said = {
        "scored": (gettext("Files that still wait for their score: %(count)s"), counts.waiting),
        "failed": (gettext("Files whose scoring failed: %(count)s"), counts.failed),
        "current": (gettext("Files scored with other hidden answers: %(count)s"), counts.stale),
    }
    panel = gettext("Nobody shares the first place.")
    if equal > 1:
        panel = gettext(
            "Teams that share the first place: %(count)s. "
            "Within a tie people decide, and write why."
        ) % {"count": equal}
    return [
        Check("deadline", ends is not None and ends <= now, _deadline_words(ends, now)),
        *(Check(name, not n, words % {"count": n}) for name, (words, n) in said.items()),
        Check("panel", equal < 2 or bool(shown.decided.panel), panel),
    ]


def _ends(slug: str) -> datetime | None:
    """The last moment at which any team may hand something in; None while there is no end."""
    closes = standing(slug).closes_at
    latest = db().scalar(
        select(func.max(Grace.until)).where(Grace.challenge == slug, Grace.ended_at.is_(None))
    )
    return max(closes, latest) if closes and latest else closes


def _deadline_words(ends: datetime | None, now: datetime) -> str:
    if ends is None:
        return gettext("The challenge has no closing time, so answers may still come.")
    if ends <= now:
        return gettext("The deadline is over for everybody, also for teams with more time.")
    return gettext("The deadline is not over yet for everybody.")


# --- acts -----------------------------------------------------------------------------------------


@pages.post("/<slug>/rules")
@organisers
def rules(slug: str) -> Answer:
    asked = RulesForm()
    if not asked.validate_on_submit():
        return _page(_known(slug), rules=asked)
    new = {name: asked[name].data for name in deciding.RULES}
    before = boards.decided(db(), _known(slug))
    is_new = any(getattr(before, name) != value for name, value in new.items())
    if is_new and deciding.scored(db(), slug) and not asked.sure.data:
        asked.sure.errors = [
            gettext("Files have been scored under the old rules. Tick the box if you are sure: "
                    "the change is told on the leaderboard’s page.")
        ]  # fmt: skip
        return _page(slug, rules=asked)
    changed = _act().change(slug, new)
    return _done(slug, gettext("The rules are saved.") if changed else gettext("Nothing changed."))


@pages.post("/<slug>/freeze")
@organisers
def freeze(slug: str) -> Answer:
    asked = FreezeForm()
    if not asked.validate_on_submit():
        return _page(_known(slug), freeze=asked)
    at = asked.at.moment or clock.now()
    _act().freeze(_known(slug), at, asked.until.moment)
    if asked.now.data:
        return _done(slug, gettext("It is frozen. Scores made from now on are hidden."))
    return _done(slug, gettext("It will be frozen then, and its page says so."))


@pages.post("/<slug>/thaw")
@organisers
def thaw(slug: str) -> Answer:
    if PressForm().validate_on_submit():
        _act().thaw(_known(slug))
    return _done(slug, gettext("It is not frozen any more: everybody sees all scores."))


@pages.post("/<slug>/publish")
@organisers
def publish(slug: str) -> Answer:
    asked, (_, shown) = PublishForm(), boards.behind(db(), _known(slug))
    if not asked.validate_on_submit():
        return _page(slug, publish=asked)
    panel = str(asked.panel.data or "")
    if shown.decided.is_published:
        _act().write_panel(slug, panel)
        return _done(slug, gettext("It stands on the results’ page."))
    lacks = [one.name for one in checks(slug, shown, _counts(slug)) if not one.holds]
    if panel and "panel" in lacks:
        lacks.remove("panel")
    if lacks and not asked.reason.data:
        told = gettext("Something of the list does not hold. Write why they are published so.")
        asked.reason.errors = [told]
        return _page(slug, publish=asked)
    _act().publish(slug, panel, lacks, str(asked.reason.data or ""))
    return _done(slug, gettext("The results are published."))


@pages.post("/<slug>/withdraw")
@organisers
def withdraw(slug: str) -> Answer:
    asked = WhyForm()
    if not asked.validate_on_submit():
        return _page(_known(slug), withdraw=asked)
    _act().withdraw(_known(slug), str(asked.why.data))
    return _done(slug, gettext("The results are not public any more. Who has seen them has seen "
                               "them: tell everybody why."))  # fmt: skip


@pages.post("/<slug>/files/<int:number>/aside")
@organisers
def aside(slug: str, number: int) -> Answer:
    asked, found = WhyForm(), _file(slug, number)
    if not asked.validate_on_submit():
        return _file_page(found, aside=asked)
    _act().set_aside(found, str(asked.why.data))
    return _done_with(found, gettext("It is set aside: it is on no list, and its team reads why."))


@pages.post("/<slug>/files/<int:number>/back")
@organisers
def back(slug: str, number: int) -> Answer:
    found = _file(slug, number)
    if PressForm().validate_on_submit():
        _act().put_back(found)
    return _done_with(found, gettext("It counts again."))


@pages.post("/<slug>/files/<int:number>/again")
@organisers
def again(slug: str, number: int) -> Answer:
    found = _file(slug, number)
    if PressForm().validate_on_submit() and found.state not in (Scoring.RECEIVED, Scoring.SCORING):
        _act().score_again(found)
    return _done_with(found, gettext("It is scored again, in its turn."))


# --- files to keep --------------------------------------------------------------------------------


@pages.get("/<slug>/files.csv")
@organisers
def files_csv(slug: str) -> Response:
    found = db().execute(_files(_known(slug)).order_by(AnswerFile.id)).all()
    return csv_file(f"{slug}-answers.csv", FILES, [_told(file, team) for file, team in found])


@pages.get("/<slug>/files.json")
@organisers
def files_json(slug: str) -> Response:
    found = db().execute(_files(_known(slug)).order_by(AnswerFile.id)).all()
    rows = [dict(zip(FILES, map(_plain, _told(file, team)), strict=True)) for file, team in found]
    answer = Response(
        json.dumps({"challenge": slug, "files": rows}, ensure_ascii=False),
        mimetype="application/json",
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}-answers.json"'
    return answer


@pages.get("/<slug>/results.csv")
@organisers
def results_csv(slug: str) -> Response:
    """The results as they would be published now: for a panel that decides before."""
    _, shown = boards.behind(db(), _known(slug))
    rows = [result_line(shapes.final(slug, *line), __version__) for line in shown.lines]
    return csv_file(f"{slug}-results-preview.csv", RESULTS, rows)


def _told(file: AnswerFile, team: Team) -> list[Any]:
    public, private = Score.of(file.public), Score.of(file.private)
    return [
        team.slug,
        team.name,
        file.number,
        file.state,
        reason(file),
        file.arrived_at,
        file.scored_at,
        public.value if public else None,
        private.value if private else None,
        boards.passed(file.whole.get("gates")) if public else None,
        file.improves,
        file.final_at is not None,
        file.set_aside_at is not None,
        file.set_aside_why,
        file.receipt,
        file.digest,
        file.truth,
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def reason(file: AnswerFile) -> str:
    """Why a file has no score, in the judge's own words."""
    problems = [told["what"] for told in file.told.get("problems", ()) if told.get("what")]
    return "; ".join(problems) or str(file.told.get("title") or file.told.get("why") or "")


# --- what they rest on ----------------------------------------------------------------------------


def _known(slug: str) -> str:
    return slug if slug in generation().catalog.challenges else abort(404)


def _files(slug: str) -> Select[AnswerFile, Team]:
    """Files of the challenge with their teams."""
    files = select(AnswerFile, Team).join(Team, Team.id == AnswerFile.team_id)
    return files.where(AnswerFile.challenge == slug)


def _file(slug: str, number: int) -> AnswerFile:
    """A file by the number of its row."""
    found = db().get(AnswerFile, number)
    return found if found is not None and found.challenge == _known(slug) else abort(404)


def _act() -> Act:
    return Act(db(), myself().id)


def _done(slug: str, words: str) -> Redirect:
    db().commit()
    flash(words)
    return redirect(url_for("desk_scores.overview", slug=slug))


def _done_with(found: AnswerFile, words: str) -> Redirect:
    slug, number = found.challenge, found.id
    db().commit()
    flash(words)
    return redirect(url_for("desk_scores.file", slug=slug, number=number))
