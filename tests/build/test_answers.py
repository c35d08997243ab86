"""A challenge that cannot be scored, or not told apart from doing nothing, is not built."""

import json
import re
import shutil

import pytest

from sandbox.build import build
from sandbox.errors import BuildError
from sandbox.workspace import KIT

pytestmark = pytest.mark.heavy
SLUG = "know-your-municipality"


@pytest.fixture
def challenge(kit):
    """The kit with the first challenge and what it needs; returns the challenge's folder."""
    for part in ("datasets/population", f"challenges/{SLUG}", "starter_templates/web-app"):
        shutil.copytree(KIT / part, kit.kit / part)
    starter = kit.kit / "starter_templates" / "web-app" / "starter.yml"
    text = re.sub(r"^challenges: .*$", f"challenges: [{SLUG}]", starter.read_text(), flags=re.M)
    starter.write_text(text, encoding="utf-8")
    return kit.kit / "challenges" / SLUG


def failure(kit):
    with pytest.raises(BuildError) as raised:
        build(kit, scale=0.05)
    assert f"challenges/{SLUG}" in str(raised.value)
    assert not kit.current_file.exists()
    return str(raised.value)


def test_the_hidden_answers_lie_beside_the_bundle_and_the_keys_inside(kit, challenge):
    bundle = build(kit, scale=0.05)
    truth = (bundle.parent / "truth" / SLUG / "answers.csv").read_text().splitlines()
    assert truth[0] == "question,answer,tolerance,part"
    assert {row.rpartition(",")[2] for row in truth[1:]} == {"public", "private"}
    template = (bundle / "challenges" / SLUG / "answers-template.csv").read_text().splitlines()
    assert template == ["question,answer", *(f"q{number}," for number in range(1, 9))]


def test_baselines_are_scored_on_each_part_and_no_more_is_told_of_a_part(kit, challenge):
    bundle = build(kit, scale=0.05)
    scores = json.loads((bundle / "challenges" / SLUG / "scores.json").read_bytes())
    for row in scores["rows"]:
        parts = row["public"], row["private"]
        assert sum(part["rows"] for part in parts) == row["details"]["rows"]
        right = sum(part["rows"] * part["ungated"] for part in parts)
        assert right / row["details"]["rows"] == pytest.approx(row["score"])
        for part in parts:
            assert set(part) == {"rows", "ungated", "earned", "low", "high", "band"}


def test_a_statement_that_sqlite_cannot_run_is_told(kit, challenge, rewrite):
    rewrite(challenge / "answers.sql", "FROM households h", "FROM household h")
    assert "no such table: household" in failure(kit)


def test_a_key_that_stands_twice_is_told(kit, challenge, rewrite):
    rewrite(challenge / "answers.sql", "SELECT 'q2'", "SELECT 'q1'")
    assert "stands twice" in failure(kit)


def test_a_baseline_that_fails_is_told_with_its_error(kit, challenge, rewrite):
    rewrite(challenge / "baseline.py", "FROM municipalities WHERE", "FROM municipality WHERE")
    assert "no such table: municipality" in failure(kit)


def test_a_baseline_without_doing_nothing_is_told(kit, challenge, rewrite):
    rewrite(challenge / "baseline.py", '"do_nothing"', '"nothing"')
    assert "'do_nothing'" in failure(kit)


def test_practice_that_scores_like_doing_nothing_is_told(kit, challenge, rewrite):
    rewrite(challenge / "baseline.py", 'known.get(q, "")', '""')
    assert "must tell them apart" in failure(kit)


def test_answers_of_a_baseline_that_cannot_be_read_are_told(kit, challenge, rewrite):
    rewrite(challenge / "baseline.py", "range(1, 9)", "range(1, 8)")
    assert "q8" in failure(kit)
