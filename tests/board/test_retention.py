"""Personal data goes when its time is over, not before, and leaves proof."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import jobs, retention
from sandbox.board.people import details, rights
from sandbox.board.teams import own
from sandbox.state.people import Account, Attempt, Detail, Pass, SignIn
from sandbox.state.projects import Project, Revision
from sandbox.state.records import Erasure, Job
from sandbox.state.teams import Seeker, TeamRequest
from tests.board.visitors import account, visitor

DAY = timedelta(days=1)


@pytest.fixture
def place(workspace, tmp_path):
    """The event, which ends in an hour, with a folder of its own."""
    ends = clock.now().replace(microsecond=0) + DAY / 24
    event = workspace.event.model_copy(update={"starts": ends - DAY, "ends": ends})
    return replace(workspace, event=event, state=tmp_path)


def erase(board, place, days, **settings):
    """What is erased so many days after the event: rule → how many."""
    with clock.fixed(place.event.ends_at + days * DAY):
        done = retention.run(board.extensions["state"], place)
    return {one.rule.name: one.count for one in done if one.count}


def names(board, model, column):
    with board.extensions["state"].read() as reader:
        return sorted(reader.scalars(select(column).select_from(model)))


@pytest.fixture
def kari(board):
    number = account(board)
    with board.extensions["state"].write() as writer:
        fields = ("diet", "access", "phone", "guardian_name")
        details.keep(writer, number, dict.fromkeys(fields, "x"))
    return number


def test_each_piece_goes_on_its_own_day_after_the_event(board, place, kari):
    assert erase(board, place, 2.9) == {}
    assert erase(board, place, 3) == {"diet": 1, "access": 1}
    assert erase(board, place, 14) == {"phone": 1}
    assert names(board, Detail, Detail.field) == ["guardian_name"]
    assert erase(board, place, 30) == {"guardian": 1}
    assert erase(board, place, 30) == {}


def test_what_people_wrote_to_find_a_team_goes_and_their_work_stays(board, place, kari):
    now = clock.now()
    with board.extensions["state"].write() as writer:
        with board.test_request_context():
            team, _ = own.begin(writer, "Owls", "owls", "", kari)
        project = writer.scalar(select(Project))
        writer.add_all([
            Seeker(account_id=kari, languages=["en"], text="I draw", began_at=now),
            TeamRequest(team_id=team.id, account_id=kari, text="me?", asked_at=now),
            Revision(project_id=project.id, revision=1, at=now, by=kari, fields={"title": "x"}),
        ])  # fmt: skip
    gone = erase(board, place, 14)
    assert gone == {"diet": 1, "access": 1, "phone": 1, "looking": 1, "request": 1}
    assert erase(board, place, 30) == {"guardian": 1, "history": 1}
    with board.extensions["state"].read() as reader:
        assert reader.scalar(select(Project)) is not None


def test_accounts_go_unless_they_said_yes_or_organise(board, place, kari):
    account(board, "boss@example.org", roles=["organiser"])
    wants_more = account(board, "per@example.org", roles=["owner"])
    with board.extensions["state"].write() as writer:
        details.set_consent(writer, wants_more, details.FOLLOW_UP, yes=True)
    assert "account" not in erase(board, place, 89)
    assert erase(board, place, 90)["account"] == 1
    with board.extensions["state"].read() as reader:
        assert reader.get_one(Account, kari).deleted_at is not None
        assert reader.get_one(Account, wants_more).deleted_at is None
    with board.extensions["state"].write() as writer:
        details.set_consent(writer, wants_more, details.FOLLOW_UP, yes=False)
    assert erase(board, place, 91)["account"] == 1
    with board.extensions["state"].read() as reader:
        here = select(Account.email).where(Account.deleted_at.is_(None))
        assert list(reader.scalars(here)) == ["boss@example.org"]


def test_what_counts_from_its_own_moment_does_not_wait_for_the_event(board, place):
    now = place.event.ends_at
    with clock.fixed(now + DAY / 24):
        never = account(board, "never@example.org", joined=False)
    with board.extensions["state"].write() as writer:
        session = {"account_id": never, "device": "", "began_at": now, "last_seen_at": now}
        writer.add_all([
            Attempt(key="k", at=now),
            SignIn(token_hash="a", ends_at=now + DAY, **session),
            SignIn(token_hash="b", ends_at=now + 90 * DAY, ended_at=now, **session),
            SignIn(token_hash="c", ends_at=now + 90 * DAY, **session),
            Pass(kind="invite", token_hash="d", made_at=now, expires_at=now),
            Pass(kind="invite", token_hash="e", made_at=now),
            Job(kind="mail", payload={}, made_at=now, due_at=now, done_at=now),
            Job(kind="mail", payload={}, made_at=now, due_at=now, failed_at=now, error="x"),
            Job(kind="mail", payload={}, made_at=now, due_at=now),
        ])  # fmt: skip
    assert erase(board, place, 1) == {"attempt": 1}
    assert erase(board, place, 29) == {}
    assert erase(board, place, 30) == {"sign_in": 1, "pass": 1, "job": 2}
    assert names(board, SignIn, SignIn.token_hash) == ["a", "c"]
    assert names(board, Pass, Pass.token_hash) == ["e"]
    assert erase(board, place, 31) == {"unfinished": 1}


def test_who_comes_after_an_event_whose_dates_are_old_is_not_erased_at_once(board, place):
    with clock.fixed(place.event.ends_at + 200 * DAY):
        account(board, "late@example.org")
    assert erase(board, place, 201) == {}
    assert erase(board, place, 290)["account"] == 1


def test_in_an_open_lab_days_count_from_when_a_piece_was_given(board, place, kari):
    lab = replace(place, event=place.event.model_copy(update={"starts": None, "ends": None}))
    opened = board.extensions["state"]
    assert not any(one.count for one in retention.run(opened, lab))
    with clock.fixed(clock.now() + 4 * DAY):
        done = {one.rule.name for one in retention.run(opened, lab) if one.count}
    assert done == {"diet", "access"}


def test_nothing_goes_before_the_event_has_ended(board, place, kari):
    assert erase(board, place, -30) == {}


def test_a_dry_run_says_what_is_due_and_erases_nothing(board, place, kari):
    with clock.fixed(place.event.ends_at + 3 * DAY):
        told = retention.report(board.extensions["state"], place, dry_run=True)
        assert "Nothing was erased" in told
        assert names(board, Detail, Detail.field).count("diet") == 1
        told = retention.report(board.extensions["state"], place, dry_run=False)
    assert "Proof: entries 1 to 2 of the table erasures." in told
    with board.extensions["state"].read() as reader:
        proofs = reader.scalars(select(Erasure).order_by(Erasure.id))
        assert [(p.rule, p.place, p.count) for p in proofs] == [
            ("diet", "details", 1), ("access", "details", 1)
        ]  # fmt: skip


def test_what_is_erased_is_in_no_file_any_more(board, place, tmp_path):
    number = account(board)
    with board.extensions["state"].write() as writer:
        details.keep(writer, number, {"diet": "hazelnuts-and-shellfish"})
    if board.extensions["state"].engine.dialect.name != "sqlite":
        return
    files = [*tmp_path.glob("board.sqlite"), *tmp_path.glob("board.sqlite-wal")]
    assert any(b"hazelnuts-and" in file.read_bytes() for file in files)
    assert erase(board, place, 3) == {"diet": 1}
    assert not any(b"hazelnuts-and" in file.read_bytes() for file in files)


def test_copies_of_the_whole_database_go_as_well(board, place, tmp_path):
    stamp = f"{place.event.ends_at.astimezone(UTC):%Y%m%dT%H%M%S}"
    copies = [tmp_path / f"board-0001-{stamp}Z.sqlite", tmp_path / f"before-restore-{stamp}.5Z.zip"]
    other = tmp_path / "board-mine.sqlite"
    for file in (*copies, other):
        file.write_bytes(b"")
    assert erase(board, place, 13) == {}
    assert erase(board, place, 14)["copy"] == 2
    assert [file.exists() for file in (*copies, other)] == [False, False, True]


@pytest.fixture
def alone(monkeypatch):
    """Nothing else comes round meanwhile."""
    monkeypatch.setattr(jobs, "PERIODS", {"retention": jobs.PERIODS["retention"]})


def test_the_worker_does_it_once_a_day_whoever_plans_it(board, alone):
    opened = board.extensions["state"]
    with clock.fixed(clock.now()):
        jobs.plan(opened)
        jobs.plan(opened)
        jobs.run_due(board)
        jobs.plan(opened)
        assert jobs.run_due(board) == 0
        with opened.read() as reader:
            planned = reader.scalars(select(Job).where(Job.kind == "retention").order_by(Job.id))
            first, second = planned.all()
        assert second.due_at - first.due_at == DAY
    with clock.fixed(second.due_at):
        assert jobs.run_due(board) == 1


def test_a_worker_that_was_away_for_a_week_catches_up_once(board, alone):
    opened = board.extensions["state"]
    jobs.plan(opened)
    jobs.run_due(board)
    with clock.fixed(clock.now() + 7 * DAY):
        jobs.plan(opened)
        assert jobs.run_due(board) == 1
        jobs.plan(opened)
        assert jobs.run_due(board) == 0


def test_days_are_changed_in_the_browser_and_told_on_the_privacy_page(board, place, kari):
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    page = boss.get("/organiser/retention/")
    days = {f.get("name"): f.get("value") for f in page.all("input") if f.get("value")}
    days = {name: days[name] for name in retention.BY_NAME}
    boss.post("/organiser/retention/", days | {"diet": "-1"}, status=422)
    boss.post("/organiser/retention/", days | {"diet": "soon"}, status=422)
    boss.post("/organiser/retention/", days | {"account": "45", "diet": "1"})
    assert erase(board, place, 1)["diet"] == 1
    assert "45 days" in boss.get("/privacy").text
    assert "retention.change" in boss.get("/organiser/log/").text


def test_an_organiser_erases_at_once_and_sees_the_proof(board, kari):
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    opened = board.extensions["state"]
    with opened.write() as writer:
        writer.add(Attempt(key="k", at=clock.now() - 2 * DAY))
    page = boss.get("/organiser/retention/")
    assert "Counted tries to sign in: 1" in page.text
    boss.post("/organiser/retention/now", {"now": "1"}, form="/organiser/retention/")
    jobs.run_due(board)
    page = boss.get("/organiser/retention/")
    assert "Nothing is due" in page.text
    assert "attempts" in page.one("table").find("tbody").find(".//code").text


def test_a_failed_deletion_of_the_last_organiser_is_told(board):
    number = account(board, "boss@example.org", roles=["organiser"])
    with pytest.raises(rights.LastOrganiser), board.extensions["state"].write() as writer:
        rights.erase(writer, writer.get_one(Account, number), "test", None)
