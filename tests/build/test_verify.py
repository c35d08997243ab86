"""A stranger rebuilds what was published from what was revealed, and finds whatever was changed."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet
import pytest

from sandbox import clock
from sandbox.build import build
from sandbox.build.reveal import reveal
from sandbox.build.verify import verify
from sandbox.bundle import sha256
from sandbox.errors import BundleDamaged, BundleError, VerifyError
from sandbox.truth import salted_hashes
from sandbox.workspace import KIT, open_workspace
from tests.build.events import AFTERWARDS, TRUTH, event_with_truth
from tests.build.test_generations import Notes, contents

pytestmark = pytest.mark.heavy

BOARD = Path(__file__).parents[1] / "board" / "kit"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The event's kit, the folder of its bundle, and the folder of what was revealed."""
    event = event_with_truth(tmp_path_factory.mktemp("original"))
    bundle = build(event)
    with clock.fixed(AFTERWARDS):
        return SimpleNamespace(event=event, kit=event.kit, bundle=bundle, revealed=reveal(event))


@pytest.fixture
def published(original, tmp_path):
    """Copies of all three, free to be changed; `verify` tries them, `manifest` edits in between."""
    found = SimpleNamespace(salt=original.event.salt)
    for name in ("kit", "bundle", "revealed"):
        setattr(found, name, tmp_path / name)
        shutil.copytree(getattr(original, name), tmp_path / name)

    def manifest(edit=lambda told: None):
        """Write a manifest that lists the files as they are now, after `edit` has changed it."""
        path = found.bundle / "manifest.json"
        told = json.loads(path.read_bytes())
        for entry in told["files"]:
            file = found.bundle / entry["path"]
            entry |= {"bytes": file.stat().st_size, "sha256": sha256(file)}
        edit(told)
        path.write_text(json.dumps(told), encoding="utf-8")

    def envelope(**changed):
        path = found.revealed / "revealed.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | changed), encoding="utf-8")

    found.manifest, found.envelope = manifest, envelope
    found.verify = lambda **options: verify(
        found.bundle, found.revealed, **{"kit": found.kit, **options}
    )
    return found


def unequal(report):
    return {(one.kind, one.name): one.outcome for one in report.compared if not one.equal}


def test_every_table_and_every_file_of_truth_is_told_equal(published):
    notes = Notes()
    report = published.verify(progress=notes)
    names = [f"visits/{name}.csv" for name in TRUTH]
    assert [(one.kind, one.name, one.outcome) for one in report.compared] == [
        ("table", "parks/parks", "equal"),
        ("table", "visits/visits", "equal"),
        *(("truth", name, "equal") for name in names),
        *(("revealed", name, "equal") for name in names),
    ]
    assert report.equal
    assert report.verdict().startswith("Everything is equal")
    assert notes[:2] == [
        f"bundle {sha256(published.bundle / 'manifest.json')}",
        "it is whole: 12 files are as its manifest says",
    ]
    assert notes[2].startswith("seed and salt open its commitment ")


def test_nothing_of_what_is_verified_is_touched_and_nothing_is_left(
    published, tmp_path, monkeypatch
):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    folders = (published.kit, published.bundle, published.revealed)
    before = [contents(folder) for folder in folders]
    published.verify()
    assert [contents(folder) for folder in folders] == before
    assert not list((tmp_path / "temporary").iterdir())


def test_the_bundle_is_rebuilt_at_the_scale_that_it_has(tmp_path):
    event = event_with_truth(tmp_path)
    bundle = build(event, scale=0.5)
    with clock.fixed(AFTERWARDS):
        assert verify(bundle, reveal(event), kit=event.kit).equal


# --- What somebody changed ------------------------------------------------------------------------


