"""Tables stand in SQLite, CSV and Parquet in the same forms."""

import datetime
import sqlite3

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from sandbox.build import tables
from sandbox.build.tables import (
    broken_foreign_keys,
    read_parquet,
    write_csv,
    write_database,
    write_parquet,
)
from sandbox.catalog import Table

pytestmark = pytest.mark.heavy

NOON = datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.UTC)


def described(key, search=(), indexes=(), **columns):
    made = {n: {"type": t, "title": {"en": n}} | more for n, (t, more) in columns.items()}
    return Table.model_validate(
        {
            "title": "t",
            "row": "r",
            "key": key,
            "columns": made,
            "search": search,
            "indexes": indexes,
        }
    )


TABLES = {
    "visits": pa.table(
        {
            "visit": ["a1", "b2", "c3"],
            "place": ["0301", None, "0301"],
            "fee": pa.array([1.5, None, 3.0]),
            "paid": pa.array([True, False, None]),
            "day": pa.array([datetime.date(2025, 6, 1)] * 3),
            "at": pa.array([NOON, None, NOON], pa.timestamp("s", "UTC")),
        }
    ),
    "places": pa.table({"place": ["0301"], "name": ['Ås "by", ytre']}),
}
DESCRIBED = {
    "visits": described(
        "visit",
        visit=("string", {}),
        place=("string", {"references": "places"}),
        fee=("number", {}),
        paid=("boolean", {}),
        day=("date", {}),
        at=("datetime", {}),
    ),
    "places": described(
        "place", ("name",), place=("string", {}), name=("string", {"required": True})
    ),
}


@pytest.fixture
def database(tmp_path):
    write_database(tmp_path / "s.db", TABLES, DESCRIBED)
    db = sqlite3.connect(tmp_path / "s.db")
    yield db
    db.close()


def test_csv_has_one_form(tmp_path):
    write_csv(TABLES["visits"], tmp_path / "v.csv")
    assert (tmp_path / "v.csv").read_bytes() == (
        b"visit,place,fee,paid,day,at\n"
        b'"a1","0301",1.5,true,2025-06-01,"2025-06-01T12:00:00Z"\n'
        b'"b2",,,false,2025-06-01,\n'
        b'"c3","0301",3,,2025-06-01,"2025-06-01T12:00:00Z"\n'
    )


def test_parquet_gives_back_what_it_was_given(tmp_path):
    write_parquet(TABLES["visits"], tmp_path / "v.parquet")
    assert read_parquet(tmp_path / "v.parquet").to_table().equals(TABLES["visits"])


def test_files_do_not_depend_on_how_the_rows_are_cut(tmp_path, monkeypatch):
    """A table in memory, and the same in files of a few rows each, with row groups of several."""
    monkeypatch.setattr(tables, "ROW_GROUP", 700)
    moments = pa.array([n * 60 for n in range(2_000)], pa.timestamp("s", "UTC"))
    words = ["a,b" if n % 3 else None for n in range(2_000)]
    whole = pa.table({"id": range(2_000), "word": words, "at": moments})
    for number, start in enumerate(range(0, 2_000, 170)):
        with pa.ipc.new_file(tmp_path / f"{number:02}.arrow", whole.schema) as writer:
            writer.write_table(whole.slice(start, 170))
    cut = ds.dataset([str(p) for p in sorted(tmp_path.glob("*.arrow"))], format="ipc")
    for write in (write_csv, write_parquet):
        write(whole, tmp_path / "whole")
        write(cut, tmp_path / "cut")
        assert (tmp_path / "whole").read_bytes() == (tmp_path / "cut").read_bytes()


def test_a_table_without_rows_has_a_header(tmp_path):
    nobody = TABLES["visits"].slice(0, 0)
    assert write_csv(nobody, tmp_path / "v.csv") == 0
    assert (tmp_path / "v.csv").read_text() == "visit,place,fee,paid,day,at\n"
    write_parquet(nobody, tmp_path / "v.parquet")
    assert read_parquet(tmp_path / "v.parquet").to_table().equals(nobody)


def test_sqlite_holds_codes_as_text_booleans_as_bits_and_times_as_iso(database):
    assert database.execute("SELECT * FROM visits ORDER BY visit").fetchall() == [
        ("a1", "0301", 1.5, 1, "2025-06-01", "2025-06-01T12:00:00Z"),
        ("b2", None, None, 0, "2025-06-01", None),
        ("c3", "0301", 3.0, None, "2025-06-01", "2025-06-01T12:00:00Z"),
    ]


def test_tables_are_strict_and_linked(database):
    schemas = dict(database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    assert schemas["visits"].endswith("STRICT")
    assert 'REFERENCES "places"("place")' in schemas["visits"]
    assert '"name" TEXT NOT NULL' in schemas["places"]
    assert 'content="places"' in schemas["places_fts"], (
        "Datasette finds only a quoted content table"
    )


def test_every_foreign_key_has_an_index(database):
    indexed = [r[0] for r in database.execute("SELECT sql FROM sqlite_master WHERE type = 'index'")]
    assert any(sql and '"visits"' in sql and '"place"' in sql for sql in indexed)


def test_search_folds_case_and_accents(database):
    for word in ("as", "ÅS", "ås"):
        found = database.execute("SELECT count(*) FROM places_fts WHERE places_fts MATCH ?", [word])
        assert found.fetchone() == (1,)


def test_the_file_does_not_depend_on_where_it_is_written(tmp_path):
    (tmp_path / "deeper").mkdir()
    for path in (tmp_path / "a.db", tmp_path / "deeper" / "b.db"):
        write_database(path, TABLES, DESCRIBED)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "deeper" / "b.db").read_bytes()


def test_foreign_keys_that_lead_nowhere_are_counted(tmp_path):
    lost = TABLES["visits"].set_column(1, "place", pa.array(["0301", "9999", "9998"]))
    write_database(tmp_path / "s.db", {**TABLES, "visits": lost}, DESCRIBED)
    assert broken_foreign_keys(tmp_path / "s.db") == [("visits", "place", "places", 2)]


def test_a_table_may_lead_to_itself(tmp_path):
    persons = {"persons": pa.table({"person": ["a", "b"], "mother": [None, "a"]})}
    column = ("string", {"references": "persons"})
    described_ = {"persons": described("person", person=("string", {}), mother=column)}
    write_database(tmp_path / "s.db", persons, described_)
    with sqlite3.connect(tmp_path / "s.db") as db:
        (key,) = db.execute("PRAGMA foreign_key_list(persons)").fetchall()
    assert key[2:5] == ("persons", "mother", "person")
    assert broken_foreign_keys(tmp_path / "s.db") == []
    lost = {"persons": persons["persons"].set_column(1, "mother", pa.array(["c", "a"]))}
    write_database(tmp_path / "s.db", lost, described_)
    assert broken_foreign_keys(tmp_path / "s.db") == [("persons", "mother", "persons", 1)]
