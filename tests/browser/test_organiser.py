"""docs/organiser.md as an organiser follows it: from `sandbox event new` to a running event."""

import re
import subprocess
import sys
import zipfile

import pytest

from tests.browser.page_checks import DESKTOP, PHONE
from tests.serving import environment, served

BUILD_SECONDS = 120_000  # in the browser's milliseconds


@pytest.fixture
def event(tmp_path):
    """A new event, built small, and served: its address, and the command line for it."""
    folder = tmp_path / "spring-event"
    told = environment(tmp_path / "no state")

    def sandbox(*words):
        command = [sys.executable, "-m", "sandbox", *words]
        done = subprocess.run(command, env=told, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    sandbox("event", "new", str(folder))
    sandbox("build", "--scale", "0.05", "--event", str(folder))
    serve = ["-m", "sandbox", "serve", "--event", str(folder)]
    with served(serve, told, tmp_path / "log") as url:
        yield url, lambda *words: sandbox(*words, "--event", str(folder))


def test_an_event_is_set_up_and_held(new_page, event, tmp_path):
    url, sandbox = event
    boss = new_page(**DESKTOP)
    told = sandbox("event", "organiser", "kari@example.org")
    boss.goto(url + re.search(r"/sign-in/link/\S+", told)[0])
    boss.get_by_role("button", name="Sign in").click()
    join(boss, "Kari Nordmann")

    set_up(boss, url)
    publish_the_terms(boss, url)
    code = invite(boss, url)

    guest = new_page(**PHONE)
    guest.goto(f"{url}/in/{code}")
    guest.get_by_role("button", name="Come in").click()
    join(guest, "Ola Hansen")
    assert guest.get_by_text("There is no challenge yet.").count() == 1
    open_everything(guest, url, sandbox)
    ask_and_answer(guest, boss, url)
    announce(boss, guest, url)
    build(boss, url)
    keep(boss, url, tmp_path)


def join(page, name):
    page.get_by_label("Your name").fill(name)
    page.get_by_label(re.compile("I am .* or older")).check()
    page.get_by_label("I have read and accept the terms.").check()
    page.get_by_label("I have read and accept the code of conduct.").check()
    page.get_by_role("button", name="Join").click()


def desk(page, url, part):
    page.goto(f"{url}/organiser/")
    page.locator("main").get_by_role("heading").get_by_role("link", name=part, exact=True).click()


def set_up(boss, url):
    desk(boss, url, "The event")
    boss.get_by_label("How to reach the organisers").fill("hello@example.org")
    boss.get_by_label("Whom to tell when somebody is not treated well").fill("Kari, 47 12 34 56")
    boss.get_by_label("It starts").fill("2027-03-05T09:00")
    boss.get_by_label("It ends").fill("2027-03-06T15:00")
    boss.get_by_label("Plum").check()
    boss.get_by_role("button", name="Save").click()
    assert boss.get_by_role("link", name="hello@example.org").count() == 1
    assert boss.locator("html[data-accent=plum]").count() == 1
    boss.goto(f"{url}/data/")  # the explorer has the same, without a restart
    assert boss.get_by_text("Kari, 47 12 34 56").count() == 1
    assert boss.locator("html[data-accent=plum]").count() == 1


def publish_the_terms(boss, url):
    desk(boss, url, "Texts")
    boss.get_by_role("link", name="Terms for taking part").first.click()
    text = boss.locator("textarea[lang=en]")
    text.fill(text.input_value() + "\n\nBring a good mood.\n")
    boss.get_by_label("What is new").fill("A good mood.")
    boss.get_by_role("button", name="Publish").click()
    boss.goto(f"{url}/organiser/")  # whoever had accepted the version before is asked again
    boss.get_by_label("I have read and accept the terms.").check()
    boss.get_by_role("button", name="Join").click()
    boss.goto(f"{url}/terms")
    assert boss.get_by_text("Bring a good mood.").count() == 1


def invite(boss, url):
    desk(boss, url, "Invites")
    boss.get_by_role("link", name="Make an invite").click()
    boss.get_by_role("button", name="Make the invite").click()
    return boss.locator("code.secret").inner_text().rpartition("/")[2]


def open_everything(guest, url, sandbox):
    assert "draft" in sandbox("event", "status")
    sandbox("event", "open", "--all")
    guest.goto(f"{url}/challenges/")
    assert guest.get_by_role("link", name="Same-day permit").count() == 1


def ask_and_answer(guest, boss, url):
    guest.goto(f"{url}/challenges/same-day-permit/")
    guest.get_by_role("link", name="Ask a question").click()
    guest.get_by_role("textbox", name="Your question").fill("Who decides in the end?")
    guest.get_by_role("button", name="Ask").click()
    desk(boss, url, "Questions")
    boss.get_by_role("link", name="Who decides in the end?").click()
    boss.get_by_label("Your answer").fill("The head of the office.")
    boss.get_by_role("button", name="Answer").click()
    guest.reload()
    assert guest.get_by_text("The head of the office.").count() == 1


def announce(boss, guest, url):
    desk(boss, url, "Announcements")
    boss.get_by_role("link", name="Write an announcement").click()
    boss.get_by_label("Title (English)").fill("Soup is served")
    boss.get_by_label("Text (English)").fill("In the **hall**.")
    boss.get_by_label("Banner on every page until").fill("2027-03-06T15:00")
    boss.get_by_role("button", name="Save and tell").click()
    guest.goto(f"{url}/datasets/")
    assert guest.get_by_role("link", name="Soup is served").count() == 1


def build(boss, url):
    desk(boss, url, "Build")
    boss.get_by_role("button", name="Build").click()
    boss.get_by_text("The last build is done").first.wait_for(timeout=BUILD_SECONDS)


def keep(boss, url, folder):
    desk(boss, url, "Backup")
    with boss.expect_download() as download:
        boss.get_by_role("button", name="Download a backup").click()
    download.value.save_as(folder / "backup.zip")
    assert zipfile.is_zipfile(folder / "backup.zip")
    desk(boss, url, "Log")
    told = boss.locator("main").inner_text()
    for act in ("backup.download", "announcement.write", "challenge.opened", "event.settings"):
        assert act in told, act
    assert "all their seals hold" in told