def test_an_answer_that_was_changed_before_its_hash_was_published_is_found(tmp_path, rewrite):
    event = event_with_truth(tmp_path)
    bundle = build(event)
    rewrite(event.current_truth() / "visits" / "visits.csv", "true", "false")
    told = json.loads((bundle / "manifest.json").read_bytes())
    told["truth"] = salted_hashes(event.current_truth(), event.salt)
    (bundle / "manifest.json").write_text(json.dumps(told))
    with clock.fixed(AFTERWARDS):
        report = verify(bundle, reveal(event), kit=event.kit)
    assert unequal(report) == {("truth", "visits/visits.csv"): "differs"}
    assert not report.equal
    assert report.verdict().startswith("Not equal: 1 of these")
    assert "somebody changed what it promised" in report.verdict()


def test_an_answer_that_was_changed_after_the_event_is_found(published, rewrite):
    rewrite(published.revealed / "truth" / "visits" / "visits.csv", "true", "false")
    (published.revealed / "truth" / "visits" / "secrets.csv").unlink()
    assert unequal(published.verify()) == {
        ("revealed", "visits/visits.csv"): "has changed",
        ("revealed", "visits/secrets.csv"): "is missing",
    }


def test_answers_need_not_be_revealed_since_the_seed_makes_them(published):
    shutil.rmtree(published.revealed / "truth")
    report = published.verify()
    assert report.equal
    assert {one.kind for one in report.compared} == {"table", "truth"}


def test_a_table_that_was_changed_with_all_its_hashes_is_found(published, rewrite):
    table = published.bundle / "datasets" / "parks" / "parks.csv"
    rewrite(table, "Birch Park", "Beech Park")

    def edit(told):
        told["datasets"]["parks"]["tables"]["parks"]["sha256"] = sha256(table)

    published.manifest(edit)
    assert unequal(published.verify()) == {("table", "parks/parks"): "differs"}


def test_a_csv_is_found_that_is_not_the_table_whose_digest_is_told(published, rewrite):
    rewrite(published.bundle / "datasets" / "parks" / "parks.csv", "Birch Park", "Beech Park")
    published.manifest()
    assert unequal(published.verify()) == {("table", "parks/parks"): "differs in CSV"}


def change_rows(bundle):
    with closing(sqlite3.connect(bundle / "sandbox.db")) as db:
        db.execute("UPDATE visits SET minutes = minutes + 1 WHERE visit_id = 7")
        db.commit()


def drop_a_row(bundle):
    with closing(sqlite3.connect(bundle / "sandbox.db")) as db:
        db.execute("DELETE FROM visits WHERE visit_id = 120")
        db.commit()


def drop_the_table(bundle):
    with closing(sqlite3.connect(bundle / "sandbox.db")) as db:
        db.execute("DROP TABLE visits")
        db.commit()


def spoil_the_database(bundle):
    (bundle / "sandbox.db").write_bytes(b"no database" * 1000)


@pytest.mark.parametrize("change", [change_rows, drop_a_row, drop_the_table])
def test_rows_that_were_changed_in_the_database_alone_are_found(published, change):
    change(published.bundle)
    published.manifest()
    assert unequal(published.verify()) == {("table", "visits/visits"): "differs in sandbox.db"}


def test_a_database_that_is_none_is_found(published):
    spoil_the_database(published.bundle)
    published.manifest()
    assert set(unequal(published.verify()).values()) == {"differs in sandbox.db"}


def test_rows_that_were_changed_in_parquet_alone_are_found(published):
    file = published.bundle / "datasets" / "visits" / "visits.parquet"
    table = pyarrow.parquet.read_table(file)
    minutes = pa.array([5] * len(table), table.schema.field("minutes").type)
    at = table.schema.get_field_index("minutes")
    pyarrow.parquet.write_table(table.set_column(at, "minutes", minutes), file)
    published.manifest()
    assert unequal(published.verify()) == {("table", "visits/visits"): "differs in Parquet"}
    file.write_bytes(b"no Parquet")
    published.manifest()
    assert unequal(published.verify()) == {("table", "visits/visits"): "differs in Parquet"}


