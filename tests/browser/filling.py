"""Something of everything in a board's database, so that no page that is looked at is empty."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import timedelta

import PIL.Image
from sqlalchemy import select

from sandbox import clock
from sandbox.board import create_app, drafts
from sandbox.board.desk.dribdat import Brief, Found
from sandbox.board.people import passes, passwords, texts
from sandbox.board.projects import submitting, writing
from sandbox.bundle import open_bundle
from sandbox.projects.faults import Fault
from sandbox.state import audit
from sandbox.state.people import Account, Role, RoleHeld, Skill, SkillHeld
from sandbox.state.projects import Image, Noted, Pack, Project
from sandbox.state.records import Delivery, Setting, Token, Webhook
from sandbox.state.scores import AnswerFile, Leaderboard, Scoring
from sandbox.state.teams import Grace, Membership, Seeker, Team, TeamRequest
from sandbox.state.topics import Announcement, Answer, ChallengeDraft, HelpRequest, Question
from sandbox.workspace import open_workspace
from tests.board.scores.files import gate, measure

READERS = {"phone, light, English": "kari", "desktop, dark, bokmål": "ola"}
BY_HERSELF = "phone, dark, English, in no team"  # siri, who takes part and has no other role


def filled(state_folder):
    """The demo's state filled: reader → link, and the map of where the board's addresses lead."""
    app = create_app(replace(open_workspace(), state=state_folder))
    try:
        return fill(app), app.url_map
    finally:
        app.extensions["state"].close()


def fill(app):
    """Rows for every topic; reader → the address of a link that signs them in.

    READERS may do all, and are in a team; the one BY_HERSELF looks for one.
    """
    workspace = app.extensions["served"].workspace
    state_folder = workspace.state
    with app.app_context(), app.extensions["state"].write() as writer:
        people = {name: _person(writer, name) for name in READERS.values()}
        _topics(writer, state_folder / "uploads", *people.values())
        _answers(writer, state_folder, people["kari"])
        _programs(writer, people.values())
        _scores(writer, state_folder)
        _desk(writer, workspace, people.values())
        audit.record(writer, "event.change", "name", None, before="a", after="b")
        readers = {reader: people[name] for reader, name in READERS.items()}
        readers[BY_HERSELF] = writer.scalar(select(Account).where(Account.name == "Siri Nordmann"))
        return {
            reader: f"/sign-in/link/{passes.link_for(writer, person)}"
            for reader, person in readers.items()
        }


def _person(writer, name):
    now, email = clock.now(), f"{name}@example.org"
    found = writer.scalar(select(Account).where(Account.email == email))
    person = found or Account(email=email, created_at=now)
    person.name, person.joined_at = f"{name.capitalize()} Nordmann", now
    held = {role.role for role in person.roles}
    person.roles += [RoleHeld(role=role, granted_at=now) for role in Role if role not in held]
    if not found:
        writer.add(person)
    person.skills.append(SkillHeld(skill=Skill.USER))
    writer.flush()
    texts.accept(writer, person.id, texts.MUST_BE_ACCEPTED, "en")
    return person


def _desk(writer, workspace, people):
    """What the desk has begun: an invite, a draft, and for each of `people` an import to confirm;
    a password, too, which all of them have."""
    now = clock.now()
    brief = Brief("snow", "Snow on the pavement", "Nobody knows who clears what.", "Older people …")
    found = Found("Bydelshack", summary="Two days", challenges=(brief,),
                  projects=("Half an app",), left_out={"users": 2})  # fmt: skip
    for person in people:
        person.password_hash = passwords.hashed("four words of mine")
        kept = Setting(name=f"import.{person.id}", value=found.plain(), changed_at=now)
        writer.add(kept)
    passes.invite(writer, person.id, label="Table 7", uses=30, lasts=timedelta(days=2))
    draft = drafts.of_folder(workspace, "same-day-permit")
    files = draft.files | {"brief.md": draft.files["brief.md"] + "\nAsk at table 7.\n"}
    writer.add(
        ChallengeDraft(
            slug=draft.code_from, code_from=draft.code_from, files=files, edited_at=now,
            made_from=draft.made_from, edited_by=person.id,
        )
    )  # fmt: skip


def _programs(writer, people):
    """A token each, and a webhook with calls of every outcome."""
    now = clock.now()
    for person in people:
        writer.add(
            Token(
                account_id=person.id, name="My team’s dashboard", token_hash=person.name,
                scopes=["read", "organise"], made_at=now, expires_at=now + timedelta(days=7),
            )
        )  # fmt: skip
    hook = Webhook(
        url="https://example.org/a/rather/long/address/of/a/receiver", secret="whsec_AAAA",
        events=["question.asked", "challenge.opened"], made_at=now, last_called_at=now,
        last_status="204",
    )  # fmt: skip
    writer.add(hook)
    writer.flush()
    for number, outcome in enumerate(("delivered_at", "given_up_at", "called_at", "made_at")):
        writer.add(
            Delivery(
                webhook_id=hook.id, message_id=f"msg_{number:032x}", event="question.asked",
                body="{}", attempts=number, said="no connection",
                **{"made_at": now, outcome: now},
            )
        )  # fmt: skip


def _scores(writer, state_folder):
    """Files of Team Blue with results that are published, and a leaderboard that is frozen."""
    bundle = open_bundle(replace(open_workspace(), state=state_folder).current_bundle())
    team, now = writer.scalars(select(Team).where(Team.slug == "team-blue")).one(), clock.now()
    scored = {"scored_at": now, "improves": True, "state": Scoring.SCORED}
    for number, (slug, public) in enumerate([("same-day-permit", 31.5), ("reminder-letter", 55.0)]):
        private = measure(public - 2, around=3.0, groups={"small": 20.0, "large": 30.0})
        writer.add(
            AnswerFile(
                team_id=team.id, challenge=slug, number=1, receipt=f"RECEIPT{number}",
                nonce=f"nonce {number}", name="answers.csv", digest=str(number) * 64, bytes=10,
                arrived_at=now, received_at=now, truth=bundle.manifest.truth[f"{slug}/answers.csv"],
                public=measure(public, around=4.0), private=private,
                whole=measure(public, gates=[gate(0.0)]), **scored,
            )
        )  # fmt: skip
    rules = {"daily": 10, "finals": 2, "ladder": True, "changed_at": now}
    ahead = now + timedelta(hours=1)
    writer.add(
        Leaderboard(challenge="same-day-permit", results_at=now, panel="It is fair.", **rules)
    )
    writer.add(Leaderboard(challenge="reminder-letter", frozen_at=now, thaws_at=ahead, **rules))


def _topics(writer, uploads, kari, ola):
    now = clock.now()
    asked = Question(
        about="dataset", slug="population", place="persons.birth_date", language="nb",
        text="Hva betyr *tom* verdi?", asked_at=now - timedelta(hours=2), asked_by=kari.id,
        answered_at=now - timedelta(hours=1), pinned_at=now,
    )  # fmt: skip
    asked.answers.append(
        Answer(text="Ukjent.", language="nb", at=now, by=ola.id, as_role="steward")
    )
    waiting = Question(
        about="challenge", slug="same-day-permit", text="Who owns this?", language="en",
        asked_at=now, asked_by=ola.id,
    )  # fmt: skip
    writer.add_all([asked, waiting])
    writer.add(
        Announcement(
            titles={"en": "Lunch is served", "nb": "Det er lunsj"},
            texts={"en": "In the **hall**.", "nb": "I **hallen**."},
            published_at=now,
            banner_until=now + timedelta(hours=8),
            made_by=kari.id,
            changed_at=now,
        )
    )
    writer.add(
        HelpRequest(asked_by=ola.id, language="nb", text="Står fast.", place="Bord 7", asked_at=now)
    )
    for mentor in (kari, ola):
        writer.add(
            HelpRequest(
                asked_by=mentor.id, language="en", text="Two tables do not join.", place="Table 2",
                asked_at=now, taken_by=mentor.id, taken_at=now, note="They tried a **left** join.",
            )
        )  # fmt: skip
    _teams(writer, uploads, kari, ola)
    _packs(writer, kari)


def _teams(writer, uploads, kari, ola):
    """A team that both readers are in and kari leads, asked by one and inviting another; another
    team that takes people, and somebody who was given more time."""
    now = clock.now()
    siri, lars, per = (_looker(writer, name) for name in ("siri", "lars", "per"))
    writer.add(
        Question(
            about="event", text="Is there a quiet room?", language="en", asked_at=now,
            asked_by=siri.id,
        )
    )  # fmt: skip
    blue = Team(
        slug="team-blue", name="Team Blue", challenge="same-day-permit", code_hash="x", made_at=now,
        pitch="Permits on the same day.\nWe meet at table 7.", skills=[Skill.DEVELOPER],
    )  # fmt: skip
    green = Team(
        slug="team-green", name="Team Green", code_hash="y", made_at=now, skills=[Skill.USER]
    )
    blue.members += [
        Membership(account_id=person.id, joined_at=now, leads=person is kari)
        for person in (kari, ola)
    ]
    green.members.append(Membership(account_id=per.id, joined_at=now, leads=True))
    writer.add_all([blue, green])
    writer.flush()
    _project(writer, blue, kari, ola, uploads)
    writer.add(
        Project(team_id=green.id, fields={}, field_revisions={}, made_at=now, changed_at=now)
    )
    writer.add_all(
        [
            TeamRequest(team_id=blue.id, account_id=siri.id, text="I draw well.", asked_at=now),
            TeamRequest(team_id=blue.id, account_id=lars.id, asked_at=now, invited_by=kari.id),
            Seeker(
                account_id=siri.id, challenge="same-day-permit", languages=["nb", "en"],
                text="I draw well, and want to learn SQL.", began_at=now,
            ),
            Seeker(account_id=lars.id, languages=["en"], began_at=now),
            Grace(
                team_id=blue.id, challenge="same-day-permit", until=now + timedelta(hours=2),
                why="The network at table 7 was down.", given_at=now, given_by=kari.id,
            ),
        ]
    )  # fmt: skip


def _looker(writer, name):
    """Somebody who takes part, and has no other role."""
    now = clock.now()
    person = Account(
        name=f"{name.capitalize()} Nordmann", email=f"{name}@example.org", created_at=now,
        joined_at=now,
    )  # fmt: skip
    person.skills.append(SkillHeld(skill=Skill.DEVELOPER))
    writer.add(person)
    writer.flush()
    texts.accept(writer, person.id, texts.MUST_BE_ACCEPTED, "en")
    return person


def _packs(writer, kari):
    """A pack of each state, and a code that was told, of the readers' team."""
    now, team = clock.now(), writer.scalar(select(Team).where(Team.slug == "team-blue"))
    team.public_key, team.key_made_at, team.key_made_by = f"{'A' * 43}=", now, kari.id
    writer.add(Noted(team_id=team.id, digest="ABCDEFGHJKMNPQR", at=now, by=kari.id))
    wrong = Fault("The pack is another team’s", "the team %(found)s", "the team %(own)s",
                  "Let a member of that team bring it, or bring it to the organisers’ desk.",
                  {"found": "team-red", "own": team.slug})  # fmt: skip
    for number, state in enumerate(("accepted", "waiting", "refused")):
        writer.add(
            Pack(
                team_id=team.id, digest=f"{number:064x}", file=f"{number:064x}", state=state,
                made_at=now - timedelta(minutes=5), arrived_at=now, brought_by=kari.id,
                faults=[wrong.plain()] if state == "refused" else [],
            )
        )  # fmt: skip


