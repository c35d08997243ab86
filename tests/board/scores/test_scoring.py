"""Scoring: once, in order, by judges that may take too long, want too much, or die."""

import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import create_app, jobs
from sandbox.board.jobs import run_due
from sandbox.board.scores import answers, scoring
from sandbox.grading import grade, judges
from sandbox.grading.order import Outcome
from sandbox.state import open_state
from sandbox.state.records import Job
from sandbox.state.scores import AnswerFile, Scoring
from tests.board.scores.making import HOME, SLUG, content, crew, files, said, scored, send, team
from tests.board.visitors import visitor

pytestmark = pytest.mark.heavy


def test_a_file_has_the_verdict_that_the_command_line_gives(judged, tmp_path):
    number, _ = team(judged)
    file = scored(judged, number, content(judged, right=2))
    path = tmp_path / "answers.csv"
    path.write_bytes(content(judged, right=2))
    here = judged.extensions["served"]
    described = here.now().catalog.challenges[SLUG]
    verdict = grade(SLUG, described, path, here.workspace.current_truth())
    for part in ("public", "private", "whole"):
        assert scoring.measure(getattr(file, part)) == getattr(verdict, part)


def test_files_of_a_team_are_scored_in_the_order_in_which_they_came_however_many_judges(
    judged, monkeypatch
):
    """Three judges at once; the first file takes the longest, and others go on meanwhile."""
    first, _ = team(judged)
    other, _ = team(judged, "ferrets")
    for right in (1, 2, 3, 0):
        send(judged, first, content(judged, right=right))
    send(judged, other, content(judged))
    began, may_end, told = [], threading.Event(), scoring._judged

    def slowly(taken, here):
        began.append(taken.id)
        if taken.id == 1:
            may_end.wait(20)
        elif taken.id == 5:
            may_end.set()
        return told(taken, here)

    monkeypatch.setattr(scoring, "_judged", slowly)
    threads = [threading.Thread(target=run_due, args=[judged]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_due(judged)  # whoever found nothing to do has gone
    assert sorted(began, key=lambda one: (one == 5, began.index(one))) == [1, 2, 3, 4, 5]
    assert [f.state for f in files(judged)] == ["scored"] * 5


def test_a_second_finisher_changes_nothing(judged, monkeypatch):
    """A worker that was taken for dead comes back after another has scored the file."""
    number, _ = team(judged)
    send(judged, number, content(judged))
    told = scoring._judged

    def stolen(taken, here):
        monkeypatch.setattr(scoring, "_judged", told)
        with judged.extensions["state"].write() as writer:
            writer.scalar(select(Job)).claimed_until = clock.now() - timedelta(seconds=1)
        assert run_due(judged) == 1
        return Outcome(problems=(), title="the late word")

    monkeypatch.setattr(scoring, "_judged", stolen)
    run_due(judged)
    [file] = files(judged)
    assert (file.state, file.public["ungated"]) == (Scoring.SCORED, 100)
    with judged.extensions["state"].read() as reader:
        [job] = reader.scalars(select(Job))
        assert job.done_at and job.attempts == 2


@pytest.mark.parametrize(
    ("why", "told"),
    [("time", "had not finished after a minute"), ("memory", "needed more memory")],
)
def test_a_judge_at_its_limits_costs_no_attempt_and_says_what_to_do(why, told, judged, monkeypatch):
    """What the limits do to a judge itself is tried in tests of grading."""

    def stops(_order, _sign):
        raise judges.NotScored(judges.Why(why), "stopped")

    number, client = crew(judged)
    with monkeypatch.context() as patch:
        patch.setattr(judges.BENCH, "outcome", stops)
        file = scored(judged, number, content(judged))
    assert (file.state, file.told) == (Scoring.FAILED, {"why": why})
    page = said(client.get(HOME + "1/"))
    assert told in page and "took no attempt" in page
    assert "10 of 10 attempts are left" in said(client.get(HOME))
    assert scored(judged, number, content(judged)).state == Scoring.SCORED


def test_a_judge_that_is_killed_is_our_mistake_and_the_next_file_gets_another(judged):
    number, _ = crew(judged)
    scored(judged, number, content(judged, right=1))
    for idle in judges.BENCH._idle:
        idle._child.kill()  # or it has ended by itself, which is the same to us
        idle._child.wait()
    assert scored(judged, number, content(judged)).state == Scoring.SCORED


def test_without_hidden_answers_a_file_waits_for_them_in_plain_words(judged):
    here, sent = judged.extensions["served"].workspace, content(judged)
    away = here.current_truth().with_name("away")
    here.current_truth().rename(away)
    number, client = crew(judged)
    file = scored(judged, number, sent)
    assert (file.state, file.told) == (Scoring.FAILED, {"why": "truth"})
    assert "hidden answers are not on this server" in said(client.get(HOME + "1/"))
    away.rename(here.current_truth())
    with judged.extensions["state"].write() as writer:
        answers.order_scoring(writer, writer.get_one(AnswerFile, file.id))
    run_due(judged)
    assert "Public score 100.0" in said(client.get(HOME + "1/"))


def test_when_no_judge_is_at_work_the_page_says_so(judged):
    number, client = crew(judged)
    send(judged, number, content(judged, right=1))
    send(judged, number, content(judged))
    assert "no. 1 is scored first" in said(client.get(HOME + "2/"))
    with judged.extensions["state"].write() as writer:
        for job in writer.scalars(select(Job)):
            job.due_at -= timedelta(minutes=1)
    boss = visitor(judged, "boss@example.org", roles=["organiser"])
    assert "No judge is at work just now" in said(client.get(HOME + "2/"))
    assert "no judge is at work" in boss.get("/organiser/scores/").text
    run_due(judged)
    assert "Public score" in said(client.get(HOME + "2/"))
    assert "no judge is at work" not in boss.get("/organiser/scores/").text


def test_a_file_whose_worker_dies_each_time_is_given_up_in_the_end(judged):
    number, client = crew(judged)
    send(judged, number, content(judged))
    with judged.extensions["state"].write() as writer:
        writer.scalar(select(Job)).attempts = scoring.MOST_TRIES
        writer.scalar(select(AnswerFile)).state = Scoring.SCORING
    run_due(judged)
    [file] = files(judged)
    assert (file.state, file.told) == (Scoring.FAILED, {"why": "judge"})
    assert "which is our mistake" in said(client.get(HOME + "1/"))


def test_a_file_that_was_forgotten_is_scored_after_a_restart(judged):
    number, _ = team(judged)
    send(judged, number, content(judged))
    with judged.extensions["state"].write() as writer:
        writer.delete(writer.scalar(select(Job)))
    run_due(judged)
    assert files(judged)[0].state == Scoring.SCORED


# --- other hidden answers -------------------------------------------------------------------------


def renewed(app, edit):
    """Make a generation current whose truth and manifest `edit(folder)` has changed."""
    here = app.extensions["served"].workspace
    folder = here.generations / ("ab" * 16)
    shutil.copytree(here.current_generation(), folder)
    edit(folder)
    named = here.state / "named"
    named.write_text(folder.name + "\n", encoding="utf-8")
    named.replace(here.current_file)


def test_other_hidden_answers_score_every_file_again_in_its_order(judged):
    number, client = crew(judged)
    best = scored(judged, number, content(judged))
    worse = scored(judged, number, content(judged, right=1))
    assert (best.improves, worse.improves) == (True, False)

    def edit(folder):
        """What was right is wrong now, and what was wrong is right."""
        answers = folder / "truth" / SLUG / "answers.csv"
        lines = answers.read_text().splitlines()
        code, _, rest = lines[1].split(",", 2)
        changed = [f"{line.split(',', 2)[0]},999,{line.split(',', 2)[2]}" for line in lines[2:]]
        answers.write_text(
            "\n".join([lines[0], f"{code},{lines[1].split(',')[1]},{rest}", *changed])
        )
        manifest = folder / "bundle" / "manifest.json"
        before = best.truth
        manifest.write_text(manifest.read_text().replace(before, "f" * 64))

    renewed(judged, edit)
    page = said(client.get(HOME + "1/"))
    assert "hidden answers that are not in use any more" in page and "100.0" not in page
    assert run_due(judged) == 2
    first, second = files(judged)
    assert (first.truth, second.truth) == ("f" * 64, "f" * 64)
    assert first.whole["ungated"] < 50 and second.whole["ungated"] == 100
    assert (first.improves, second.improves) == (True, True)
    assert run_due(judged) == 0


# --- restarts -------------------------------------------------------------------------------------

WORKER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from sandbox.board import create_app
from sandbox.board.jobs import Worker
from sandbox.board.scores import answers, scoring
from sandbox.workspace import open_workspace

made = open_workspace()
app = create_app(replace(made, state=Path(sys.argv[1])))
if sys.argv[2] == "slow":
    told = scoring._judged
    def slowly(taken, here):
        print("began", flush=True)
        time.sleep(600)
    scoring._judged = slowly
worker = Worker(app)
worker.start()
print("ready", flush=True)
sys.stdin.read()
worker.stop()
"""


def worker_of(app, pace):
    state = app.extensions["served"].workspace.state
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(state), pace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def until(true, seconds=60):
    """Wait for something that must come about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_a_worker_killed_in_the_middle_leaves_a_file_that_the_next_one_scores_once(judged):
    number, client = crew(judged)
    send(judged, number, content(judged))
    with worker_of(judged, "slow") as killed:
        until(lambda: killed.stdout.readline() == "began\n")
        assert files(judged)[0].state == Scoring.SCORING
        assert "A judge is scoring it" in said(client.get(HOME + "1/"))
        killed.kill()
    with worker_of(judged, "fast") as second:
        until(lambda: files(judged)[0].state == Scoring.SCORED)
        second.stdin.close()
        assert second.wait(30) == 0
    [file] = files(judged)
    assert (file.public["ungated"], file.improves) == (100, True)
    with judged.extensions["state"].read() as reader:
        [job] = reader.scalars(select(Job).where(Job.kind == scoring.KIND))
        assert job.attempts == 2 and job.done_at


def test_a_worker_that_is_told_to_end_hands_its_file_back_at_once(judged, monkeypatch):
    number, _ = team(judged)
    send(judged, number, content(judged))
    monkeypatch.setattr(scoring, "SECONDS_BETWEEN_SIGNS", 0)
    began = threading.Event()

    def slowly(order, sign):
        began.set()
        while sign():
            time.sleep(0.01)

    monkeypatch.setattr(judges.BENCH, "outcome", slowly)
    worker = jobs.Worker(judged)
    worker.start()
    assert began.wait(30)
    worker.stop(30)
    with judged.extensions["state"].read() as reader:
        job = reader.scalar(select(Job).where(Job.kind == scoring.KIND))
        assert (job.claimed_until, job.attempts) == (None, 0)
    monkeypatch.undo()
    del judged.extensions["stopping"]
    run_due(judged)
    assert files(judged)[0].state == Scoring.SCORED


def test_mails_do_not_wait_for_judges_nor_judges_for_mails(judged, monkeypatch):
    held, done = threading.Event(), threading.Event()

    def holds(_payload):
        held.wait(30)

    monkeypatch.setitem(jobs.HANDLERS, "test.mail", holds)
    number, _ = team(judged)
    with judged.extensions["state"].write() as writer:
        jobs.enqueue(writer, "test.mail")
    send(judged, number, content(judged))
    worker = jobs.Worker(judged)
    worker.start()
    try:
        until(lambda: files(judged)[0].state == Scoring.SCORED)
        assert not done.is_set()
    finally:
        held.set()
        worker.stop(30)


def test_a_board_on_another_machine_scores_too(judged, with_truth):
    """Two applications on one database: what one took in, the other scores."""
    number, _ = team(judged)
    send(judged, number, content(judged))
    here = replace(with_truth, state=judged.extensions["served"].workspace.state)
    twin = create_app(here, state=open_state(here))
    assert run_due(twin) == 1
    assert files(judged)[0].state == Scoring.SCORED
    twin.extensions["state"].close()