def test_other_bytes_with_the_same_rows_are_equal_since_other_versions_write_them(published):
    file = published.bundle / "datasets" / "visits" / "visits.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(file), file, compression="none")
    with closing(sqlite3.connect(published.bundle / "sandbox.db")) as db:
        db.execute("PRAGMA page_size = 8192")
        db.execute("VACUUM")
    listed = json.loads((published.bundle / "manifest.json").read_bytes())["files"]
    before = {entry["path"]: entry["sha256"] for entry in listed}
    published.manifest()
    for name in ("datasets/visits/visits.parquet", "sandbox.db"):
        assert sha256(published.bundle / name) != before[name]
    assert published.verify().equal


def test_files_that_a_bundle_does_not_list_are_missed(published):
    def edit(told):
        lost = ("sandbox.db", "datasets/parks/parks.csv", "datasets/parks/parks.parquet")
        told["files"] = [entry for entry in told["files"] if entry["path"] not in lost]

    published.manifest(edit)
    assert unequal(published.verify()) == {
        ("table", "parks/parks"): "differs in CSV, Parquet, sandbox.db",
        ("table", "visits/visits"): "differs in sandbox.db",
    }


def test_what_stands_on_one_side_alone_is_told(published):
    def edit(told):
        told["datasets"]["visits"]["tables"]["more"] = {"rows": 1, "sha256": "0" * 64}
        del told["datasets"]["parks"]["tables"]["parks"]
        told["truth"]["visits/more.csv"] = told["truth"].pop("visits/secrets.csv")

    published.manifest(edit)
    found = unequal(published.verify())
    assert found["table", "visits/more"] == "missing here: the seed makes none"
    assert found["table", "parks/parks"] == "missing in the bundle"
    assert found["truth", "visits/more.csv"] == "missing here: the seed makes none"
    assert found["truth", "visits/secrets.csv"] == "missing in the bundle"


def test_a_seed_that_is_longer_by_part_of_the_salt_opens_the_commitment_and_nothing_else(published):
    told = json.loads((published.revealed / "revealed.json").read_bytes())
    published.envelope(salt=told["salt"] + told["seed"][:8], seed=told["seed"][8:])
    found = unequal(published.verify())
    assert found["table", "visits/visits"] == "differs"
    assert ("truth", "visits/secrets.csv") in found
    assert ("table", "parks/parks") not in found  # no seed decides what is open


# --- Why it may differ ----------------------------------------------------------------------------


def test_a_recipe_that_is_not_the_events_is_named(published, rewrite):
    recipe = published.revealed / "datasets" / "visits" / "recipe.yml"
    rewrite(recipe, "integer(5, 180)", "integer(6, 180)")
    report = published.verify()
    assert ("table", "visits/visits") in unequal(report)
    assert report.reasons == ("datasets/visits is not the one that the bundle was made from",)
    assert report.reasons[0] in report.verdict()
    assert "somebody" not in report.verdict()


def test_the_kits_own_content_of_another_version_is_named(published, rewrite):
    data = published.kit / "datasets" / "parks" / "data" / "parks.csv"
    before = sha256(data)
    rewrite(data, "Birch Park", "Beech Park")
    rewrite(published.kit / "datasets" / "parks" / "source.yml", before, sha256(data))
    report = published.verify()
    assert unequal(report) == {("table", "parks/parks"): "differs"}
    assert report.reasons == ("datasets/parks is not the one that the bundle was made from",)


def test_other_versions_of_kit_and_libraries_are_named(published):
    def edit(told):
        told["libraries"] |= {"sandbox": "0.0.9", "numpy": "1.0", "abacus": "3"}
        told["made_from"]["sandbox/recipes"] = "0" * 64
        told["truth"]["visits/visits.csv"] = "0" * 64

    published.manifest(edit)
    told = published.verify().verdict()
    for reason in (
        "sandbox 0.1.0 here, 0.0.9 there",
        "abacus is missing here, 3 there",
        "sandbox/recipes is not the one that the bundle was made from",
    ):
        assert reason in told


