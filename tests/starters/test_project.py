"""A project made from a starter: what cookiecutter makes, from any answer that can be typed."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import starters
from sandbox.errors import StarterError
from sandbox.starters import File
from sandbox.workspace import KIT

TEMPLATES = KIT / "starter_templates"
STARTERS = sorted(path.parent for path in TEMPLATES.glob("[!_]*/cookiecutter.json"))
WEB_APP = TEMPLATES / "web-app"
ODD = (
    'The "quoted" one',
    "Åse's café",
    "Helse 🏥",
    "🏥🚑",
    "back\\slash and /slash/",
    "../../etc/passwd",
    "..",
    "{{7*7}}",
    "{% raw %}",
    "{# gone? #}",
    "{{ cookiecutter.__class__ }}",
    "<script>alert(1)</script>",
    "- yaml: [",
    "東京",
    "7",
    "x" * 60,
)
REFUSED = {
    "two\nlines": "line break",
    "a\ttab": "line break",
    "nul\0": "line break",
    "turned \u202e around": "cannot be seen",
    "\ud800": "cannot be seen",
    "x" * 300: "too long",
    "   ": "empty",
    "con": "Windows",
}


def parse(files: dict[str, File], name: str = "") -> None:
    """Fail on a file that its own language cannot read, or with a marker that nobody typed."""
    readers = {
        ".py": lambda text: ast.parse(text),
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".yml": yaml.safe_load,
    }
    for path, file in files.items():
        suffix = Path(path).suffix
        if suffix in readers:
            readers[suffix](file.content.decode())
        assert b"cookiecutter." not in file.content or "cookiecutter." in name, path


def on_disk(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Path → content and whether it can be executed, which is all that git keeps of a mode."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in folder.rglob("*")
        if path.is_file()
    }


def in_memory(files: dict[str, File]) -> dict[str, tuple[bytes, bool]]:
    return {name: (file.content, bool(file.mode & 0o100)) for name, file in files.items()}


def cookiecutter(template: list[str], answers: dict[str, str], tmp_path: Path) -> Path:
    """What cookiecutter's own command line makes, in a home of its own."""
    made = tmp_path / "made"
    command = [sys.executable, "-m", "cookiecutter", *template, "--no-input", "--default-config"]
    command += ["-o", str(made), *(f"{key}={value}" for key, value in answers.items())]
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONUTF8": "1"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return made


def test_there_are_starters() -> None:
    assert [path.name for path in STARTERS] == ["web-app"]


@pytest.mark.heavy
@pytest.mark.parametrize("folder", STARTERS, ids=lambda path: path.name)
def test_the_defaults_give_what_cookiecutter_gives(folder: Path, tmp_path: Path) -> None:
    made = cookiecutter([str(TEMPLATES), "--directory", folder.name], {}, tmp_path)
    assert in_memory(starters.render(folder, {})) == on_disk(made)


@pytest.mark.heavy
def test_other_answers_give_what_cookiecutter_gives(tmp_path: Path) -> None:
    answers = {
        "project_name": 'Åses "første" idé\'s 🏥 <b>',
        "challenge": "know-your-municipality",
        "licence": "EUPL-1.2",
        "sandbox_url": "https://sandbox.example.org/here/",
    }
    made = cookiecutter([str(TEMPLATES), "--directory", "web-app"], answers, tmp_path)
    assert in_memory(starters.render(WEB_APP, answers)) == on_disk(made)


@pytest.mark.heavy
def test_any_layout_that_the_kit_allows_gives_what_cookiecutter_gives(tmp_path: Path) -> None:
    template = tmp_path / "template"
    project = template / "{{cookiecutter.project_slug}}"
    (project / "kept" / "inner").mkdir(parents=True)
    (project / "{{cookiecutter.project_slug}}").mkdir()
    spec = {
        "project_name": "My idea",
        "colour": ["red", "blue"],
        "project_slug": "{{ cookiecutter.project_name|slugify }}",
        "__shout": "{{ cookiecutter.project_name|upper }}",
        "_constant": "{{ not rendered }}",
        "_copy_without_render": ["kept", "*.tpl"],
        "__prompts__": {"project_name": "Name?"},
    }
    (template / "cookiecutter.json").write_text(json.dumps(spec))
    (project / "a.txt").write_text(
        "{{ cookiecutter.__shout }} {{ cookiecutter._constant }} {{ cookiecutter.colour|tojson }}\n"
    )
    (project / "kept" / "inner" / "b.html").write_text("{{ for_flask }}")
    (project / "c.tpl").write_text("{% for_later %}\n")
    (project / "{{cookiecutter.project_slug}}" / "__init__.py").write_text("")
    (project / "run.sh").write_text("#!/bin/sh\necho {{ cookiecutter.colour }}\n")
    (project / "run.sh").chmod(0o755)
    (project / "picture.bin").write_bytes(bytes(range(256)))
    answers = {"project_name": "An idea", "colour": "blue"}
    made = cookiecutter([str(template)], answers, tmp_path)
    files = starters.render(template, answers)
    assert in_memory(files) == on_disk(made)
    assert files["an-idea/a.txt"].content == b'AN IDEA {{ not rendered }} "blue"\n'
    assert (files["an-idea/run.sh"].mode, files["an-idea/a.txt"].mode) == (0o755, 0o644)


