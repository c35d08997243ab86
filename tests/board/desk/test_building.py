"""Building from the browser: one at a time, told step by step, called off, and survived."""

import json
import sys
import threading

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board import jobs
from sandbox.board.desk import building
from sandbox.state.records import Job

PAGE = "/organiser/build/"


@pytest.fixture
def says(monkeypatch):
    """Let the child process be a program that says these lines and ends with this code."""

    def play(*lines, code=0, then=""):
        script = (
            f"import sys, json, time\nfor line in {list(lines)!r}:\n"
            "    print(line if isinstance(line, str) else json.dumps(line), file=sys.stderr, "
            f"flush=True)\n{then}\nsys.exit({code})"
        )
        monkeypatch.setattr(
            building, "command", lambda _workspace, _scale: [sys.executable, "-c", script]
        )

    return play


def order(organiser, scale=""):
    organiser.post(PAGE, {"scale": scale})


def last(app):
    with app.extensions["state"].read() as reader:
        return reader.scalar(select(Job).order_by(Job.id.desc()).limit(1))


def test_a_build_is_ordered_done_and_told_step_by_step(organiser, event_board, says, audited):
    says({"step": "norway: reading"}, {"step": "norway: reading", "seconds": 1.5},
         {"say": "12 files"}, {"bundle": "abc"})  # fmt: skip
    organiser.post(PAGE, {"scale": "0.1"})
    assert "The build waits for its turn" in organiser.get(PAGE).text
    assert jobs.run_due(event_board, long=False) == 0
    assert jobs.run_due(event_board, long=True) == 1
    page = organiser.get(PAGE)
    assert "The last build is done" in page.text
    assert "norway: reading: 1.5 s" in page.text
    assert [act for act, _ in audited()] == ["build.order"]


def test_a_build_that_is_ordered_twice_is_done_once_with_the_scale_said_last(
    organiser, event_board, own
):
    organiser.post(PAGE, {"scale": "0.1"})
    organiser.post(PAGE, {"scale": "3"})
    organiser.post(PAGE, {"scale": ""})
    with event_board.extensions["state"].read() as reader:
        (job,) = reader.scalars(select(Job))
    assert job.payload == {"scale": 3.0}


def test_the_child_gets_a_list_of_arguments_and_nothing_that_a_browser_wrote(own, workspace):
    named = building.command(own, 0.1)
    assert named[1:] == ["-m", "sandbox", "build", "--progress", "json", "--event",
                         str(own.folder), "--scale", "0.1"]  # fmt: skip
    assert "--event" not in building.command(workspace, None)  # the demo has no name


@pytest.mark.parametrize("scale", ["2; rm -rf /", "-1", "nan", "1e9", "0.5"])
def test_a_scale_that_is_not_offered_is_refused(organiser, event_board, scale):
    organiser.post(PAGE, {"scale": scale}, status=422)
    assert last(event_board) is None


def test_a_failed_build_tells_every_problem_and_is_not_tried_again(organiser, event_board, says):
    problem = {"what": "a < b & <script>", "file": "datasets/x/recipe.yml", "line": 7,
               "found": "a", "expected": "b", "fix": "write b"}  # fmt: skip
    says({"error": "The recipe cannot be used", "problems": [problem, problem | {"line": None}]},
         code=1)  # fmt: skip
    order(organiser)
    jobs.run_due(event_board)
    page = organiser.get(PAGE)
    assert "The last build failed" in page.text
    assert "datasets/x/recipe.yml:7: a < b & <script>" in page.text
    assert "expectedb" in page.text.replace(" ", "")
    assert "write b" in page.text
    assert jobs.run_due(event_board) == 0
    assert last(event_board).failed_at is not None


def test_a_child_that_dies_without_a_word_is_told_with_its_code(organiser, event_board, says):
    says("Killed", code=9)
    order(organiser)
    jobs.run_due(event_board)
    assert "Killed" in organiser.get(PAGE).text
    says(code=3)
    order(organiser)
    jobs.run_due(event_board)
    assert "ended with code 3" in organiser.get(PAGE).text


def test_what_is_kept_of_a_build_has_a_limit_and_says_how_much_is_left_out(organiser, event_board):
    problem = {"what": "x" * 900, "file": "f", "line": 1, "found": "<" * 900, "expected": "z",
               "fix": None}  # fmt: skip
    told = building.Told()
    for number in range(1000):
        told.take(json.dumps({"step": f"step {number} {'s' * 400}"}))
    told.take(json.dumps({"error": "Much", "problems": [problem] * 3000}))
    with event_board.extensions["state"].write() as writer:
        job = building.request_build(writer, None)
        job.progress, job.failed_at, job.attempts = told.text(), clock.now(), 1
    page = organiser.get(PAGE)  # the client holds it to 100 kB
    assert "And 2984 more." in page.text


