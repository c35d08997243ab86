"""How fast recipes are drawn and loaded, beside Faker, Mimesis, NumPy and SQLite's ceiling."""

import random
import shutil
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pyarrow as pa
import sqlite_utils
from faker import Faker
from mimesis import Address, Locale, Person

from benchmarks.norway import by_hand
from benchmarks.report import Goal, Row
from benchmarks.taken import Taken, in_a_process, least, taken, with_its_memory
from sandbox import recipes, sources
from sandbox.build.tables import count, ingest, write_database
from sandbox.bundle import sha256
from sandbox.catalog import Dataset, Table, load
from sandbox.descriptors import read
from sandbox.errors import Problem
from sandbox.quality import Rows
from sandbox.workspace import KIT, open_workspace

FAKER_ROWS, MIMESIS_ROWS = 20_000, 40_000
HOUSEHOLDS = 2_500_000  # in all of Norway
PIECE_HOUSEHOLDS = 262_144  # drawn at once: about 590,000 persons
LOADED_PERSONS = 500_000
SCALES = (100_000 / 5_602_416, 1_000_000 / 5_602_416, 1.0)  # of the recipe: so many persons
ROUNDS = 3
WORKERS = 2
SEED = b"benchmark"

LEAST_OVER_FAKER, LEAST_OVER_FAKER_ON_TWO = 200, 340
LEAST_OF_THE_CEILING = 0.95
LEAST_WHOLE_WAY = 80
MOST_OVER_NUMPY = 1.1
COUNTRY_SECONDS, COUNTRY_GIGABYTES = 180, 2.2
MOST_BEYOND_LINEAR = 1.25
MOST_BEYOND_LINEAR_WITH_INDEXES = 2.0  # a sort takes n log n, and outgrows the caches


def measure() -> Iterator[Row | Goal]:
    """The same persons of twelve columns by each way, then a whole country."""
    with tempfile.TemporaryDirectory() as folder:
        country = Country.copied(Path(folder))
        faker = yield from _peers()
        yield from _drawn(country, faker)
        yield from _interpreted(country)
        yield from _loaded(country)
        yield from _whole_way(country, faker)
        yield from _scaled(country)


def _rates(name: str, rows: int, work: Taken, faker: Taken | None = None) -> Iterator[Row]:
    """Rows a second, and a second of processor time, with the ratio to Faker's."""
    ratios = (None, None) if faker is None else (
        rows / work.seconds / (FAKER_ROWS / faker.seconds),
        rows / work.cpu_seconds / (FAKER_ROWS / faker.cpu_seconds),
    )  # fmt: skip
    yield Row(name, rows / work.seconds, "rows/s", ratios[0])
    yield Row(f"{name}, by processor", rows / work.cpu_seconds, "rows/CPU-s", ratios[1])


# --- the same row by others -----------------------------------------------------------------------


def _peers() -> Generator[Row, None, Taken]:
    faker = least(lambda: _faker_persons(FAKER_ROWS))
    yield from _rates("naive Faker: persons", FAKER_ROWS, faker)
    mimesis = least(lambda: _mimesis_persons(MIMESIS_ROWS))
    yield from _rates("Mimesis: persons", MIMESIS_ROWS, mimesis, faker)
    return faker


def _faker_persons(count: int) -> list[dict[str, Any]]:
    """The twelve columns as most people would make them: a library call for each cell."""
    fake, chance = Faker("no_NO"), random.Random(1)  # noqa: S311 (a benchmark's peer, no secret)
    fake.seed_instance(1)
    rows = []
    for number in range(1, count + 1):
        sex = chance.choice("FM")
        given = fake.first_name_female() if sex == "F" else fake.first_name_male()
        birth = fake.date_of_birth(minimum_age=0, maximum_age=104)
        rows.append(
            {
                "person_id": number,
                "national_id": fake.ssn(),
                "given_name": given,
                "family_name": fake.last_name(),
                "sex": sex,
                "birth_date": birth.isoformat(),
                "municipality_code": chance.choice(("0301", "4601", "5001")),
                "street_address": fake.street_address(),
                "postcode": fake.postcode(),
                "income": int(chance.lognormvariate(12, 0.5)),
                "email": fake.email(),
                "household_id": number // 2,
            }
        )
    return rows


