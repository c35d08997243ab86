"""How fast a bundle is built: beside naive Faker, and beside sqlite3's own executemany."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from faker import Faker

from benchmarks.report import Goal, Row
from sandbox import recipes
from sandbox.build import build
from sandbox.build.tables import ingest, read_parquet
from sandbox.bundle import Bundle, open_bundle
from sandbox.catalog import Catalog, from_bundle
from sandbox.workspace import Workspace, open_workspace

FAKER_ROWS = 4_000
REPEATS = 3
FASTER_THAN_FAKER = 10
FASTER_THAN_EXECUTEMANY = 1.5


def measure() -> Iterator[Row | Goal]:
    """Rows a second of each way, all in this run, on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = replace(open_workspace(), state=Path(folder) / "state")
        took = _seconds(lambda: build(workspace))
        bundle = open_bundle(workspace.current_bundle())
        catalog = from_bundle(bundle)
        rows = sum(t.rows for d in bundle.manifest.datasets.values() for t in d.tables.values())
        faker = FAKER_ROWS / _best(lambda: _faker(Path(folder) / "faker.db"))
        yield Row("naive Faker and executemany: person rows", faker, "rows/s")
        yield Row("the whole build: every row, file, index, check", rows / took, "rows/s",
                  rows / took / faker)  # fmt: skip
        yield Row("the whole build", took, "s")
        drawn, persons = _draw_and_load(workspace, bundle, catalog, Path(folder) / "drawn.db")
        yield Row("drawing and loading the same persons", drawn, "rows/s", drawn / faker)
        plain = _rate(persons, lambda: _executemany(Path(folder) / "plain.db", catalog, persons))
        ours = _rate(persons, lambda: _ingest(Path(folder) / "ours.db", catalog, persons))
        yield Row("executemany of ready tuples", plain, "rows/s")
        yield Row("our way of loading the same rows", ours, "rows/s", ours / plain)
        yield Goal(
            "persons drawn and loaded, by Faker", drawn / faker, "at least", FASTER_THAN_FAKER
        )
        yield Goal("loading, times executemany", ours / plain, "at least", FASTER_THAN_EXECUTEMANY)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _best(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(REPEATS))


def _rate(table: pa.Table, work: Callable[[], object]) -> float:
    return float(table.num_rows) / _best(work)


def _faker(path: Path) -> None:
    """The table of persons as most people would make it: a library call for each cell."""
    fake, chance = Faker("no_NO"), random.Random(1)  # noqa: S311 (a benchmark's peer, no secret)
    fake.seed_instance(1)
    rows = []
    for number in range(FAKER_ROWS):
        sex = chance.choice("FM")
        birth = fake.date_of_birth(minimum_age=0, maximum_age=104)
        given = fake.first_name_female() if sex == "F" else fake.first_name_male()
        rows.append(
            (number, number // 2, chance.choice(("0301", "4601", "5001")), "reference", sex,
             2026 - birth.year, birth.isoformat(), fake.ssn(), given, fake.last_name())
        )  # fmt: skip
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE persons (a INTEGER PRIMARY KEY, b, c, d, e, f, g, h, i, j)")
        db.executemany("INSERT INTO persons VALUES (?,?,?,?,?,?,?,?,?,?)", rows)


def _draw_and_load(
    workspace: Workspace, bundle: Bundle, catalog: Catalog, path: Path
) -> tuple[float, pa.Table]:
    """Person rows a second into a plain table, as Faker's are; households and addresses are drawn
    with them, since persons are made of their households."""
    norway = {
        name: read_parquet(bundle.path / "datasets" / "norway" / f"{name}.parquet").to_table()
        for name in catalog.datasets["norway"].tables
    }
    dataset = catalog.datasets["population"]
    folder = workspace.folders("datasets")["population"]
    made: dict[str, pa.Table] = {}

    def work() -> None:
        drawn = recipes.draw(folder, dataset, norway, workspace.seed)
        made["persons"] = drawn.published["persons"].to_table()
        _ingest(path, catalog, made["persons"])

    seconds = _best(work)
    return made["persons"].num_rows / seconds, made["persons"]


def _create(path: Path, catalog: Catalog) -> str:
    path.unlink(missing_ok=True)
    columns = catalog.tables["persons"][1].columns
    kinds = {"integer": "INTEGER", "number": "REAL"}
    said = ", ".join(f"{name} {kinds.get(c.type, 'TEXT')}" for name, c in columns.items())
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE persons ({said}) STRICT")
    return ", ".join("?" * len(columns))


def _executemany(path: Path, catalog: Catalog, persons: pa.Table) -> None:
    """The rows are tuples before the clock starts; only SQLite's work is counted."""
    blanks = _create(path, catalog)
    with sqlite3.connect(path, isolation_level=None) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO persons VALUES ({blanks})", _tuples(persons))  # noqa: S608
        db.execute("COMMIT")


_READY: dict[int, list[tuple[object, ...]]] = {}


def _tuples(table: pa.Table) -> list[tuple[object, ...]]:
    if id(table) not in _READY:
        plain = [_text(column).to_pylist() for column in table.columns]
        _READY[id(table)] = list(zip(*plain, strict=True))
    return _READY[id(table)]


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_date(column.type) else column


def _ingest(path: Path, catalog: Catalog, persons: pa.Table) -> None:
    _create(path, catalog)
    ingest(path, {"persons": persons})