ENDLESS = "while True: time.sleep(0.05)"


@pytest.fixture
def begun(organiser, event_board, says, monkeypatch):
    """A build that never ends by itself, in a thread of its own, and has begun."""
    monkeypatch.setattr(building, "SECONDS_BETWEEN_SIGNS", 0.02)
    says({"step": "for ever"}, then=ENDLESS)
    signs, renewed = threading.Event(), jobs.still_mine

    def noted(progress=None):
        found = renewed(progress)
        if progress and "for ever" in progress:
            signs.set()
        return found

    monkeypatch.setattr(jobs, "still_mine", noted)
    order(organiser)
    worker = threading.Thread(target=jobs.run_due, args=[event_board], daemon=True)
    worker.start()
    assert signs.wait(30)
    yield worker
    with event_board.extensions["state"].write() as writer:
        for job in writer.scalars(select(Job)):
            jobs.call_off(writer, job, "over")
    worker.join(30)
    assert not worker.is_alive()


def test_a_build_that_is_called_off_ends_with_its_child(organiser, event_board, begun, audited):
    page = organiser.get(PAGE)
    assert "It is being built" in page.text
    assert "for ever …" in page.text
    organiser.post(f"{PAGE}stop", form=PAGE)
    begun.join(30)
    assert not begun.is_alive()
    assert "The last build was called off" in organiser.get(PAGE).text
    assert [act for act, _ in audited()] == ["build.stop"]


def test_no_other_process_begins_a_build_while_one_runs_and_mail_does_not_wait(
    organiser, event_board, begun
):
    order(organiser)  # something was changed after the first had begun
    with event_board.extensions["state"].write() as writer:
        jobs.enqueue(writer, "mail", to="kari@example.org", subject="s", text="t")
    assert jobs.run_due(event_board) == 1  # the mail, which fails for want of a server
    with event_board.extensions["state"].read() as reader:
        assert [job.attempts for job in reader.scalars(select(Job).order_by(Job.id))] == [1, 0, 1]


def test_a_worker_that_ends_leaves_the_build_to_the_next(organiser, event_board, begun, says):
    event_board.extensions["stopping"] = threading.Event()
    event_board.extensions["stopping"].set()
    begun.join(30)
    del event_board.extensions["stopping"]
    job = last(event_board)
    assert (job.claimed_until, job.attempts, job.done_at, job.failed_at) == (None, 0, None, None)
    says({"bundle": "abc"})
    assert jobs.run_due(event_board) == 1
    assert last(event_board).done_at is not None


def test_a_build_whose_worker_died_is_begun_again_when_its_claim_has_run_out(
    organiser, event_board, says
):
    order(organiser)
    says({"bundle": "abc"})
    with event_board.extensions["state"].write() as writer:
        job = writer.scalar(select(Job))
        job.attempts, job.claimed_until = 1, clock.now() + jobs.LONG_CLAIM
    assert jobs.run_due(event_board) == 0
    with event_board.extensions["state"].write() as writer:
        writer.scalar(select(Job)).claimed_until = clock.now()
    assert "the build begins again" in organiser.get(PAGE).text
    assert jobs.run_due(event_board) == 1
    assert last(event_board).done_at is not None


def test_a_build_that_ends_its_server_each_time_is_given_up(organiser, event_board, says):
    order(organiser)
    with event_board.extensions["state"].write() as writer:
        writer.scalar(select(Job)).attempts = building.MOST_TRIES
    jobs.run_due(event_board)
    assert "the server ended 3 times" in organiser.get(PAGE).text


def test_the_part_that_renews_itself_stays_the_same_until_something_happens(organiser, own):
    order(organiser)
    first = organiser.raw(f"{PAGE}now")
    assert "<html" not in first.text
    assert "data-live-end" not in first.text
    again = organiser.raw(f"{PAGE}now", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    page = organiser.get(PAGE)
    assert f"{PAGE}now" in [e.get("data-live") for e in page.root.iter()]


def test_a_part_of_a_build_that_is_over_says_that_no_more_comes(organiser, event_board, says):
    assert "data-live-end" in organiser.raw(f"{PAGE}now").text
    says({"bundle": "abc"})
    order(organiser)
    jobs.run_due(event_board)
    assert "data-live-end" in organiser.raw(f"{PAGE}now").text
