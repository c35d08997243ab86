"""docs/trials.md is true: its plan, its commands one after the other, and what it quotes."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from sandbox import clock, trials
from sandbox.cli import main
from tests.docs import reading

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "trials.md").read_text("utf-8")
SPRING, SUMMER = (datetime(2027, month, 1, tzinfo=UTC) for month in (3, 7))
COMMANDS = [words for words in reading.commands(GUIDE) if words[:2] == ["sandbox", "trial"]]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A list of patients in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"p{i:04}", ("east", "north")[i % 2], 20 + i % 60) for i in range(3_900)]
    write("patients.csv", [("patient_id", "clinic", "age"), *rows])
    return tmp_path


def write(name, rows):
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)


def run(*words):
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.output


def outcomes():
    """One in eight misses with today's letter, one in twelve with the other."""
    with Path("letters.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    made = [(row["patient_id"], int(i % {"today": 8, "cost": 12}[row["arm"]] == 0), 0, row["arm"],
             20 + i % 60) for i, row in enumerate(rows)]  # fmt: skip
    write("outcomes.csv", [("patient_id", "missed", "complained", "reached", "age"), *made])


def test_its_plan_is_the_one_that_is_written():
    assert trials.EXAMPLE.read_text("utf-8") in reading.fences(GUIDE)


def test_its_commands_lead_from_question_to_decision(folder):
    for words in COMMANDS:
        looks = words[2] == "analyse"
        if looks and not Path("outcomes.csv").exists():
            outcomes()
        with clock.fixed(SUMMER if looks else SPRING):
            said = run(*words[1:])
    assert [words[2] for words in COMMANDS] == [
        "new", "plan", "plan", "plan", "assign", "analyse", "analyse",
    ]  # fmt: skip
    assert "**Yes: it works" in (folder / "report.md").read_text("utf-8")
    assert "Ja: det virker" in said
    assert {file.name for file in folder.iterdir()} == {
        "letter.yml", "letter.frozen.json", "letter.assigned.json", "patients.csv", "letters.csv",
        "outcomes.csv", "report.md",
    }  # fmt: skip


def test_what_it_quotes_is_what_is_said(folder):
    plan = trials.EXAMPLE.read_text("utf-8")
    said = ""
    for size in ("1900", "500"):
        Path("plan.yml").write_text(plan.replace("1900", size), "utf-8")
        said += run("trial", "plan", "plan.yml")
    quotes = re.findall(r"^> (.*)$", GUIDE, re.MULTILINE)
    assert len(quotes) == 2
    assert all(quote in said for quote in quotes)


def test_every_key_of_a_plan_that_it_explains_is_one():
    named = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", GUIDE, re.MULTILINE)
    keys = {key for cell in named for key in re.findall(r"`(\w+)`", cell)}
    assert {"unit", "strata", "stop"} <= keys <= set(trials.Plan.model_fields)


def test_its_deviation_explains_what_it_says(folder):
    (entry,) = [block for block in reading.fences(GUIDE) if block.startswith("deviations:")]
    Path("plan.yml").write_text(trials.EXAMPLE.read_text("utf-8") + entry, "utf-8")
    (deviation,) = trials.read_plan(Path("plan.yml")).deviations
    assert deviation.key == "arms"


def test_its_examples_of_keys_can_be_written(folder):
    plan = trials.EXAMPLE.read_text("utf-8")
    for entry in re.findall(r"`((?:cluster|covariate): \{.*?\})`", GUIDE):
        more = plan.replace("strata: [clinic]", entry)
        Path("plan.yml").write_text(more, "utf-8")
        assert trials.read_plan(Path("plan.yml"))