def _mimesis_persons(count: int) -> list[dict[str, Any]]:
    """The same by Mimesis; it has no Norwegian identity number, so a number of eleven digits."""
    person, address = Person(Locale.NO, seed=1), Address(Locale.NO, seed=1)
    chance = random.Random(1)  # noqa: S311 (a benchmark's peer, no secret)
    return [
        {
            "person_id": number,
            "national_id": person.identifier(mask="###########"),
            "given_name": person.first_name(),
            "family_name": person.last_name(),
            "sex": chance.choice("FM"),
            "birth_date": person.birthdate(min_year=1921, max_year=2025).isoformat(),
            "municipality_code": chance.choice(("0301", "4601", "5001")),
            "street_address": address.address(),
            "postcode": address.postal_code(),
            "income": int(chance.lognormvariate(12, 0.5)),
            "email": person.email(),
            "household_id": number // 2,
        }
        for number in range(1, count + 1)
    ]


# --- ours -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Country:
    """benchmarks/norway, the same without its events, and the tables and words it stands on."""

    folder: Path
    people_alone: Path
    dataset: Dataset
    norway: dict[str, pa.Table]
    described: dict[str, Table]

    @classmethod
    def copied(cls, work: Path) -> "Country":
        """Into a folder of work, since the recipe is cut there."""
        source, problems = KIT / "benchmarks" / "norway", list[Problem]()
        described = read(source / "dataset.yml", Dataset, problems)
        assert described and not problems, problems
        for name in ("whole", "people"):
            shutil.copytree(source, work / name / "norway")
        recipe = work / "people" / "norway" / "recipe.yml"
        recipe.write_text(recipe.read_text("utf-8").partition("  events:")[0], encoding="utf-8")
        norway = load(open_workspace()).datasets["norway"]
        tables = sources.load(KIT / "datasets" / "norway", norway, "norway")
        return cls(
            work / "whole" / "norway", recipe.parent, described[0], tables, dict(norway.tables)
        )

    @property
    def persons(self) -> Table:
        """The table of persons described as one that stands alone."""
        table = self.dataset.tables["persons"]
        alone = {name: column.model_copy(update={"references": None})
                 for name, column in table.columns.items()}  # fmt: skip
        indexes = (*table.foreign_keys, *table.indexes)
        return table.model_copy(update={"columns": alone, "indexes": indexes})

    def fresh(self, name: str) -> Path:
        """A path in the folder of work at which nothing lies any more."""
        path = self.folder.parent.parent / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        return path

    def draw_people(self, households: int, **how: Any) -> recipes.Drawn:
        tables = {name: self.dataset.tables[name] for name in ("households", "persons")}
        people = self.dataset.model_copy(update={"tables": tables})
        return recipes.draw(self.people_alone, people, self.norway, SEED,
                            scale=households / HOUSEHOLDS, **how)  # fmt: skip

    def draw(self, scale: float, spool: Path) -> recipes.Drawn:
        return recipes.draw(self.folder, self.dataset, self.norway, SEED,
                            scale=scale, spool=spool, workers=WORKERS)  # fmt: skip


def _drawn(country: Country, faker: Taken) -> Iterator[Row | Goal]:
    """A piece of persons into memory by one process; a whole country into files by two.

    The country's rows are those of all its tables: persons of twelve columns, and the shorter rows
    of their households and contacts.
    """
    in_memory: Taken = in_a_process(_draw_people_often, country)
    yield from _rates("persons drawn by one process", in_memory.result, in_memory, faker)
    on_two: Taken = in_a_process(_draw_country_often, country)
    yield from _rates("rows of Norway drawn by two processes", on_two.result, on_two, faker)
    rate = FAKER_ROWS / faker.seconds
    for where, done, limit in (
        ("one core", in_memory, LEAST_OVER_FAKER),
        ("two cores", on_two, LEAST_OVER_FAKER_ON_TWO),
    ):
        ratio = done.result / done.seconds / rate
        yield Goal(f"drawing on {where}, times Faker", ratio, "at least", limit)


def _draw_people_often(country: Country) -> Taken:
    return least(lambda: _draw_people(country), 10 * ROUNDS)


def _draw_people(country: Country) -> int:
    return count(country.draw_people(PIECE_HOUSEHOLDS).published["persons"])


