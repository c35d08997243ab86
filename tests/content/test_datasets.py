"""Every dataset proves itself: equal bytes on a second build, and all its descriptor promises."""

import json
import os
import sqlite3
import subprocess
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from sandbox.bundle import open_bundle
from sandbox.workspace import KIT, Workspace, open_workspace

pytestmark = pytest.mark.heavy

DATASETS = sorted(open_workspace().folders("datasets"))
LANGUAGES = ("en", "nb")


@pytest.fixture(scope="module", params=DATASETS)
def slug(request):
    return request.param


@pytest.fixture(scope="session")
def second(bundle, tmp_path_factory):
    """The same bundle, built by another process in another folder, zone and locale."""
    folder = tmp_path_factory.mktemp("second")
    environment = os.environ | {
        "SANDBOX_STATE": str(folder / "state"),
        "PYTHONHASHSEED": "4242",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
    }
    command = [sys.executable, "-m", "sandbox.cli", "build", "--scale", str(bundle.manifest.scale)]
    made = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    state = Workspace(open_workspace().event, KIT / "demo", folder / "state")
    return open_bundle(state.current_bundle())


@pytest.mark.heavy
def test_a_second_build_gives_equal_bytes(slug, bundle, second):
    for entry in bundle.manifest.files:
        if entry.path.startswith(f"datasets/{slug}/"):
            assert (second.path / entry.path).read_bytes() == bundle.file(entry.path).read_bytes()
    assert second.manifest.datasets[slug] == bundle.manifest.datasets[slug]


@pytest.mark.heavy
def test_a_second_build_gives_an_equal_bundle_and_equal_truth(bundle, second):
    assert second.digest == bundle.digest
    assert second.manifest.truth == bundle.manifest.truth


def test_every_table_is_in_all_four_forms(slug, bundle, catalog):
    db = bundle.connect()
    folder = bundle.path / "datasets" / slug
    package = json.loads((folder / "datapackage.json").read_text())
    assert [r["name"] for r in package["resources"]] == list(catalog.datasets[slug].tables)
    for name in catalog.datasets[slug].tables:
        rows = bundle.manifest.datasets[slug].tables[name].rows
        assert rows > 0
        assert pyarrow.parquet.read_table(folder / f"{name}.parquet").num_rows == rows
        assert pyarrow.csv.read_csv(folder / f"{name}.csv").num_rows == rows
        assert db.execute(f"SELECT count(*) FROM {name}").fetchone() == (rows,)


def test_rows_stand_in_the_order_of_their_key(slug, bundle, catalog):
    for name, table in catalog.datasets[slug].tables.items():
        column = pyarrow.parquet.read_table(
            bundle.path / "datasets" / slug / f"{name}.parquet", columns=[table.key]
        )
        assert column.equals(column.sort_by(table.key)), name


def test_every_stored_question_answers(slug, bundle, catalog):
    db = bundle.connect()
    for name, question in catalog.datasets[slug].questions.items():
        defaults = {p: described.default for p, described in question.parameters.items()}
        found = db.execute(question.sql, defaults).fetchall()
        assert found or bundle.manifest.scale < 1, name
        for described in question.parameters.values():
            if described.options:
                options = [row[0] for row in db.execute(described.options)]
                assert described.default in options, f"{name}: the default is not among the options"


@pytest.mark.heavy
def test_every_stored_question_answers_with_rows_at_full_scale(slug, whole_bundle, catalog):
    test_every_stored_question_answers(slug, whole_bundle, catalog)


def test_there_are_five_to_eight_questions(slug, catalog):
    assert 5 <= len(catalog.datasets[slug].questions) <= 8


def test_everything_is_said_in_every_language(slug, catalog):
    missing = list(untranslated(catalog.datasets[slug].model_dump(), slug))
    assert missing == []


def untranslated(value, path):
    if isinstance(value, dict):
        if set(value) & set(LANGUAGES):
            words = {tag: text for tag, text in value.items() if tag in LANGUAGES}
            if len(words) < len(LANGUAGES) and not is_the_same_everywhere(words):
                yield path, value
        else:
            for key, inner in value.items():
                yield from untranslated(inner, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from untranslated(inner, f"{path}.{index}")


def is_the_same_everywhere(words):
    """Signs such as km² and m need no translation."""
    return all(len(text) <= 3 for text in words.values())


def test_synthetic_data_says_what_is_not_realistic(slug, catalog):
    dataset = catalog.datasets[slug]
    if dataset.origin == "synthetic":
        assert dataset.not_realistic
        assert dataset.assumptions
        assert dataset.licence == "CC0-1.0"
    else:
        assert dataset.attribution
        assert dataset.compiled_from


def test_persons_join_municipalities(bundle):
    sql = """
        SELECT m.name, count(*) FROM persons p
        JOIN municipalities m ON m.municipality_code = p.municipality_code
        GROUP BY m.municipality_code ORDER BY 2 DESC LIMIT 1
    """
    assert bundle.connect().execute(sql).fetchone()[0] == "Oslo"


def test_a_reader_cannot_write(bundle):
    with pytest.raises(sqlite3.OperationalError):
        bundle.connect().execute("DELETE FROM counties")


def test_types_are_those_of_the_descriptor(slug, bundle, catalog):
    kinds = {
        "integer": pa.types.is_integer,
        "number": pa.types.is_floating,
        "string": pa.types.is_string,
        "boolean": pa.types.is_boolean,
        "date": pa.types.is_date,
        "datetime": pa.types.is_timestamp,
    }
    for name, table in catalog.datasets[slug].tables.items():
        schema = pyarrow.parquet.read_schema(bundle.path / "datasets" / slug / f"{name}.parquet")
        assert schema.names == list(table.columns)
        for column, described in table.columns.items():
            assert kinds[described.type](schema.field(column).type), f"{name}.{column}"
