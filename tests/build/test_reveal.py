"""The envelope is opened when the event is over, whole, once, and only if it holds what it must."""

import base64
import json
import shutil
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.build import build
from sandbox.build import reveal as module
from sandbox.build.reveal import must_be_confirmed, reveal
from sandbox.bundle import open_bundle, sha256
from sandbox.errors import BundleDamaged, BundleError, RevealRefused
from sandbox.workspace import open_workspace
from tests.build.events import AFTERWARDS, TRUTH, event_with_truth, reopened
from tests.build.test_generations import Notes, contents

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    root = tmp_path_factory.mktemp("original")
    build(event_with_truth(root))
    return root


@pytest.fixture
def event(original, tmp_path):
    """A built event, free to be changed, on a clock that stands just after its end."""
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    with clock.fixed(AFTERWARDS):
        yield reopened(tmp_path / "event", tmp_path / "kit")


@pytest.fixture
def refused(event):
    """Reveal, and return what is told of why it cannot be; nothing may have been written."""

    def told(workspace=event, **options):
        before = sorted(event.folder.rglob("*"))
        with pytest.raises(RevealRefused) as raised:
            reveal(workspace, **options)
        assert sorted(event.folder.rglob("*")) == before
        for secret in (workspace.seed, workspace.salt, workspace.session_key):
            assert secret.hex() not in str(raised.value)
        return str(raised.value)

    return told


def open_lab(event, rewrite):
    for moment in ("starts = 2027-03-05T09:00:00", "ends = 2027-03-06T15:00:00"):
        rewrite(event.folder / "event.toml", moment, "")
    return reopened(event.folder, event.kit)


def test_the_folder_holds_seed_and_salt_and_says_which_bundle_they_open(event):
    told = json.loads((reveal(event) / "revealed.json").read_bytes())
    bundle = open_bundle(event.current_bundle())
    assert (told["seed"], told["salt"]) == (event.seed.hex(), event.salt.hex())
    assert told["bundle"] == bundle.digest
    assert told["seed_commitment"] == bundle.manifest.seed_commitment
    assert told["libraries"] == bundle.manifest.libraries
    assert told["event"] == "Parks"


def test_the_session_key_stays_secret(event):
    key = event.session_key
    spellings = (key, key.hex().encode(), base64.b64encode(key), str(int.from_bytes(key)).encode())
    for name, content in contents(reveal(event)).items():
        assert not any(spelling in content for spelling in spellings), name


def test_the_hidden_answers_lie_beside_it(event):
    truth = contents(event.current_truth())
    revealed = contents(reveal(event) / "truth")
    assert set(revealed) == {"visits/quality.json", *(f"visits/{name}.csv" for name in TRUTH)}
    assert all(truth[name] == content for name, content in revealed.items())


def test_quality_that_was_withheld_is_revealed_with_them(event):
    published = event.current_bundle() / "datasets" / "visits" / "quality.json"
    assert "columns" not in json.loads(published.read_bytes())["tables"]["visits"]
    shown = json.loads((reveal(event) / "truth" / "visits" / "quality.json").read_bytes())
    assert shown["tables"]["visits"]["columns"]["arrived"]["filled"] < 1


def test_the_events_own_content_lies_beside_it_and_the_kits_does_not(event):
    (event.kit / "datasets" / "visits").mkdir()
    (event.folder / "datasets" / "visits" / "__pycache__").mkdir()
    revealed = reveal(event)
    assert json.loads((revealed / "revealed.json").read_bytes())["content"] == ["datasets/visits"]
    assert [f.name for f in (revealed / "datasets").iterdir()] == ["visits"]
    own = {path.name for path in (revealed / "datasets" / "visits").iterdir()}
    assert own == {"dataset.yml", "recipe.yml"}


def test_content_that_the_event_does_not_use_is_not_told(event, rewrite):
    shutil.copytree(event.folder / "datasets" / "visits", event.folder / "datasets" / "next-year")
    for old in ("  visits:", "key: visit_id"):
        new = old.replace("visits:", "coming:")
        rewrite(event.folder / "datasets" / "next-year" / "dataset.yml", old, new)
    rewrite(event.folder / "datasets" / "next-year" / "recipe.yml", "  visits:", "  coming:")
    rewrite(event.folder / "event.toml", 'datasets = "all"', 'datasets = ["visits"]')
    workspace = reopened(event.folder, event.kit)
    build(workspace)
    assert [f.name for f in (reveal(workspace) / "datasets").iterdir()] == ["visits"]


def test_nothing_is_revealed_while_the_event_lasts_whoever_confirms_it(refused):
    with clock.fixed(AFTERWARDS - timedelta(minutes=1)):
        told = refused(confirmed=True)
    assert "event.toml:3: the event is not over" in told
    assert "found: 2027-03-06 14:59 CET" in told
    assert "expected: 2027-03-06 15:00 CET or later" in told


