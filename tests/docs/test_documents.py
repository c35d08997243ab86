"""What README and docs/ say is there is there: paths, folders, commands, flags, links."""

import re
import subprocess

import pytest

from tests.docs import reading
from tests.docs.reading import DOCUMENTS, ROOT

README = (ROOT / "README.md").read_text("utf-8")
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def tracked():
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listing.stdout.split("\0")


@pytest.mark.parametrize("path", reading.tree(README))
def test_every_path_in_the_tree_exists(path):
    assert any(ROOT.glob(path.rstrip("/"))), f"README's tree names {path}; nothing is there"


def test_every_tracked_folder_is_in_the_tree():
    folders = {name.split("/")[0] for name in tracked() if "/" in name}
    shown = {path.split("/")[0] for path in reading.tree(README)}
    assert {folder for folder in folders if not folder.startswith(".")} - shown == set()


@each_document
def test_every_script_named_is_there(document):
    for script, *_ in reading.commands(document.read_text("utf-8")):
        assert script == "sandbox" or (ROOT / script).is_file(), f"{script} is not there"


@each_document
def test_every_sandbox_command_named_exists_with_its_flags(document):
    named = [c for c in reading.commands(document.read_text("utf-8")) if c[0] == "sandbox"]
    for words in named:
        check_command(words)


def check_command(words):
    """Follow the words down the command line's groups, then look each flag up."""
    from sandbox.cli import main

    command, rest = main, words[1:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"{' '.join(words)}: there is no {rest[0]!r}"
        command, rest = command.commands[rest[0]], rest[1:]
    flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help"}
    for word in rest:
        if word.startswith("--"):
            assert word.split("=")[0] in flags, f"{' '.join(words)}: there is no {word}"


@each_document
def test_every_link_leads_somewhere(document):
    for link in reading.links(document.read_text("utf-8")):
        target = document.parent / link.split("#")[0]
        assert target.exists(), f"{document.name} links {link}"


def test_readme_links_every_document():
    linked = {link.split("#")[0] for link in reading.links(README)}
    documents = {path.relative_to(ROOT).as_posix() for path in DOCUMENTS} - {"README.md"}
    assert "docs/decisions.md" in documents
    assert documents - linked == set()


def test_readme_names_the_two_commands():
    named = {command[0] for command in reading.commands(README)}
    assert {"scripts/serve", "scripts/test"} <= named


def test_every_decision_says_why_and_instead_of_what():
    text = (ROOT / "docs" / "decisions.md").read_text("utf-8")
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    entries = re.split(r"^## ", outside, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"\d{4}-\d{2}-\d{2} \S", entry), entry.splitlines()[0]
        assert "**Why.**" in entry, entry.splitlines()[0]
        assert "**Instead of.**" in entry, entry.splitlines()[0]
    dates = [entry[:10] for entry in entries]
    assert dates == sorted(dates, reverse=True), "the newest first"