PROJECT = {
    "title": "Ledige timer i dag", "licence": "EUPL-1.2", "ai": "used",
    "outcome": "En **forelder** finner en time samme dag, uten å ringe.\n\n- på mobil\n- på norsk",
    "summary": "En side som viser ledige timer hos alle kontorer, med det nærmeste først.",
    "people_made": "Ideen, intervjuene og tegningene.", "tools_made": "Halvparten av koden.",
    "evidence": "| hva | før | nå |\n|---|---|---|\n| dager | 12 | 3 |\n\nFem prøvde.",
    "how_to_try": "1. Åpne adressen.\n2. Velg et kontor.",
    "prototype": "http://192.168.1.20:5000/", "links": [
        {"label": "Code", "address": "https://example.org/a/rather/long/link/to/code"}
    ],
    "ai_model": "Llama 3, 8B", "ai_purpose": "Skriver om vedtak i klart språk.",
    "ai_data": "Ingen persondata.", "ai_checked": "Saksbehandleren leser alt.",
}  # fmt: skip


def _picture(uploads, width, number):
    """The digest of a picture in uploads/, as the board keeps one."""
    out = io.BytesIO()
    colour = ("teal", "sienna")[number]
    PIL.Image.new("RGB", (width, width * 5 // 8), colour).save(out, "WEBP")
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    file = uploads / digest[:2] / digest
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(out.getvalue())
    return digest


def _project(writer, team, kari, ola, uploads):
    """A project that two wrote, with pictures, in an open gallery; its prototype is asleep."""
    now = clock.now()
    project = Project(
        team_id=team.id, fields={}, field_revisions={}, made_at=now, changed_at=now,
        asked_for=PROJECT["prototype"], asked_for_at=now,
        reached_at=now - timedelta(minutes=20), reached_said="nobody",
    )  # fmt: skip
    writer.add(project)
    writer.flush()
    for person, names in ((kari, list(PROJECT)[:3]), (ola, list(PROJECT)[3:])):
        some = {name: PROJECT[name] for name in names}
        writing.save(writer, project, some, base=project.revision, pen=person.name, by=person.id)
    for number, alt in enumerate(("En mobil viser tre ledige timer", "En tegning på papir")):
        large, small = (_picture(uploads, 1600, number), _picture(uploads, 480, number))
        writer.add(
            Image(
                project_id=project.id, digest=large, small=small, width=1600, height=1000, bytes=1,
                alt=alt, caption="Slik ser det ut", position=number, added_at=now,
            )
        )  # fmt: skip
    writer.flush()
    writer.refresh(project)
    content = submitting.content_of(project, "nb")
    for number, person in enumerate((kari, ola)):
        submitting.submit(writer, project, content, nonce=f"n{number}", at=now, by=person.id)
    writer.add(Setting(name="gallery", value={"opened_at": now.isoformat()}, changed_at=now))


def _answers(writer, state_folder, kari):
    """Files of answers of kari's team that have no score."""
    team = writer.scalar(select(Team).where(Team.slug == "team-blue"))
    named = (state_folder / "current").read_text().strip()
    manifest = state_folder / "generations" / named / "bundle" / "manifest.json"
    truth = json.loads(manifest.read_text())["truth"]["same-day-permit/answers.csv"]
    now, line = clock.now(), {"line": 3, "found": "yes", "expected": "approve", "fix": None}
    states = {
        Scoring.REFUSED: {
            "told": {
                "title": "The answers cannot be scored",
                "problems": [line | {"what": "answer: this is not one of the allowed answers"}],
            }
        },
        Scoring.FAILED: {"told": {"why": "time"}},
    }
    for number, (state, more) in enumerate(states.items(), 2):
        writer.add(
            AnswerFile(
                team_id=team.id, challenge="same-day-permit", number=number, receipt=f"R{number}",
                nonce=f"ended {number}", name="answers.csv", digest=f"{number:064x}", bytes=130_000,
                arrived_at=now, received_at=now, by=kari.id, state=state, scored_at=now,
                truth=truth, **more,
            )
        )  # fmt: skip