def test_an_open_lab_is_over_when_its_organiser_says_so(event, refused, rewrite):
    lab = open_lab(event, rewrite)
    assert must_be_confirmed(lab)
    assert not must_be_confirmed(event)
    assert "only you can say it is over" in refused(lab)
    assert (reveal(lab, confirmed=True) / "revealed.json").is_file()


def test_the_demo_is_revealed_at_any_time_and_says_that_its_seed_is_public(kit, tmp_path):
    build(kit)
    notes = Notes()
    told = json.loads(
        (reveal(kit, tmp_path / "out", progress=notes) / "revealed.json").read_bytes()
    )
    assert bytes.fromhex(told["seed"]) == open_workspace().event.public_seed.encode()
    assert any("seed is public" in note for note in notes)


@pytest.mark.parametrize("secret", ["seed", "salt"])
def test_secrets_that_were_changed_after_the_build_open_nothing(event, refused, rewrite, secret):
    rewrite(event.folder / "secret.toml", f'{secret} = "', f'{secret} = "ff')
    told = refused(reopened(event.folder, event.kit))
    assert "secret.toml: its seed and salt do not open the commitment" in told
    assert "(1 problem)" in told  # under another salt every hash differs, which says nothing more


def test_every_answer_that_was_changed_after_the_build_is_told(event, refused, rewrite):
    truth = event.current_truth() / "visits"
    rewrite(truth / "visits.csv", "true", "false")
    (truth / "secrets.csv").unlink()
    (truth / "more.csv").write_text("id\n1\n")
    told = refused()
    assert "truth/visits/visits.csv: the file has changed" in told
    assert "truth/visits/secrets.csv: the file is missing" in told
    assert "truth/visits/more.csv: the file is not in the manifest" in told


def test_what_only_the_next_build_reads_of_the_truth_is_no_part_of_the_promise(event):
    shutil.rmtree(event.current_truth() / "visits" / "kept")
    reveal(event)


def test_content_that_was_changed_after_the_build_is_told(event, refused, rewrite):
    rewrite(event.folder / "datasets" / "visits" / "recipe.yml", "180", "181")
    assert "datasets/visits: the folder has changed since the bundle was built" in refused()


def test_another_version_of_the_kits_content_is_no_hindrance_but_told(event, rewrite):
    rewrite(event.kit / "datasets" / "parks" / "dataset.yml", "One row is one park.", "A park.")
    notes = Notes()
    reveal(event, progress=notes)
    assert any("datasets/parks" in note and "which version" in note for note in notes)


def test_a_damaged_bundle_is_not_vouched_for(event, rewrite):
    rewrite(event.current_bundle() / "datasets" / "parks" / "parks.csv", "Birch", "Beech")
    with pytest.raises(BundleDamaged, match=r"datasets/parks/parks\.csv: the content has changed"):
        reveal(event)
    shutil.rmtree(event.generations)
    with pytest.raises(BundleError, match="names a bundle that is gone"):
        reveal(event)


def test_revealing_twice_changes_nothing(event):
    first = reveal(event)
    before = {path: path.stat().st_mtime_ns for path in [first, *first.rglob("*")]}
    notes = Notes()
    assert reveal(event, progress=notes) == first
    assert {path: path.stat().st_mtime_ns for path in [first, *first.rglob("*")]} == before
    assert "it is revealed already" in notes
    assert not list(event.folder.glob(".revealing-*"))


def test_two_folders_get_the_same_bytes(event, tmp_path):
    assert contents(reveal(event)) == contents(reveal(event, tmp_path / "new" / "elsewhere"))


def test_what_lies_there_already_is_never_overwritten(event, refused, tmp_path):
    revealed = reveal(event)
    (revealed / "revealed.json").write_text("{}")
    assert "something else lies there already" in refused()
    (tmp_path / "file").write_text("mine")
    assert "something else lies there already" in refused(folder=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert reveal(event, tmp_path / "empty") == tmp_path / "empty"


@pytest.mark.parametrize(
    "place", ["generations/bundle", "uploads/revealed", "datasets/revealed", "generations/.."]
)
def test_it_is_never_written_where_pages_or_builds_look(event, refused, place):
    told = refused(folder=event.folder / place)
    assert "nothing can be revealed there" in told or "something else lies there" in told
    inside = event.current_bundle() / "datasets" / "revealed"
    assert "nothing can be revealed there" in refused(folder=inside)


def test_an_interruption_leaves_nothing_behind(event, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_json", interrupt)
    before = sorted(event.folder.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        reveal(event)
    assert sorted(event.folder.rglob("*")) == before


def test_it_is_readable_by_everybody_it_is_meant_for(event):
    revealed = reveal(event)
    assert revealed.stat().st_mode & 0o055 == 0o055


def test_the_current_generation_is_the_one_that_is_revealed(event, rewrite):
    first = open_bundle(event.current_bundle()).digest
    rewrite(event.folder / "datasets" / "visits" / "recipe.yml", "180", "181")
    build(event)
    told = json.loads((reveal(event) / "revealed.json").read_bytes())
    assert told["bundle"] == sha256(event.current_bundle() / "manifest.json") != first
