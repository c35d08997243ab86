"""What a build says of its time: each part once, and together no more than the whole."""

import json
import re

import pytest

from sandbox.build import build, progress
from sandbox.bundle import open_bundle
from sandbox.errors import BuildError, CatalogError, Problem

pytestmark = pytest.mark.heavy

LINE = re.compile(r" +(\S.*\S) +(\d+\.\d) s")


class Notes(list):
    """Progress that is kept."""

    def say(self, text):
        self.append(text)


@pytest.fixture
def ticks(monkeypatch):
    """A clock that shows these moments, one after the other."""

    def show(*moments):
        shown = iter(moments)
        monkeypatch.setattr(progress.time, "perf_counter", lambda: next(shown))

    return show


def test_a_part_that_is_taken_up_again_is_one_line_with_the_sum(ticks):
    ticks(0, 1, 2, 3, 5, 6, 9, 20)
    timings = progress.Timings()
    for part in ("dataset parks", "checks", "dataset parks"):
        with timings.of(part):
            pass
    parts = [LINE.fullmatch(f" {line}").groups() for line in timings.table()]
    assert parts == [
        ("dataset parks", "4.0"),
        ("checks", "2.0"),
        ("everything else", "14.0"),
        ("in all", "20.0"),
    ]


def test_a_build_ends_with_its_parts_and_its_size(kit):
    notes = Notes()
    bundle = open_bundle(build(kit, progress=notes))
    table = [found.groups() for note in notes if (found := LINE.fullmatch(note))]
    names = [name for name, _ in table]
    assert names == ["dataset norway", "checks", "sandbox.db", "everything else", "in all"]
    *parts, whole = (float(seconds) for _, seconds in table)
    assert sum(parts) == pytest.approx(whole, abs=0.05 * len(table))
    size = sum(entry.bytes for entry in bundle.manifest.files) / 1e6
    assert notes[-1] == f"{len(bundle.manifest.files)} files, {size:,.1f} MB"


def test_a_bundle_that_is_up_to_date_tells_no_times(kit):
    build(kit)
    notes = Notes()
    build(kit, progress=notes)
    assert [note for note in notes if LINE.fullmatch(note)] == []


def test_for_a_program_each_step_is_a_line_of_json_as_it_begins_and_ends(capsys, ticks):
    ticks(0, 1.26)
    lines = progress.Lines()
    with progress.step(lines, "æ: drawing"):
        lines.say("a fact")
    lines.failed(CatalogError([Problem("two", "b.yml", 2, fix="mend"), Problem("one", "a.yml", 1)]))
    lines.failed(BuildError("no room"))
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    nothing = {"found": None, "expected": None, "fix": None}
    assert said == [
        {"step": "æ: drawing"},
        {"say": "a fact"},
        {"step": "æ: drawing", "seconds": 1.3},
        {"error": "The descriptors cannot be used", "problems": [
            {"what": "one", "file": "a.yml", "line": 1, **nothing},
            {"what": "two", "file": "b.yml", "line": 2, **nothing, "fix": "mend"},
        ]},
        {"error": "no room", "problems": []},
    ]  # fmt: skip
