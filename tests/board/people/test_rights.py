"""One's own data: seen in full, taken along, changed, and erased without a trace."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import jobs
from sandbox.board.people import details, rights
from sandbox.state import audit
from sandbox.state.people import (
    Acceptance,
    Account,
    Detail,
    Identity,
    Pass,
    RoleHeld,
    SignIn,
    SkillHeld,
)
from sandbox.state.records import Audit, Erasure, Job, Token
from sandbox.state.tables import Base
from sandbox.state.teams import Membership, Team
from sandbox.state.topics import Answer, HelpRequest, Question
from tests.board.visitors import account, enter, visitor

EMAIL, NAME = "ragnhild.quistgaard@example.org", "Ragnhild Quistgaard"
TRACES = (EMAIL, NAME, "hazelnuts", "+47 9999 1234", "Firefox Nightly", "subject-4711")


def everywhere(writer, number):
    """Something of this person in each table that can have something of them."""
    now = clock.now()
    rows = [
        Detail(account_id=number, field="diet", value="hazelnuts", given_at=now),
        Detail(account_id=number, field="phone", value="+47 9999 1234", given_at=now),
        SkillHeld(account_id=number, skill="user"),
        Identity(account_id=number, issuer="https://id", subject="subject-4711", linked_at=now),
        SignIn(account_id=number, token_hash="s" * 64, device="Firefox Nightly", began_at=now,
               last_seen_at=now, ends_at=now + timedelta(days=1)),
        Token(account_id=number, name=f"{NAME}s key", token_hash="t" * 64, scopes=[], made_at=now),
        Pass(kind="confirm", token_hash="p" * 64, email=EMAIL, made_at=now),
        Pass(kind="invite", token_hash="q" * 64, made_at=now, made_by=number),
        HelpRequest(asked_by=number, language="en", text=f"{NAME} needs help", asked_at=now),
        HelpRequest(taken_by=number, language="en", text="somebody else's words", asked_at=now),
        Job(kind="mail", payload={"to": EMAIL, "text": f"Hello {NAME}"}, made_at=now, due_at=now),
        Job(kind="mail", payload={}, made_at=now, due_at=now, failed_at=now,
            error=f"GiveUp: 550 <{EMAIL}> unknown"),
    ]  # fmt: skip
    question = Question(about="event", text="When is lunch?", language="en", asked_at=now,
                        asked_by=number)  # fmt: skip
    question.answers.append(Answer(text="At noon.", language="en", at=now, by=number))
    team = Team(slug="otters", name="Otters", code_hash="c" * 64, made_at=now)
    team.members.append(Membership(account_id=number, joined_at=now, leads=True))
    writer.add_all([*rows, question, team])
    details.set_consent(writer, number, details.FOLLOW_UP, yes=True)
    audit.record(writer, "challenge.open", "x", number)


@pytest.fixture
def person(board):
    """Somebody who has left traces wherever there is room for one."""
    number = account(board, EMAIL, name=NAME, language="nb", age_band="15+",
                     password_hash="$argon2id$secret", roles=["mentor"])  # fmt: skip
    with board.extensions["state"].write() as writer:
        everywhere(writer, number)
    return number


def test_every_column_that_names_an_account_has_a_rule():
    named = {f"{column.table.name}.{column.name}" for column in rights.naming()}
    assert named == set(rights.COLUMNS)


def test_the_copy_has_everything_that_concerns_the_account_and_nothing_secret(board, person):
    answer = enter(board, person).raw("/account/data.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    told = json.loads(answer.data)
    for trace in TRACES:
        assert trace in answer.get_data(as_text=True), trace
    for secret in ("argon2id", "s" * 64, "t" * 64):
        assert secret not in answer.get_data(as_text=True)
    assert told["accounts"][0]["email"] == EMAIL
    assert [q["text"] for q in told["questions"]] == ["When is lunch?"]
    assert [a["text"] for a in told["answers"]] == ["At noon."]
    assert len(told["acceptances"]) == 2 and len(told["memberships"]) == 1
    assert told["audit"][0]["act"] == "challenge.open"
    assert told["jobs"][0]["payload"]["to"] == EMAIL


def test_the_copy_names_acts_and_keeps_what_others_wrote(board, person):
    answer = enter(board, person).raw("/account/data.json")
    assert "somebody else's words" not in answer.get_data(as_text=True)
    taken = json.loads(answer.data)["help_requests (taken_by)"]
    assert len(taken) == 1 and set(taken[0]) >= {"id", "asked_at"}


def test_the_copy_has_a_row_for_each_row_in_each_table(board, person):
    """Counted from the tables themselves, so that a table that is forgotten is seen."""
    told = json.loads(enter(board, person).raw("/account/data.json").data)
    with board.extensions["state"].read() as reader:
        for column in rights.naming():
            rows = reader.execute(select(column).where(column == person)).all()
            name, table = f"{column.table.name} ({column.name})", column.table.name
            assert len(told[name] if name in told else told[table]) == len(rows), name


def test_the_account_page_shows_what_is_kept_and_why(board, person):
    page = enter(board, person).get("/account/")
    for told in (EMAIL, NAME, "hazelnuts", "So that there is food for you.", "Erased on", "User"):
        assert told in page.text, told


def test_what_is_kept_can_be_changed_and_each_piece_erased(board, person):
    client = enter(board, person)
    assert "hazelnuts" in client.get("/account/edit").html
    client.post("/account/edit", {"name": "R.", "language": "en", "skills": ["developer"],
                                  "phone": "", "diet": "nothing"})  # fmt: skip
    with board.extensions["state"].read() as reader:
        assert details.of(reader, person) == {"diet": "nothing"}
        assert reader.get_one(Account, person).name == "R."
        assert list(reader.scalars(select(SkillHeld.skill))) == ["developer"]
    client.post("/account/edit", {"name": "  ", "language": "xx"}, status=422)


def test_deleting_needs_a_yes_and_then_leaves_no_trace_in_the_files(board, person, tmp_path):
    client, state = enter(board, person), board.extensions["state"]
    client.post("/account/delete", {}, status=422)
    if state.engine.dialect.name == "sqlite":
        assert any(EMAIL.encode() in f.read_bytes() for f in tmp_path.glob("board.sqlite*"))
    client.post("/account/delete", {"sure": "y"})
    assert "Sign in" in client.get("/").text
    jobs.run_due(board)
    for table, rows in everything(state).items():
        for trace in TRACES:
            assert trace not in rows, table
    if state.engine.dialect.name == "sqlite":
        for file in tmp_path.glob("board.sqlite*"):
            for trace in TRACES:
                assert trace.encode() not in file.read_bytes(), (file.name, trace)


def everything(state):
    with state.read() as reader:
        return {
            name: repr(reader.execute(table.select()).all())
            for name, table in Base.metadata.tables.items()
        }


def test_what_a_team_made_stays_under_a_former_member(board, person):
    reader_client = visitor(board, "ola@example.org")
    enter(board, person).post("/account/delete", {"sure": "y"})
    assert "former member" in reader_client.get("/teams/otters/").text
    with board.extensions["state"].read() as reader:
        gone = reader.get_one(Account, person)
        assert gone.shown_name == gone.public_name == "former member"
        assert (gone.email, gone.name, gone.password_hash, gone.age_band) == (None, "", None, None)
        assert reader.scalar(select(Question)).asker.shown_name == "former member"
        assert reader.scalar(select(Answer.by)) == person
        assert len(reader.scalars(select(Acceptance).filter_by(account_id=person)).all()) == 2
        for model in (Detail, SkillHeld, Identity, SignIn, Token, RoleHeld):
            assert not reader.scalars(select(model).filter_by(account_id=person)).all(), model
        assert not reader.scalars(select(Pass).filter_by(email=EMAIL)).all()


def test_a_deletion_is_proven_and_noted_by_number_alone(board, person):
    enter(board, person).post("/account/delete", {"sure": "y"})
    with board.extensions["state"].read() as reader:
        (proof,) = reader.scalars(select(Erasure))
        assert (proof.rule, proof.place, proof.count) == ("account.request", "accounts", 1)
        entry = reader.scalars(select(Audit).order_by(Audit.id.desc())).first()
        assert (entry.act, entry.about) == ("account.delete", f"account {person}")
        assert list(audit.broken(reader)) == []


def test_the_address_can_be_used_again_by_a_new_account(board, person):
    enter(board, person).post("/account/delete", {"sure": "y"})
    assert account(board, EMAIL) != person


def test_the_only_organiser_hands_over_first(board):
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    page = boss.get("/account/delete")
    assert "You are the only organiser" in page.text and not page.all("input")
    token = boss.token("/account/")
    answer = boss.flask.post("/account/delete", data={"csrf_token": token, "sure": "y"})
    assert answer.status_code == 422
    account(board, "next@example.org", roles=["organiser"])
    boss.post("/account/delete", {"sure": "y"})


def test_a_blocked_organiser_is_no_successor(board):
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    account(board, "gone@example.org", roles=["organiser"], blocked_at=clock.now())
    assert "You are the only organiser" in boss.get("/account/delete").text


def test_nobody_gets_at_the_data_of_somebody_else(board, person):
    other = visitor(board, "ola@example.org")
    assert EMAIL not in other.raw("/account/data.json").get_data(as_text=True)
