"""From the organiser's first link to a participant's account, on a phone and without scripts."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.browser.page_checks import PHONE
from tests.serving import environment, served


@pytest.fixture
def event(demo_state, tmp_path):
    """The demo with nobody in it: its address, and the first organiser's link."""
    state = tmp_path / "demo"
    shutil.copytree(demo_state, state, ignore=shutil.ignore_patterns("board.sqlite*"))
    told = environment(state)
    command = [sys.executable, "-m", "sandbox", "event", "organiser", "boss@example.org"]
    made = subprocess.run(command, env=told, check=True, capture_output=True, text=True)
    with served(["-m", "sandbox", "serve"], told, tmp_path / "log") as url:
        yield url, re.search(r"/sign-in/link/\S+", made.stdout)[0]


def test_an_organiser_prints_an_invite_and_a_participant_scans_it(new_page, event, axe):
    url, link = event
    boss = new_page(**PHONE, java_script_enabled=False)
    boss.goto(url + link)
    boss.get_by_role("button", name="Sign in").click()
    boss.get_by_label("Your name").fill("Boss Berg")
    _tick_all(boss)
    boss.get_by_role("button", name="Join").click()
    boss.goto(f"{url}/organiser/")
    boss.get_by_role("link", name="Invites").click()
    boss.get_by_role("link", name="Make an invite").click()
    boss.get_by_role("button", name="Make the invite").click()
    scanned = boss.locator("code.secret").inner_text()
    assert scanned.startswith(f"{url}/in/")
    boss.emulate_media(media="print")
    assert boss.locator(".poster .code").is_visible()
    assert not boss.locator("code.secret").is_visible()

    looked_at = new_page(**PHONE)
    looked_at.goto(scanned)
    axe(looked_at)

    phone = new_page(**PHONE, java_script_enabled=False)
    phone.goto(scanned)
    phone.get_by_role("button", name="Come in").click()
    phone.get_by_label("Your name").fill("Kari Nordmann")
    _tick_all(phone)
    phone.get_by_role("button", name="Join").click()
    phone.goto(f"{url}/account/")
    assert "Kari Nordmann" in phone.locator("main").inner_text()
    phone.get_by_role("link", name="Set a password").click()
    phone.get_by_label("E-mail address").fill("kari@example.org")
    phone.get_by_label("New password").fill("four words of mine")
    phone.get_by_role("button", name="Keep this password").click()
    phone.get_by_role("button", name="Sign out").click()

    phone.goto(f"{url}/sign-in/")
    phone.get_by_role("link", name="Sign in with a password").click()
    phone.get_by_label("E-mail address").fill("kari@example.org")
    phone.get_by_label("Password", exact=True).fill("four words of mine")
    phone.get_by_role("button", name="Sign in").click()
    phone.goto(f"{url}/account/sessions")
    assert phone.get_by_text("THIS ONE").count() == 1


def _tick_all(page):
    """Whatever has to be accepted before joining."""
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    page.get_by_label(re.compile("I am .* or older")).check()
