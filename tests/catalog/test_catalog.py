"""The catalog is what the event uses of all that is described, with what that use needs."""

import json
import shutil
from dataclasses import replace

import pytest

from sandbox import catalog
from sandbox.bundle import Bundle, FileEntry, Manifest
from sandbox.catalog import Catalog
from sandbox.errors import BundleError, CatalogError
from sandbox.workspace import open_workspace
from tests.events import valid_event


@pytest.fixture
def event(tmp_path):
    return valid_event(tmp_path / "event")


@pytest.fixture
def loaded(event, tmp_path):
    """The catalog of the event, event.toml changed by replacing words in it; the kit is empty."""

    def load(**words):
        text = (event / "event.toml").read_text()
        for key, value in words.items():
            text = text.replace(f'{key} = "all"', f"{key} = {json.dumps(value)}")
        (event / "event.toml").write_text(text)
        return catalog.load(replace(open_workspace(event), kit=tmp_path / "empty"))

    return load


def slugs(found):
    return list(found.datasets), list(found.challenges), list(found.starters)


def test_everything_is_used_unless_the_event_says_otherwise(loaded):
    assert slugs(loaded()) == (["parks", "visits"], ["more-visits"], ["page"])


def test_a_dataset_brings_its_parents(loaded):
    found = loaded(datasets=["visits"], challenges=[], starters=[])
    assert slugs(found) == (["parks", "visits"], [], [])


def test_a_challenge_brings_its_datasets_and_its_starter(loaded):
    found = loaded(datasets=[], challenges=["more-visits"], starters=[])
    assert slugs(found) == (["parks", "visits"], ["more-visits"], ["page"])


def test_what_is_not_chosen_is_not_there(loaded):
    assert slugs(loaded(datasets=["parks"], challenges=[], starters=[])) == (["parks"], [], [])


def test_a_table_may_be_called_like_one_of_a_dataset_that_is_not_used(event, loaded):
    """The namesake steps aside, with what builds upon it and what asks about it."""
    other = event / "datasets" / "elsewhere"
    shutil.copytree(event / "datasets" / "parks", other)
    with pytest.raises(CatalogError, match="the name 'parks' is taken by"):
        loaded()
    found = loaded(datasets=["elsewhere"], challenges=[], starters=[])
    assert slugs(found) == (["elsewhere"], [], [])


def test_tables_and_questions_are_found_by_name_across_datasets(loaded):
    found = loaded()
    assert {name: slug for name, (slug, _) in found.tables.items()} == {
        "parks": "parks",
        "visits": "visits",
    }
    slug, question = found.questions["parks-by-kind"]
    assert (slug, list(question.parameters)) == ("parks", ["kind"])
    assert found.datasets["visits"].tables["visits"].foreign_keys == {"park_code": "parks"}


def test_an_event_replaces_a_dataset_of_the_kit_and_may_be_wrong_in_it_alone(event, tmp_path):
    kit = valid_event(tmp_path / "kit")
    for folder in ("challenges", "starter_templates", "datasets/visits"):
        shutil.rmtree(event / folder)
    own = event / "datasets" / "parks" / "dataset.yml"
    own.write_text(own.read_text().replace("title: {en: Parks, nb: Parker}", "title: Our parks"))
    workspace = replace(open_workspace(event), kit=kit)
    found = catalog.load(workspace)
    assert str(found.datasets["parks"].title) == "Our parks"
    assert list(found.datasets) == ["parks", "visits"]
    own.write_text(own.read_text().replace("key: park_code", "key: code"))
    (kit / "datasets" / "visits" / "dataset.yml").write_text("title: x")
    with pytest.raises(CatalogError) as caught:
        catalog.load(workspace)
    assert {p.file for p in caught.value.problems} == {
        "datasets/parks/dataset.yml",
        "datasets/visits/dataset.yml",
    }


# --- stored SQL -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM parks WHERE rowid IN (SELECT rowid FROM parks_fts('x'))",
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
        "-- which\n/* of :them */ SELECT name, 'at 12:30 :not' AS \"a:b\" FROM parks",
        "values (1)",
        "SELECT count(*) FILTER (WHERE opened > '1900-01-01'), upper(name) FROM parks",
    ],
)
def test_sql_that_only_reads_is_accepted(event, loaded, sql):
    path = event / "datasets" / "visits" / "dataset.yml"
    begin, _, _ = path.read_text().partition("    sql: ")
    path.write_text(f"{begin}    sql: {json.dumps(sql)}\n")
    assert loaded().questions["visits-by-park"][1].sql == sql


def test_a_picture_of_a_question_that_never_ends_does_not_stop_the_check(event, loaded):
    endless = (
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    )
    path = event / "datasets" / "visits" / "dataset.yml"
    begin, _, _ = path.read_text().partition("    sql: ")
    path.write_text(f"{begin}    sql: {json.dumps(endless)}\n")
    picture = {"question": "visits-by-park", "kind": "bars", "x": "i", "y": "i", "title": "x"}
    challenge = event / "challenges" / "more-visits" / "challenge.yml"
    described = json.dumps(picture | {"unit": "x"})
    challenge.write_text(f"{challenge.read_text()}picture: {described}\n")
    assert loaded().challenges["more-visits"].picture


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA table_info(parks)",
        "ATTACH 'x.db' AS x",
        "WITH x AS (SELECT 1) INSERT INTO parks(name) SELECT 1 FROM x",
        "/* SELECT */ DROP TABLE parks",
        "SELECT * FROM pragma_database_list",
    ],
)
def test_sql_that_does_more_is_refused(event, loaded, sql):
    path = event / "datasets" / "visits" / "dataset.yml"
    begin, _, _ = path.read_text().partition("    sql: ")
    path.write_text(f"{begin}    sql: {json.dumps(sql)}\n")
    with pytest.raises(CatalogError, match="does not only read") as caught:
        loaded()
    assert len(caught.value.problems) == 1


# --- the catalog of a bundle ----------------------------------------------------------------------


def bundle_of(folder, text):
    (folder / "catalog.json").write_text(text)
    entry = FileEntry(path="catalog.json", bytes=len(text.encode()), sha256="")
    manifest = Manifest(format=1, kit_version="", seed_commitment="", files=(entry,))
    return Bundle(folder, manifest, "0" * 64)


def test_a_catalog_comes_out_of_a_bundle_as_it_went_in(loaded, tmp_path):
    found = loaded()
    assert catalog.from_bundle(bundle_of(tmp_path, found.model_dump_json())) == found


@pytest.mark.parametrize("text", ["{", "[]", '{"datasets": {}}', '{"datasets": {"x": {}}}'])
def test_a_catalog_of_another_form_says_to_build_again(tmp_path, text):
    with pytest.raises(BundleError, match="sandbox build"):
        catalog.from_bundle(bundle_of(tmp_path, text))


def test_a_catalog_cannot_be_changed(loaded):
    with pytest.raises(ValueError, match="frozen"):
        loaded().datasets["parks"].version = "2.0.0"
    assert isinstance(loaded(), Catalog)
