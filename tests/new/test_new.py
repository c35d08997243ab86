"""A new challenge passes `check` and is built as it stands; a name that cannot be is refused."""

import json
import shutil
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner

from sandbox import cli, new
from sandbox.build import build, check
from sandbox.bundle import open_bundle
from sandbox.catalog.models import Challenge, Score
from sandbox.errors import SandboxError
from sandbox.workspace import KIT, new_event, open_workspace

SLUG = "quiet-streets"


@pytest.fixture
def event(tmp_path):
    """An event on a kit of one dataset and one starter."""
    kit = tmp_path / "kit"
    for part in ("datasets/norway", "starter_templates/web-app"):
        shutil.copytree(KIT / part, kit / part)
    starter = kit / "starter_templates" / "web-app" / "starter.yml"
    described = yaml.safe_load(starter.read_text(encoding="utf-8")) | {"challenges": []}
    starter.write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    return replace(open_workspace(new_event(tmp_path / "spring")), kit=kit)


def test_a_new_challenge_passes_every_rule_as_it_stands(event):
    folder = new.challenge(event, SLUG)
    assert folder == event.folder / "challenges" / SLUG
    assert check(event) == []
    described = yaml.safe_load((folder / "challenge.yml").read_text(encoding="utf-8"))
    assert described["title"] == {"en": "Quiet streets", "nb": "Quiet streets"}
    assert (folder / "brief.nb.md").read_text(encoding="utf-8").startswith("# Quiet streets\n")
    assert not list(folder.parent.glob(".*"))


@pytest.mark.heavy
def test_a_new_challenge_is_built_and_its_number_to_beat_is_the_one_it_says(event):
    folder = new.challenge(event, SLUG)
    bundle = open_bundle(build(event))
    scores = json.loads(bundle.file(f"challenges/{SLUG}/scores.json").read_bytes())
    baseline = yaml.safe_load((folder / "challenge.yml").read_text(encoding="utf-8"))["baseline"]
    assert scores["rows"][0]["score"] == pytest.approx(100 * baseline["value"] / 15)
    assert scores["rows"][1]["score"] == 0
    assert bundle.has(f"challenges/{SLUG}/picture.json")


def test_every_key_of_a_challenge_is_explained_in_the_new_one(event):
    text = (new.challenge(event, SLUG) / "challenge.yml").read_text(encoding="utf-8")
    for key in (*Challenge.model_fields, *Score.model_fields):
        assert f"{key}:" in text, key
    before = ""
    for line in text.splitlines():
        alone = line[:1].isalpha() and not before.startswith(("#", *"abcdefghijklmnopqrstuvwxyz"))
        assert not alone, f"nothing is said before {line}"
        before = line


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("Quiet Streets!", "Try: quiet-streets"),
        ("2027_streets", "Try: streets"),
        ("../streets", "Try: streets"),
        ("ÆØÅ", "a letter first"),
        ("", "a letter first"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_better_one(event, name, better):
    with pytest.raises(SandboxError, match=better):
        new.challenge(event, name)
    assert not (event.folder / "challenges").exists()


def test_a_name_that_is_taken_in_the_event_or_the_kit_is_refused_and_nothing_changes(event):
    mine = new.challenge(event, SLUG) / "challenge.yml"
    mine.write_text("title: mine\n", encoding="utf-8")
    with pytest.raises(SandboxError, match="quiet-streets exists already"):
        new.challenge(event, SLUG)
    assert mine.read_text(encoding="utf-8") == "title: mine\n"
    with pytest.raises(SandboxError, match="same-day-permit exists already"):
        new.challenge(open_workspace(), "same-day-permit")


def test_an_interrupted_one_is_no_content_and_in_nobodys_way(event):
    rest = event.folder / "challenges" / f".{SLUG}.new"
    rest.mkdir(parents=True)
    (rest / "half").write_text("x")
    assert check(event) == []
    assert new.challenge(event, SLUG).is_dir()
    assert not rest.exists()


def test_without_an_event_it_is_made_among_the_kits_own(event):
    demo = event.kit / "demo"
    demo.mkdir()
    on_kit = replace(open_workspace(), kit=event.kit, folder=demo)
    assert new.challenge(on_kit, SLUG) == event.kit / "challenges" / SLUG


def test_an_event_that_lists_its_challenges_is_told_to_add_it(event, monkeypatch):
    chosen = event.event.model_copy(update={"challenges": ("other",)})
    monkeypatch.setattr(cli, "open_workspace", lambda _: replace(event, event=chosen))
    done = CliRunner().invoke(cli.main, ["new", "challenge", SLUG])
    assert done.exit_code == 0, done.output
    assert f"add '{SLUG}' to challenges in event.toml" in done.output
    assert "sandbox check --event" in done.output