def test_other_versions_are_no_fault_while_everything_is_equal(published):
    published.manifest(lambda told: told["libraries"].update(numpy="1.0"))
    report = published.verify()
    assert report.equal
    assert report.reasons
    assert "numpy" not in report.verdict()


def test_what_cannot_be_rebuilt_is_told_with_what_is_other_here(published, rewrite):
    recipe = published.revealed / "datasets" / "visits" / "recipe.yml"
    rewrite(recipe, "integer(5, 180)", "integre(5, 180)")
    with pytest.raises(VerifyError) as raised:
        published.verify()
    assert "The bundle cannot be rebuilt here" in str(raised.value)
    assert "integer" in str(raised.value)
    assert "datasets/visits is not the one" in str(raised.value)


def test_another_build_of_the_event_is_verified_with_the_same_seed(published):
    notes = Notes()
    published.envelope(bundle="0" * 64)
    assert published.verify(progress=notes).equal
    assert "they were revealed for another build of the event, 000000000000" in notes


def test_content_that_nobody_has_is_named(published):
    published.envelope(content=[])
    with pytest.raises(VerifyError, match=r"has datasets/visits\. The bundle was built by kit"):
        published.verify()


# --- What cannot be used --------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["seed", "salt"])
def test_a_wrong_secret_opens_nothing(published, secret):
    published.envelope(**{secret: "ab" * 16})
    with pytest.raises(VerifyError, match=r"do not open the commitment .* Either was changed\."):
        published.verify()


def test_what_was_revealed_of_another_event_opens_nothing(published):
    published.envelope(seed="ab" * 16, seed_commitment="0" * 64)
    with pytest.raises(VerifyError, match="They were revealed for another one"):
        published.verify()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "is not JSON"),
        (b'{"format": 1, "seed": "ab', "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "has format None"),
        (b"null", "has format None"),
        (b'{"format": 2}', "has format 2; this kit reads 1"),
        (b'{"format": 1}', "is damaged: bundle, event, kit_version, salt, scale, seed"),
        (b'{"name": "another thing", "version": 3}', "has format None"),
        (b" " * 10_000_001, "is too large"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_is_no_revealed_event_is_told_in_one_sentence(published, text, told):
    (published.revealed / "revealed.json").write_bytes(text)
    with pytest.raises(VerifyError) as raised:
        published.verify()
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": "not hexadecimal"},
        {"seed": "abc"},
        {"salt": ""},
        {"salt": "ab\n"},
        {"content": ["datasets/../../visits"]},
        {"content": ["/etc"]},
        {"content": ["starter_templates/page"]},
        {"libraries": ["numpy"]},
        {"session_key": "ab" * 16},
    ],
    ids=str,
)
def test_every_part_of_it_has_its_form(published, changed):
    published.envelope(**changed)
    with pytest.raises(VerifyError, match=rf"is damaged: {next(iter(changed))}"):
        published.verify()


def test_folders_that_are_named_and_not_there_are_told(published):
    shutil.rmtree(published.revealed / "datasets" / "visits")
    with pytest.raises(VerifyError, match="names folders that are not beside it: datasets/visits"):
        published.verify()


def test_a_folder_without_it_is_told(published):
    (published.revealed / "revealed.json").unlink()
    with pytest.raises(VerifyError, match=r"There is no revealed\.json in "):
        published.verify()
    with pytest.raises(VerifyError, match=r"There is no revealed\.json in "):
        verify(published.bundle, published.bundle / "manifest.json")


def test_a_bundle_that_is_not_whole_is_told_with_every_file(published, rewrite):
    rewrite(published.bundle / "datasets" / "parks" / "parks.csv", "Birch", "Beech")
    (published.bundle / "sandbox.db").unlink()
    with pytest.raises(BundleDamaged) as raised:
        published.verify()
    assert len(raised.value.problems) == 2
    assert "datasets/parks/parks.csv: the content has changed" in str(raised.value)
    assert "way out: get the bundle once more" in str(raised.value)