@pytest.mark.parametrize("folder", STARTERS, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_gives_a_whole_project_and_stays_as_typed(name: str, folder: Path) -> None:
    files = starters.render(folder, {"project_name": name})
    parse(files, name)
    assert len({path.split("/")[0] for path in files}) == 1
    record = next(file for path, file in files.items() if path.endswith("/.starter.json"))
    assert json.loads(record.content)["answers"]["project_name"] == name


@pytest.mark.parametrize(("name", "reason"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(StarterError, match=reason) as raised:
        starters.render(WEB_APP, {"project_name": name})
    assert [problem.file for problem in raised.value.problems] == ["project_name"]


@pytest.mark.heavy
@settings(max_examples=40, deadline=None)
@given(st.text(max_size=70))
def test_whatever_is_typed_gives_a_whole_project_or_a_clear_refusal(name: str) -> None:
    try:
        files = starters.render(WEB_APP, {"project_name": name})
    except StarterError:
        return
    parse(files, name)
    assert all(".." not in Path(path).parts and not path.startswith("/") for path in files)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    answers = {
        "project_name": "",
        "licence": "GPL",
        "challenge": "../x",
        "sandbox_url": "javascript:alert(1)",
        "projectname": "x",
    }
    with pytest.raises(StarterError) as raised:
        starters.render(WEB_APP, answers)
    assert {problem.file for problem in raised.value.problems} == set(answers)
    assert "did you mean project_name?" in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://",
        "http://a b/",
        'http://x/"',
        "http://x:99999/",
        "http://u@x/",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(StarterError, match="not an address"):
        starters.render(WEB_APP, {"sandbox_url": address})


def test_a_computed_answer_cannot_be_given() -> None:
    with pytest.raises(StarterError, match="not asked"):
        starters.render(WEB_APP, {"project_slug": "../x"})


def test_a_template_reaches_nothing_of_this_machine(tmp_path: Path) -> None:
    project = tmp_path / "{{cookiecutter.project_slug}}"
    project.mkdir()
    (tmp_path / "cookiecutter.json").write_text('{"project_slug": "x", "__prompts__": {}}')
    (project / "a.txt").write_text("{{ cookiecutter.__class__.__mro__ }}")
    with pytest.raises(StarterError, match="unsafe"):
        starters.render(tmp_path, {})
    (project / "a.txt").unlink()
    (project / "a.txt").symlink_to("/etc/hostname")
    with pytest.raises(StarterError, match="link"):
        starters.render(tmp_path, {})
    (project / "a.txt").unlink()
    (project / "{{ '..' }}").mkdir()
    (project / "{{ '..' }}" / "b.txt").write_text("")
    with pytest.raises(StarterError, match="outside the project"):
        starters.render(tmp_path, {})


def test_a_zip_holds_the_files_with_their_modes_and_equal_answers_give_equal_bytes() -> None:
    answers = {"project_name": "An idea"}
    name, content = starters.zip_bytes(WEB_APP, answers, sandbox_url="http://10.0.0.5:8001")
    assert name == "an-idea.zip"
    assert (name, content) == starters.zip_bytes(
        WEB_APP, answers, sandbox_url="http://10.0.0.5:8001"
    )
    files = starters.render(WEB_APP, answers | {"sandbox_url": "http://10.0.0.5:8001"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        packed = {
            info.filename: File(archive.read(info), info.external_attr >> 16 & 0o777)
            for info in archive.infolist()
        }
    assert packed == files


def test_a_project_is_written_whole_and_nothing_is_overwritten(tmp_path: Path) -> None:
    project = starters.start(WEB_APP, tmp_path / "new", {"project_name": "An idea"})
    files = starters.render(WEB_APP, {"project_name": "An idea"})
    assert on_disk(project.parent) == in_memory(files)
    (project / "mine.txt").write_text("work")
    with pytest.raises(StarterError, match="of this name already"):
        starters.start(WEB_APP, tmp_path / "new", {"project_name": "An idea"})
    assert (project / "mine.txt").read_text() == "work"


def test_questions_are_asked_in_the_readers_language_and_there_are_few() -> None:
    for folder in STARTERS:
        asked = starters.questions(folder)
        assert 1 <= len(asked) <= 4
        norwegian = starters.questions(folder, "nb")
        assert [q.name for q in asked] == [q.name for q in norwegian]
        for english, other in zip(asked, norwegian, strict=True):
            assert english.prompt != other.prompt
            assert list(english.choices) == list(other.choices)


def test_questions_that_a_starter_has_not_in_a_language_say_in_which_they_are() -> None:
    bokmal = starters.questions(WEB_APP, "nb")
    assert {question.language for question in bokmal} == {"nb"}
    assert starters.questions(WEB_APP, "nn") == bokmal
    assert starters.questions(WEB_APP, "sv") == starters.questions(WEB_APP, "en")


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0", "EUPL-1.2"])
def test_the_licence_that_was_chosen_is_the_one_inside(licence: str) -> None:
    files = starters.render(WEB_APP, {"licence": licence, "project_name": "An idea"})
    text = files["an-idea/LICENSE"].content.decode()
    titles = {"MIT": "MIT License", "Apache-2.0": "Apache License", "EUPL-1.2": "EUROPEAN UNION"}
    assert {name for name, title in titles.items() if title in text} == {licence}


def test_the_readme_has_the_commands_that_the_descriptor_names() -> None:
    commands = yaml.safe_load((WEB_APP / "starter.yml").read_text())["commands"]
    readme = starters.render(WEB_APP, {"project_name": "An idea"})["an-idea/README.md"]
    assert "\n".join(commands) in readme.content.decode()
