"""What no tracked file may name is found with its file and line."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "text",
    [
        "index = https://" + "pypi" + ".org/simple",
        "files." + "pythonhosted" + ".org",
        "cd /" + "home/kari/sandbox",
        "see /" + "tmp/answers.csv",
        "as iss" + "ue 12 asks",
    ],
)
def test_an_unwanted_name_is_found_where_it_stands(tidy, tmp_path, text):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "notes.md").write_text(f"first line\n{text}\n")
    (tmp_path / "untracked.md").write_text(text)
    subprocess.run(["git", "add", "notes.md"], cwd=tmp_path, check=True)
    (found,) = tidy.findings(tmp_path)
    assert found.startswith("notes.md:2: ")


@pytest.mark.parametrize(
    "text",
    ["the network", "https://example.org/home/page", "build/tmp/x", "an issue", "{tmp}/work/x"],
)
def test_ordinary_words_and_addresses_pass(tidy, tmp_path, text):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "notes.md").write_text(text)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert list(tidy.findings(tmp_path)) == []