def test_a_folder_without_a_bundle_is_told(published):
    (published.bundle / "manifest.json").write_bytes(b"{")
    with pytest.raises(BundleError, match="Get the bundle once more"):
        published.verify()
    with pytest.raises(BundleError, match="There is no bundle in"):
        verify(published.kit, published.revealed)


# --- Code of the event's own ----------------------------------------------------------------------


@pytest.fixture
def with_code(tmp_path):
    """An event whose recipe has a word of its own, which leaves a mark where it runs."""
    event = event_with_truth(tmp_path)
    visits, mark = event.folder / "datasets" / "visits", tmp_path / "it ran"
    (visits / "functions.py").write_text(
        "from pathlib import Path\n"
        "from sandbox.recipes.own_functions import Here, Integers, function\n"
        f"Path({str(mark)!r}).touch()\n"
        "@function()\n"
        "def twice(here: Here, minutes: Integers) -> Integers:\n"
        '    """Twice as many."""\n'
        "    return minutes * 2\n",
        encoding="utf-8",
    )
    recipe = (visits / "recipe.yml").read_text()
    (visits / "recipe.yml").write_text(recipe.replace("integer(5, 180)", "twice(integer(5, 90))"))
    bundle = build(event)
    with clock.fixed(AFTERWARDS):
        revealed = reveal(event)
    mark.unlink()
    return SimpleNamespace(bundle=bundle, revealed=revealed, kit=event.kit, mark=mark)


def test_code_that_was_revealed_does_not_run_unless_somebody_says_so(with_code):
    asked = []
    with pytest.raises(VerifyError, match=r"may not run here: datasets/visits/functions\.py"):
        verify(with_code.bundle, with_code.revealed, kit=with_code.kit, may_run=asked.extend)
    assert asked == ["datasets/visits/functions.py"]
    assert not with_code.mark.exists()


def test_code_that_may_run_is_used(with_code):
    report = verify(
        with_code.bundle, with_code.revealed, kit=with_code.kit, may_run=lambda files: True
    )
    assert report.equal
    assert with_code.mark.exists()
    assert not list(with_code.revealed.rglob("__pycache__"))


# --- Whole events ---------------------------------------------------------------------------------


@pytest.mark.heavy
def test_the_answers_of_a_challenge_of_the_events_own_are_rebuilt(tmp_path, rewrite):
    event = event_with_truth(tmp_path)
    shutil.rmtree(event.folder / "datasets")
    shutil.copytree(BOARD, event.folder, dirs_exist_ok=True)
    shutil.copytree(KIT / "datasets" / "norway", event.kit / "datasets" / "norway")
    bundle = build(event)
    with clock.fixed(AFTERWARDS):
        revealed = reveal(event)
    report = verify(bundle, revealed, kit=event.kit, may_run=lambda files: True)
    assert ("truth", "shorter-queue/answers.csv") in {(c.kind, c.name) for c in report.compared}
    assert report.equal, unequal(report)
    rewrite(
        revealed / "challenges" / "shorter-queue" / "answers.sql",
        "count(*)",
        "count(*) + (county_code = '31')",
    )
    report = verify(bundle, revealed, kit=event.kit, may_run=lambda files: True)
    assert unequal(report) == {("truth", "shorter-queue/answers.csv"): "differs"}
    assert report.reasons == ("challenges/shorter-queue is not the one that the bundle was "
                              "made from",)  # fmt: skip


@pytest.mark.heavy
def test_the_demo_is_verified_as_any_other_event_is(bundle, workspace, tmp_path):
    report = verify(bundle.path, reveal(workspace, tmp_path / "revealed"))
    assert report.equal, unequal(report)
    assert ("truth", "same-day-permit/answers.csv") in {(c.kind, c.name) for c in report.compared}
    assert open_workspace().is_demo
