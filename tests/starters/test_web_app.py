"""The web app as a team meets it: three commands, no network, real rows on the first page."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from sandbox import starters
from sandbox.workspace import KIT
from tests.starters.running import NOBODY, install, run_own_tests, running

WEB_APP = KIT / "starter_templates" / "web-app"
COMMANDS = tuple(yaml.safe_load((WEB_APP / "starter.yml").read_text())["commands"])
CHALLENGES = {
    "same-day-permit": "applications",
    "explain-a-decision": "support_cases",
    "reminder-letter": "appointments",
    "data-quality-hunt": "reports",
    "living-conditions": "indicators",
    "know-your-municipality": "municipalities",
}
ODD_NAME = 'Åse\'s "idé" 🏥 {{7*7}}'

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .venv made by the first two commands, for the projects of all tests here."""
    project = starters.start(WEB_APP, tmp_path_factory.mktemp("installed"), {})
    install(project, COMMANDS)
    return project / ".venv"


@pytest.fixture(params=CHALLENGES)
def project(request: pytest.FixtureRequest, environment: Path, tmp_path: Path) -> Path:
    answers = {"challenge": request.param, "project_name": ODD_NAME}
    made = starters.start(WEB_APP, tmp_path, answers)
    (made / ".venv").symlink_to(environment)
    return made


def known_row(project: Path) -> tuple[str, str]:
    """The key of the sample's first row, and the challenge's table."""
    challenge = json.loads((project / "settings.json").read_text())["challenge"]
    table = CHALLENGES[challenge]
    file = project / "data" / "sample" / challenge / f"{table}.json"
    return json.loads(file.read_text(encoding="utf-8"))["rows"][0][0], table


def test_its_own_tests_are_green_with_the_network_off(project: Path) -> None:
    assert "OK" in run_own_tests(project)


def test_its_first_page_shows_a_known_row_of_the_sample(project: Path, tmp_path: Path) -> None:
    key, _ = known_row(project)
    with running(project, COMMANDS[-1], NOBODY, tmp_path / "log") as url:
        page = urlopen(f"{url}/?lang=en").read().decode()
    assert f'<th scope="row">{key}</th>' in page
    assert "SAMPLE" in page
    assert "{{7*7}}" in page, "a name is shown as it was typed"
    assert "49" not in page.split("<h1>")[1].split("</h1>")[0]


def test_a_taken_port_gets_a_sentence(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [str(project / ".venv/bin/python"), "app.py"]
        done = subprocess.run(
            command, cwd=project, env={"PORT": port}, capture_output=True, text=True, timeout=30
        )
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