def _draw_country_often(country: Country) -> Taken:
    return least(lambda: _draw_country(country))


def _draw_country(country: Country) -> int:
    return sum(map(count, country.draw(1.0, country.fresh("spool")).published.values()))


def _interpreted(country: Country) -> Iterator[Row | Goal]:
    """The same tables by the recipe and written out in NumPy, in turn."""
    rows, ours, plain = in_a_process(_both_in_turn, country)
    yield Row("persons written out in NumPy, one piece", rows / plain, "rows/CPU-s")
    yield Row("persons by the recipe, one piece", rows / ours, "rows/CPU-s", plain / ours)
    yield Goal("a recipe's time, times NumPy's", ours / plain, "at most", MOST_OVER_NUMPY)


def _both_in_turn(country: Country) -> tuple[int, float, float]:
    """How many persons there are, and the least processor time of the recipe and of NumPy."""
    municipalities = country.norway["municipalities"]
    lines = (country.folder / "ages.csv").read_text("utf-8").splitlines()[1:]
    ages = np.array([float(line.split(",")[1]) for line in lines])

    def by_the_recipe() -> recipes.Drawn:
        # What is written out by hand is not laid beside what was declared, so neither is this.
        return country.draw_people(PIECE_HOUSEHOLDS, proving=False)

    def written_out() -> dict[str, pa.Table]:
        return by_hand.tables(SEED, PIECE_HOUSEHOLDS, municipalities, ages)

    made, same = by_the_recipe().published, written_out()
    assert all(made[name].to_table().equals(same[name]) for name in made), "not the same work"
    taken_by = [[taken(work).cpu_seconds for work in (by_the_recipe, written_out)]
                for _ in range(5 * ROUNDS)]  # fmt: skip
    ours, plain = (min(seconds) for seconds in zip(*taken_by, strict=True))
    return same["persons"].num_rows, ours, plain


# --- loading --------------------------------------------------------------------------------------


