"""Something of everything in a board's database, so that no page that is looked at is empty."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from sandbox import clock
from sandbox.board.people import passes, texts
from sandbox.board.people import passes
from sandbox.board.projects import submitting, writing
from sandbox.state import audit, open_state
from sandbox.state.people import Account, Role, RoleHeld, Skill, SkillHeld
from sandbox.state.projects import Project
from sandbox.state.records import Delivery, Token, Webhook
from sandbox.state.teams import Grace, Membership, Seeker, Team, TeamRequest
from sandbox.state.topics import Announcement, Answer, HelpRequest, Question
from sandbox.workspace import open_workspace

READERS = {"phone, light, English": "kari", "desktop, dark, bokmål": "ola"}


def fill(state_folder):
    """Rows for every topic; reader → the address of a link that signs in one who may do all."""
    state = open_state(replace(open_workspace(), state=state_folder))
    with state.write() as writer:
        people = {name: _person(writer, name) for name in READERS.values()}
        _topics(writer, *people.values())
        _programs(writer, people.values())
        audit.record(writer, "event.change", "name", None, before="a", after="b")
        links = {
            reader: f"/sign-in/link/{passes.link_for(writer, people[name])}"
            for reader, name in READERS.items()
        }
    state.close()
    return links


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


def _topics(writer, kari, ola):
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
    _teams(writer, kari, ola)


def _teams(writer, kari, ola):
    """A team that both readers are in and kari leads, asked by one and inviting another; another
    team that takes people, and somebody who was given more time."""
    now = clock.now()
    siri, lars, per = (_looker(writer, name) for name in ("siri", "lars", "per"))
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
    return person
    writer.add(team)
    writer.flush()
    _project(writer, team, kari, ola)


def _project(writer, team, kari, ola):
    """A draft that two wrote in, submitted twice."""
    now = clock.now()
    made = Project(
        team_id=team.id, fields={}, field_revisions={}, made_at=now, changed_at=now, team=team
    )
    writer.add(made)
    writer.flush()
    written = {
        "title": "Same day", "outcome": "Who builds a fence knows by the evening.",
        "summary": "A list of what is missing.", "people_made": "Interviews.",
        "tools_made": "nothing", "evidence": "Six people tried it.", "licence": "MIT",
        "ai": "none", "links": [{"label": "Code", "address": "https://example.org/code"}],
    }  # fmt: skip
    for person, names in ((kari, list(written)[:3]), (ola, list(written)[3:])):
        some = {name: written[name] for name in names}
        writing.save(writer, made, some, base=made.revision, pen=person.name, by=person.id)
    for number, person in enumerate((kari, ola)):
        submitting.submit(writer, made, submitting.content_of(made, "en"), nonce=f"n{number}",
                          at=now, by=person.id)  # fmt: skip
