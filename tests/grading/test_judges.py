"""A judge that stands by keeps every limit, and says the same as one that is started anew."""

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from sandbox.grading import MEBIBYTES, judges
from sandbox.grading.judges import Bench, CalledOff, NotScored, Why
from sandbox.grading.order import Order
from tests.grading.making import challenge_of, write_truth

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no judge stands by without fork"),
]
SLUG = "a-challenge"
KEYS = [f"BP-{i:05}" for i in range(600)]


@pytest.fixture(scope="module")
def bench():
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def order(tmp_path):
    """Makes an order for a file in which the first `right` answers are right."""
    rows = [{"application_id": key, "answer": "to_case_officer"} for key in KEYS]
    truth = write_truth(tmp_path / "truth", SLUG, rows)

    def make(right=600, *, best=None, **limits):
        path = tmp_path / f"{right}.csv"
        answers = ["to_case_officer"] * right + ["ask_for_documents"] * (len(KEYS) - right)
        lines = (f"{key},{answer}\n" for key, answer in zip(KEYS, answers, strict=True))
        path.write_text("application_id,answer\n" + "".join(lines))
        told = {"mebibytes": MEBIBYTES, "seconds": 60} | limits
        return Order(
            slug=SLUG, challenge=challenge_of(), answers=str(path), shown_as="answers.csv",
            truth=str(truth), best=best and str(best), **told,
        )  # fmt: skip

    return make


def test_it_says_the_same_as_one_that_is_started_anew(bench, order):
    for one in (order(), order(10), order(10, best=order(20).answers)):
        assert bench.outcome(one) == judges.anew(one)


def test_one_judge_takes_order_after_order_and_several_are_taken_at_once(bench, order):
    one = order()
    for _ in range(5):
        bench.outcome(one)
    assert len(bench._idle) == 1
    came = []
    threads = [threading.Thread(target=lambda: came.append(bench.outcome(one))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 3 and came[0] == came[1] == came[2]
    assert all(judge.is_there for judge in bench._idle)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory")
def test_its_limits_hold_and_the_next_order_is_judged(bench, order, tmp_path):
    rows = [{"application_id": str(i), "answer": "approve"} for i in range(30_000)]
    many = write_truth(tmp_path / "many", SLUG, rows)
    for limits, why in (
        ({"mebibytes": 1, "truth": str(many)}, Why.MEMORY),
        ({"seconds": 0.0001}, Why.TIME),
        ({"truth": str(tmp_path / "nothing")}, Why.TRUTH),
    ):
        with pytest.raises(NotScored) as caught:
            bench.outcome(order().model_copy(update=limits))
        assert caught.value.why is why
    assert bench.outcome(order()).verdict


def test_processor_time_is_bounded_apart_from_the_clock(bench, order, monkeypatch, tmp_path):
    """A judge that computes on and on; whoever waits for it has more patience than its limit."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sandbox.grading.judge as j\n"
        "def forever(order):\n"
        "    while True: pass\n"
        "j.outcome_of = forever\n"
        "from sandbox.grading import warm\n"
        "read = warm._read\n"
        "warm._read = lambda reading, until: read(reading, until + 600)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(judges, "SECONDS_TO_END", 600)
    own = Bench()
    with pytest.raises(NotScored) as caught:
        own.outcome(order(seconds=1))
    assert caught.value.why is Why.TIME
    own.close()


def test_whoever_calls_it_off_ends_the_judge_and_its_child(bench, order, monkeypatch, tmp_path):
    note = tmp_path / "child"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, time, sandbox.grading.judge as j\n"
        "def sleeps(order):\n"
        f"    open({str(note)!r}, 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        "j.outcome_of = sleeps\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    own = Bench()
    with pytest.raises(CalledOff):
        own.outcome(order(), lambda: not (note.exists() and note.read_text()))
    assert not own._idle
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_a_judge_that_was_killed_is_replaced(order):
    own = Bench()
    own.outcome(order())
    [judge] = own._idle
    os.kill(judge._child.pid, signal.SIGKILL)
    judge._child.wait()
    assert own.outcome(order()).verdict
    own.close()


def test_it_stands_in_no_one_s_folder_or_way_and_is_told_no_secret(
    bench, order, monkeypatch, tmp_path
):
    """The child begins in an empty folder, which is gone afterwards, and lets pages go first."""
    note = tmp_path / "child"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, tempfile, sandbox.grading.judge as j\n"
        "told = j.outcome_of\n"
        "def notes(order):\n"
        "    said = [os.getcwd(), tempfile.gettempdir(), str(os.listdir()),\n"
        "            str('DATABASE_URL' in os.environ), str(os.getpriority(os.PRIO_PROCESS, 0))]\n"
        f"    open({str(note)!r}, 'w').write('\\n'.join(said))\n"
        "    return told(order)\n"
        "j.outcome_of = notes\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret@host/name")
    own = Bench()
    own.outcome(order())
    folder, temporary, inside, knows, niceness = note.read_text().splitlines()
    assert folder == temporary and (inside, knows) == ("[]", "False")
    assert int(niceness) >= 10
    assert not Path(folder).exists()
    own.close()
