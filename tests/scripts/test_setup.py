"""When an environment is used as it is, brought up to date, or made anew; and what uv is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = "uv==1.0 \\\n    --hash=sha256:00\n"
LOCK = f"{UV}click==8.0 ; sys_platform == 'win32' \\\n    --hash=sha256:11\n"


@pytest.fixture
def clone(tmp_path, setup):
    """A clone whose set-up is finished, without any package: the stamp is what is looked at."""
    root = tmp_path / "a clone"
    python = setup.venv_python(root)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (root / "pyproject.toml").write_text("[project]\n")
    for lock in (setup.RUNTIME, setup.DEV):
        (root / lock).write_text(LOCK)
    finish(root, setup, setup.RUNTIME)
    return root


def finish(root, setup, lock):
    """What an installation leaves behind."""
    stamp = {
        "root": str(root),
        "python": os.path.realpath(setup.venv_python(root)),
        "installed": {lock: setup._fingerprint(root, lock)},
    }
    setup.stamp_file(root).write_text(json.dumps(stamp))


@pytest.fixture
def commands(monkeypatch, setup):
    """Every command the set-up starts, none of which is run; set `.failing` to make some fail."""

    class Commands(list):
        failing = ()

        def run(self, command, environment=None):
            self.append(" ".join(command))
            if "venv" in command:
                python = setup.venv_python(Path(command[-1]).parent)
                python.parent.mkdir(parents=True, exist_ok=True)
                python.touch()
            return not any(word in self[-1] for word in self.failing)

    started = Commands()
    monkeypatch.delenv("SANDBOX_INSTALLER", raising=False)
    monkeypatch.setattr(setup, "_succeeds", started.run)
    monkeypatch.setattr(setup, "pip_settings", lambda python: {})
    return started


def test_a_finished_set_up_starts_nothing(clone, setup, commands):
    assert setup.ready(setup.RUNTIME, clone) == str(setup.venv_python(clone))
    assert commands == []


@pytest.mark.parametrize("file", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_into_the_environment_there_is(
    clone, setup, commands, file
):
    (clone / file).write_text(LOCK + "# changed\n")
    setup.ready(setup.RUNTIME, clone)
    assert not any("-m venv" in command for command in commands)
    assert any("--require-hashes" in command for command in commands)
    commands.clear()
    setup.ready(setup.RUNTIME, clone)
    assert commands == []


def test_the_development_lock_is_installed_once_and_covers_the_runtime_one(clone, setup, commands):
    setup.ready(setup.DEV, clone)
    assert commands
    commands.clear()
    setup.ready(setup.DEV, clone)
    setup.ready(setup.RUNTIME, clone)
    assert commands == []


def test_a_moved_clone_gets_a_new_environment(clone, setup, commands, tmp_path):
    moved = clone.rename(tmp_path / "elsewhere")
    setup.ready(setup.RUNTIME, moved)
    assert "-m venv --clear" in commands[0]
    assert str(moved) in commands[0]


def test_an_environment_whose_python_is_gone_is_made_anew(clone, setup, commands):
    setup.venv_python(clone).unlink()
    setup.ready(setup.RUNTIME, clone)
    assert "-m venv --clear" in commands[0]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"root": 1}', '{"installed": []}'])
def test_a_damaged_stamp_means_a_new_environment(clone, setup, commands, content):
    setup.stamp_file(clone).write_text(content)
    setup.ready(setup.RUNTIME, clone)
    assert "-m venv --clear" in commands[0]


def test_an_interrupted_installation_leaves_no_stamp(clone, setup, commands, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    (clone / "pyproject.toml").write_text("changed")
    monkeypatch.setattr(setup, "_install_packages", interrupt)
    with pytest.raises(SystemExit, match="130"):
        setup.ready(setup.RUNTIME, clone)
    assert not setup.stamp_file(clone).exists()


def test_a_command_that_fails_ends_the_script_with_its_exit_code(setup):
    setup.call(sys.executable, "-c", "")
    with pytest.raises(SystemExit, match="7"):
        setup.call(sys.executable, "-c", "raise SystemExit(7)")


def test_pip_takes_over_where_uv_fails_and_hashes_are_still_required(clone, setup, commands):
    setup.stamp_file(clone).unlink()
    commands.failing = ("-m uv",)
    setup.ready(setup.RUNTIME, clone)
    assert "-m pip install" in commands[-2]
    assert "--require-hashes" in commands[-2]
    assert "-m pip install" in commands[-1]
    assert commands[-1].endswith(f"-e {clone}")


def test_uv_itself_is_installed_from_its_pin_in_the_lock(clone, setup, commands, monkeypatch):
    def installed(command, environment=None):
        if "-r" in command:
            seen.append(Path(command[-1]).read_text())
        return commands.run(command, environment)

    seen = []
    monkeypatch.setattr(setup, "_succeeds", installed)
    setup.ready(setup.DEV, clone)
    assert seen[0] == UV
    assert seen[1] == LOCK


def test_without_the_network_the_message_says_what_is_needed(clone, setup, commands):
    commands.failing = ("-m uv", "-m pip")
    (clone / "pyproject.toml").write_text("changed")
    with pytest.raises(SystemExit, match="network or a mirror") as stopped:
        setup.ready(setup.RUNTIME, clone)
    assert isinstance(stopped.value.code, str)  # Python prints it and exits 1
    assert not setup.is_ready(clone, setup.RUNTIME)


def test_without_the_venv_module_the_message_names_the_package(clone, setup, commands):
    commands.failing = ("-m venv",)
    setup.stamp_file(clone).unlink()
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        setup.ready(setup.RUNTIME, clone)


def test_a_folder_one_may_not_write_to_is_named(clone, setup, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(clone / ".venv"))

    setup.stamp_file(clone).unlink()
    monkeypatch.setattr(setup, "_install", refuse)
    with pytest.raises(SystemExit, match="folder you may write to"):
        setup.ready(setup.RUNTIME, clone)


def test_uv_is_told_what_pip_is_configured_with(setup, monkeypatch):
    for name in ("SSL_CERT_FILE", "UV_INDEX", "UV_INDEX_STRATEGY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_FIND_LINKS", "mine")
    environment, flags = setup.uv_settings(
        {
            "index-url": "https://mirror.example/simple",
            "extra-index-url": "https://a.example https://b.example",
            "find-links": "one two",
            "cert": "ca.pem",
            "proxy": "http://proxy.example:8080",
            "no-index": "true",
        }
    )
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["UV_INDEX"] == "https://a.example https://b.example"
    assert environment["UV_FIND_LINKS"] == "mine"  # set for uv itself, so it wins
    assert environment["SSL_CERT_FILE"] == "ca.pem"
    assert environment["HTTPS_PROXY"] == "http://proxy.example:8080"
    assert environment["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert flags == ["--no-index"]


@pytest.mark.heavy
def test_pips_own_configuration_is_read_with_its_order_of_precedence(setup, monkeypatch, tmp_path):
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[global]\nindex-url = https://global.example/simple\nfind-links =\n    /one\n    /two\n"
        "[install]\nindex-url = https://install.example/simple\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example")
    settings = setup.pip_settings(sys.executable)
    assert settings["index-url"] == "https://install.example/simple"
    assert settings["proxy"] == "http://proxy.example"
    assert settings["find-links"].split() == ["/one", "/two"]


def test_a_python_too_old_is_refused_in_one_line(tmp_path):
    """The module's first statements, run with an older version's number in place."""
    source = (ROOT / "scripts" / "_setup.py").read_text("utf-8")
    head = source[: source.index("import ast")]
    old = "import sys\nsys.version_info = (3, 10, 4)\nsys.version = '3.10.4 (main)'\n"
    done = subprocess.run([sys.executable, "-c", old + head], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "Sandbox needs Python 3.11 or later; this is Python 3.10.4.\n"


def test_the_set_up_parses_with_the_oldest_python_3_a_machine_may_still_have():
    """The refusal above needs the whole file to parse there: no syntax newer than 3.7."""
    import ast

    for name in ("_setup.py", "serve", "test"):
        ast.parse((ROOT / "scripts" / name).read_text("utf-8"), feature_version=(3, 7))
