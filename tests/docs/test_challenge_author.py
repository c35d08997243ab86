"""The page for challenge authors is followed to the letter, and a challenge comes of it."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.bundle import open_bundle
from sandbox.catalog.brief_rules import RULES
from sandbox.workspace import open_workspace
from tests.docs.reading import ROOT

PAGE = (ROOT / "docs" / "challenge-author.md").read_text("utf-8")
STEP = re.compile(
    r"(?:^`(?P<file>[\w./-]+)`\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


def steps():
    """(file, its content) or (None, shell commands), in the order of the page."""
    for found in STEP.finditer(PAGE):
        assert (found["kind"] == "sh") == (found["file"] is None), found[0]
        yield found["file"], found["text"]


def test_the_page_lists_every_rule_with_its_own_words():
    listed = re.findall(r"^\| `(C\d\d)` \| (.+) \|$", PAGE, re.M)
    assert listed == [(rule.code, rule.title) for rule in RULES]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The event's folder after every step, and what the last command said."""
    event = tmp_path_factory.mktemp("beside") / "my-event"
    place = {"../my-event": str(event), ".venv/bin/": f"{Path(sys.executable).parent}/"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SANDBOX_")}
    said = ""
    for file, text in steps():
        if file:
            (event / file).parent.mkdir(parents=True, exist_ok=True)
            (event / file).write_text(text, encoding="utf-8")
            continue
        for written, here in place.items():
            text = text.replace(written, here)
        done = subprocess.run(["sh", "-e"], input=text, cwd=ROOT, env=kept, text=True,
                              capture_output=True)  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        said = done.stdout
        _with_a_seed_of_the_tests(event / "secret.toml")
    return open_workspace(event), said


def _with_a_seed_of_the_tests(secrets):
    """So that the same bins are drawn whenever the tests run."""
    text = re.sub(
        r'^seed = "\w+"', f'seed = "{"0123456789abcdef" * 4}"', secrets.read_text(), flags=re.M
    )
    secrets.write_text(text)


@pytest.fixture(scope="module")
def bundle(followed):
    return open_bundle(followed[0].current_bundle())


@pytest.fixture(scope="module")
def said(followed):
    return followed[1]


def follows(test):
    """For a test of what comes of the page: heavy, and a POSIX shell's."""
    reason = "the page's commands are a POSIX shell's"
    return pytest.mark.heavy(pytest.mark.skipif(os.name != "posix", reason=reason)(test))


@follows
def test_practice_beats_doing_nothing_and_thought_beats_practice(bundle, said):
    scores = json.loads(bundle.file("challenges/full-bins/scores.json").read_bytes())
    today, nothing = (row["score"] for row in scores["rows"])
    reference = float(re.match(r"Score: ([\d.]+) % of bins", said)[1])
    assert nothing < today < reference - 3


@follows
def test_the_verdict_tells_each_place_by_name_and_what_people_judge(said):
    assert re.findall(r"group (\w+):", said) == ["home", "park", "shop"]
    assert "Whether a driver can follow the list: judged by people" in said


@follows
def test_nothing_that_is_asked_for_is_published(bundle):
    with bundle.file("challenges/full-bins/answers-template.csv").open() as file:
        asked = {row["bin_id"] for row in csv.DictReader(file)}
    known = bundle.connect().execute("SELECT bin_id FROM bins WHERE was_full IS NOT NULL")
    assert len(asked) == 2_000
    assert not asked & {key for (key,) in known}


@follows
def test_the_picture_has_a_mark_for_each_place(bundle):
    marks = json.loads(bundle.file("challenges/full-bins/picture.json").read_bytes())["marks"]
    assert [mark["x"] for mark in marks] == ["home", "park", "shop"]