def _loaded(country: Country) -> Iterator[Row | Goal]:
    """Ready rows into a table with its key; then the index that both build with the same words."""
    persons = country.draw_people(LOADED_PERSONS // 2).published["persons"].to_table()
    described = {"persons": country.persons}
    rows = [tuple(row.values()) for row in _as_sqlite_has_them(persons).to_pylist()]
    path = country.fresh("loaded.db")

    def empty() -> None:
        path.unlink(missing_ok=True)
        write_database(path, {"persons": persons.slice(0, 0)}, described)

    def ours() -> None:
        ingest(path, {"persons": persons})

    def prepared() -> None:
        _prepared(path, rows)

    best: dict[str, Taken] = {}
    for _ in range(ROUNDS):
        for name, work in (("ours", ours), ("prepared", prepared)):
            empty()
            once = taken(work)
            best[name] = min(best.get(name, once), once, key=lambda each: each.seconds)
    mine, ceiling = (len(rows) / best[name].seconds for name in ("ours", "prepared"))
    yield Row("a prepared statement in a loop of C (apsw)", ceiling, "rows/s")
    yield Row("our way of loading the same rows", mine, "rows/s", mine / ceiling)
    yield Row("  bytes a row, indexed and searchable", path.stat().st_size / len(rows), "bytes")
    yield Goal("loading, of the ceiling", mine / ceiling, "at least", LEAST_OF_THE_CEILING)


def _prepared(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """Rows into the table persons by one prepared statement, in a loop of C."""
    db = apsw.Connection(str(path))
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE",
                   "cache_size=-200000"):  # fmt: skip
        db.execute(f"PRAGMA {pragma}").fetchall()
    with db:
        blanks = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO persons VALUES ({blanks})", rows)  # noqa: S608
    db.close()


def _as_sqlite_has_them(persons: pa.Table) -> pa.Table:
    index = persons.column_names.index("birth_date")
    return persons.set_column(index, "birth_date", persons.column(index).cast(pa.string()))


def _whole_way(country: Country, faker: Taken) -> Iterator[Row | Goal]:
    """Drawn and loaded; and then indexed, made searchable, vacuumed and hashed as well."""
    base = least(lambda: _faker_into_sqlite_utils(country.fresh("faker.db")))
    rate = FAKER_ROWS / base.seconds
    yield Row("Faker into sqlite-utils: persons", rate, "rows/s")
    ready = _as_sqlite_has_them(_people(country).to_table())
    rows = [tuple(row.values()) for row in ready.to_pylist()]
    ceiling = len(rows) / min(_seconds_of_the_ceiling(country, rows) for _ in range(ROUNDS))
    # No way through SQLite's interface can be faster than its ceiling, drawing not counted.
    yield Row("ready rows by a prepared statement (apsw)", ceiling, "rows/s", ceiling / rate)
    del rows, ready
    ratios = []
    for name, work in (
        ("drawn and loaded", _draw_and_load),
        ("drawn, loaded, indexed, searchable, hashed", _draw_and_finish),
    ):
        done = least(lambda work=work: work(country))  # type: ignore[misc]
        ratios.append(done.result / done.seconds / rate)
        yield Row(f"persons {name}", done.result / done.seconds, "rows/s", ratios[-1])
    what = "drawn and loaded, times Faker into sqlite-utils"
    yield Goal(what, ratios[0], "at least", LEAST_WHOLE_WAY)


def _faker_into_sqlite_utils(path: Path) -> None:
    db = sqlite_utils.Database(path)
    db.table("persons").insert_all(_faker_persons(FAKER_ROWS), pk="person_id")
    db.close()


def _with_an_empty_table(country: Country) -> Path:
    path = country.fresh("ours.db")
    kinds = {
        name: int if c.type == "integer" else str for name, c in country.persons.columns.items()
    }
    db = sqlite_utils.Database(path)
    db.table("persons").create(kinds, pk="person_id", strict=True)
    db.close()
    return path


def _seconds_of_the_ceiling(country: Country, rows: list[tuple[Any, ...]]) -> float:
    path = _with_an_empty_table(country)
    return taken(_prepared, path, rows).seconds


def _draw_and_load(country: Country) -> int:
    path, rows = _with_an_empty_table(country), _people(country)
    ingest(path, {"persons": rows})
    return count(rows)


def _draw_and_finish(country: Country) -> int:
    path, rows = country.fresh("ours.db"), _people(country)
    write_database(path, {"persons": rows}, {"persons": country.persons})
    sha256(path)
    return count(rows)


def _people(country: Country) -> Rows:
    households = LOADED_PERSONS // 2
    return country.draw_people(households, spool=country.fresh("spool")).published["persons"]


# --- a whole country ------------------------------------------------------------------------------


def _scaled(country: Country) -> Iterator[Row | Goal]:
    """Every table of the recipe, from nothing to a file with indexes and search, and its hash."""
    drawing, everything = [], []
    for scale in SCALES:
        done = with_its_memory(_load_country, country, scale)
        persons, rows, size, drawn = done.result
        drawing.append(drawn / persons)
        everything.append(done.seconds / persons)
        yield Row(f"{persons:,} persons, {rows:,} rows", done.seconds, "s")
        yield Row("  rows a second", rows / done.seconds, "rows/s")
        yield Row("  rows a second of processor", rows / done.cpu_seconds, "rows/CPU-s")
        yield Row("  most memory of all its processes", done.memory / 1e9, "GB")
        yield Row("  bytes a row, indexed and searchable", size / rows, "bytes")
    yield Goal("all of Norway", done.seconds, "at most", COUNTRY_SECONDS, "s")
    yield Goal("memory for all of Norway", done.memory / 1e9, "at most", COUNTRY_GIGABYTES, "GB")
    for what, taken_by, limit in (
        ("drawing", drawing, MOST_BEYOND_LINEAR),
        ("all, with the sorting that indexes need", everything, MOST_BEYOND_LINEAR_WITH_INDEXES),
    ):
        name = f"time a person, times that for 100,000: {what}"
        yield Goal(name, taken_by[-1] / taken_by[0], "at most", limit)


def _load_country(country: Country, scale: float) -> tuple[int, int, int, float]:
    """How many persons and rows there are, how many bytes the file has, and seconds of drawing."""
    path = country.fresh("country.db")
    drawn = taken(lambda: country.draw(scale, country.fresh("spool")).published)
    described = {**country.described, **country.dataset.tables}
    write_database(path, {**country.norway, **drawn.result}, described)
    sha256(path)
    rows = sum(map(count, drawn.result.values()))
    return count(drawn.result["persons"]), rows, path.stat().st_size, drawn.seconds
