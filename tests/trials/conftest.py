"""A trial in a folder: the example's plan with a few keys changed, units, outcomes, and a clock."""

import copy
import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from sandbox import clock, trials

BEFORE = datetime(2027, 3, 5, 9, tzinfo=UTC)
AFTER = datetime(2027, 7, 1, 9, tzinfo=UTC)
CLINICS = ("east", "north", "south")


class Trial:
    """The plan is `letter.yml`; nothing is written until it is asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "letter.yml"
        self.said = yaml.safe_load(trials.EXAMPLE.read_text("utf-8"))
        self.said["guardrails"][0]["harm"] = 0.2  # what 60 patients in a group can rule out
        self.change(size=60)

    def change(self, size=None, drop=(), **keys):
        """Change keys of the plan at its top, and the size of every arm."""
        self.said.update(copy.deepcopy(keys))
        for key in drop:
            del self.said[key]
        for arm in self.said["arms"] if size else ():
            arm["size"] = size
        self.path.write_text(
            yaml.safe_dump(self.said, allow_unicode=True, sort_keys=False), "utf-8"
        )
        return self

    @property
    def plan(self):
        return trials.read_plan(self.path)

    def freeze(self):
        with clock.fixed(BEFORE):
            return trials.freeze(self.path, self.plan)

    def units(self, count=120, name="patients.csv"):
        """Patients p000, p001, …, in three clinics in turn, of ages 20 to 79."""
        rows = [{"patient_id": f"p{i:03}", "clinic": CLINICS[i % 3], "age": 20 + i % 60}
                for i in range(count)]  # fmt: skip
        return self.write(name, rows)

    def assign(self, **how):
        with clock.fixed(BEFORE):
            return trials.assign(
                self.path,
                self.plan,
                self.folder / "patients.csv",
                self.folder / "letters.csv",
                **how,
            )

    def assigned(self):
        with (self.folder / "letters.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def outcomes(self, missed, drop=(), **more):
        """Everyone assigned, with `missed(row, place in their arm)` and columns made alike."""
        seen, rows = {}, []
        for row in self.assigned():
            place = seen[row["arm"]] = seen.get(row["arm"], -1) + 1
            made = {"patient_id": row["patient_id"], "missed": missed(row, place), "complained": 0,
                    "age": 20 + int(row["patient_id"][1:]) % 60, "reached": row["arm"]}  # fmt: skip
            made |= {name: make(row, place) for name, make in more.items()}
            rows.append({key: value for key, value in made.items() if key not in drop})
        return self.write("outcomes.csv", rows)

    def analyse(self, moment=AFTER, **how):
        with clock.fixed(moment):
            return trials.analyse(self.path, self.plan, self.folder / "outcomes.csv", **how)

    def report(self, language="en", **how):
        return trials.markdown(trials.report(self.analyse(**how), language))

    def write(self, name, rows):
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return self.folder / name


@pytest.fixture
def trial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Trial(Path())


@pytest.fixture
def run(trial):
    """The trial frozen and assigned: 60 patients in each of two arms."""
    trial.freeze()
    trial.units()
    trial.assign()
    return trial
