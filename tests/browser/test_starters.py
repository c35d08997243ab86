"""From the challenge's page to a running project: downloaded, installed, live, accessible."""

import re
import subprocess
import sys
import zipfile

import pytest

from sandbox.workspace import KIT
from tests.browser.page_checks import DESKTOP, PHONE
from tests.starters.running import NOBODY, install, running
from tests.starters.test_web_app import COMMANDS, known_row

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def downloaded(browser, sandbox_url, tmp_path_factory):
    """The project a participant gets by clicking from a challenge to the zip, installed."""
    folder = tmp_path_factory.mktemp("downloaded")
    page = browser.new_page(locale="en-GB")
    page.goto(f"{sandbox_url}/challenges/know-your-municipality/")
    page.locator("main a[href*='/starters/web-app/']").first.click()
    page.get_by_label("What do you call your project?").fill("Found by clicking")
    page.get_by_label("Which challenge is it for?").select_option("know-your-municipality")
    with page.expect_download() as download:
        page.locator("main form button[type=submit]").click()
    assert download.value.suggested_filename == "found-by-clicking.zip"
    download.value.save_as(folder / "project.zip")
    page.close()
    with zipfile.ZipFile(folder / "project.zip") as archive:
        archive.extractall(folder)
    project = folder / "found-by-clicking"
    install(project, COMMANDS)
    return project


def test_a_downloaded_project_is_live_without_further_ado(
    downloaded, sandbox_url, new_page, axe, tmp_path
):
    key, _ = known_row(downloaded)
    settings = (downloaded / "settings.json").read_text()
    address = re.search(r'"sandbox_url": "([^"]+)"', settings)[1]
    assert address.rstrip("/") == sandbox_url
    with running(downloaded, COMMANDS[-1], address, tmp_path / "log") as url:
        for options in (PHONE, DESKTOP, {**PHONE, "color_scheme": "dark", "locale": "nb-NO"}):
            page = new_page(**options)
            page.goto(url)
            assert page.locator(".badge-live").is_visible()
            assert page.locator("tbody th", has_text=key).first.is_visible()
            width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert width[0] <= width[1], "the page scrolls sideways"
            axe(page)
            page.close()


def test_a_filter_finds_the_same_live_and_on_the_sample(
    downloaded, sandbox_url, new_page, tmp_path
):
    """The sample of this challenge is the whole table, so the answers must be equal."""
    answers = []
    for source, address in (("live", sandbox_url), ("sample", NOBODY)):
        with running(downloaded, COMMANDS[-1], address, tmp_path / source) as url:
            page = new_page(locale="en-GB")
            page.goto(url)
            page.get_by_label("Municipality contains").fill("berg")
            page.get_by_label("Population, at least (persons)").fill("5 000")
            page.get_by_role("button", name="Show").click()
            assert page.locator(f".badge-{source}").is_visible()
            answers.append(page.locator("tbody").last.inner_text())
            page.close()  # before its server ends, or a late request for the icon would fail
    assert answers[0] == answers[1]
    assert "berg" in answers[0]


def test_what_is_wrong_is_said_beside_its_field(downloaded, browser, axe, tmp_path):
    page = browser.new_page(locale="en-GB")  # not watched: the answer's status 400 is logged
    with running(downloaded, COMMANDS[-1], NOBODY, tmp_path / "log") as url:
        page.goto(f"{url}/?population__gte=many")
        field = page.get_by_label("Population, at least (persons)")
        assert field.get_attribute("aria-invalid") == "true"
        assert "Write a number" in page.locator("#population__gte-problem").inner_text()
        axe(page)
    page.close()


def test_the_samples_are_rows_of_the_demo(demo_state):
    generation = (demo_state / "current").read_text().strip()
    bundle = demo_state / "generations" / generation / "bundle"
    command = [sys.executable, str(KIT / "scripts" / "_stamp.py"), "--check"]
    done = subprocess.run([*command, "--bundle", str(bundle)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
