"""A draft in real browsers: the line breaks while somebody types, and two write in one field."""

import re
import shutil
from dataclasses import replace

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.people import passes, texts
from sandbox.state import open_state
from sandbox.state.people import Account
from sandbox.state.projects import Project
from sandbox.state.teams import Membership, Team
from sandbox.workspace import open_workspace
from tests.board.projects.conftest import WHOLE
from tests.browser.page_checks import DESKTOP, PHONE
from tests.serving import environment, served

NAMES = ("kari", "ola")


class Event:
    """The demo with a team of two in it; `link(name)` signs one of them in."""

    def __init__(self, url, state):
        self.url, self.state = url, state
        now = clock.now()
        with state.write() as writer:
            people = [Account(email=f"{name}@example.org", name=name.capitalize(), created_at=now,
                              joined_at=now) for name in NAMES]  # fmt: skip
            team = Team(slug="otters", name="Otters", challenge="same-day-permit", code_hash="x",
                        made_at=now)  # fmt: skip
            writer.add_all([*people, team])
            writer.flush()
            for person in people:
                texts.accept(writer, person.id, texts.MUST_BE_ACCEPTED, "en")
                team.members.append(Membership(account_id=person.id, joined_at=now))
            project = Project(team_id=team.id, fields={}, field_revisions={}, made_at=now,
                              changed_at=now)  # fmt: skip
            writer.add(project)
            writer.flush()
            self.project = project.id

    def fields(self):
        with self.state.read() as reader:
            return reader.get_one(Project, self.project).fields

    def empty(self):
        with self.state.write() as writer:
            project = writer.get_one(Project, self.project)
            project.fields, project.field_revisions = {}, {}

    def enter(self, page, name):
        """Sign `name` in and open the draft."""
        with self.state.write() as writer:
            person = writer.scalar(select(Account).where(Account.email == f"{name}@example.org"))
            link = passes.link_for(writer, person)
        page.goto(f"{self.url}/sign-in/link/{link}")
        page.click("main button[type=submit]")
        page.goto(f"{self.url}/project/")
        return page


@pytest.fixture(scope="module")
def running(demo_state, tmp_path_factory):
    folder = tmp_path_factory.mktemp("draft") / "demo"
    shutil.copytree(demo_state, folder)
    with served(["-m", "sandbox", "serve"], environment(folder), folder.parent / "log") as url:
        state = open_state(replace(open_workspace(), state=folder))
        yield Event(url, state)
        state.close()


@pytest.fixture
def event(running, complaints):
    running.empty()
    yield running
    # A browser logs each request that failed, and these tests see to it that some do.
    meant = re.compile("ERR_INTERNET_DISCONNECTED|status of (400|403|409|422)")
    complaints[:] = [told for told in complaints if not meant.search(told)]


def told(page, words):
    page.locator(".draft-told", has_text=words).wait_for()


def saved(page, but=""):
    """Wait until the board has acknowledged everything, or all `but` some fields."""
    page.locator(f'form[data-unsaved="{but}"]').wait_for()


def cut(page):
    page.context.set_offline(True)


def mend(page):
    page.context.set_offline(False)


def lost(page, event):
    """The page is gone, and cannot be loaded again as long as there is no connection."""
    again = page.context.new_page()
    page.close()
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        again.goto(f"{event.url}/project/")
    return again


OUTCOME = "What becomes better, and for whom?"
LOCAL = "Object.keys(localStorage).filter(k => k.startsWith('sandbox-draft')).length"


def test_what_is_typed_saves_itself_and_leaves_nothing_on_the_device(new_page, event):
    page = event.enter(new_page(**PHONE), "kari")
    page.get_by_label(OUTCOME).fill("Kari waits less.")
    saved(page)
    told(page, re.compile(r"^Saved \d\d:\d\d$"))
    assert event.fields() == {"outcome": "Kari waits less."}
    assert page.evaluate(LOCAL) == 0
    page.get_by_label("Yes").check()
    page.get_by_label("Which model, in which version?").fill("A small one")
    page.get_by_label("Link 1: address").fill("https://a.example/")
    page.get_by_label("Licence").select_option("MIT")
    page.get_by_role("button", name="Save and go on to submit").click()
    page.get_by_role("heading", name="What is missing").wait_for()
    assert event.fields() == {
        "outcome": "Kari waits less.", "ai": "used", "ai_model": "A small one", "licence": "MIT",
        "links": [{"label": "https://a.example/", "address": "https://a.example/"}],
    }  # fmt: skip
    assert page.locator(".draft-left").is_hidden()


def test_the_line_breaks_while_somebody_types_and_all_is_saved_when_it_is_back(new_page, event):
    page = event.enter(new_page(**PHONE), "kari")
    cut(page)
    page.get_by_label(OUTCOME).fill("Typed in a cellar.")
    told(page, "No connection: kept on this device")
    assert page.evaluate(LOCAL) == 1 and event.fields() == {}
    page.get_by_role("button", name="Save", exact=True).click()
    told(page, "No connection: kept on this device")
    assert page.get_by_label(OUTCOME).input_value() == "Typed in a cellar."
    mend(page)
    saved(page)
    assert event.fields() == {"outcome": "Typed in a cellar."} and page.evaluate(LOCAL) == 0


def test_a_page_that_was_lost_offline_is_offered_back_what_it_held(new_page, event):
    page = event.enter(new_page(**PHONE), "kari")
    page.get_by_label("What is it called?").fill("Queue")
    saved(page)
    cut(page)
    page.get_by_label(OUTCOME).fill("Typed in a cellar.")
    told(page, "No connection")
    page = lost(page, event)
    mend(page)
    page.goto(f"{event.url}/project/submit")
    page.get_by_text("This device holds something that is not in the draft yet.").wait_for()
    page.get_by_role("link", name="Go back and save it first").click()
    offer = page.locator(".draft-back")
    offer.get_by_text(OUTCOME).wait_for()
    assert page.get_by_label(OUTCOME).input_value() == ""
    offer.get_by_role("button", name="Put it back").click()
    saved(page)
    assert event.fields() == {"title": "Queue", "outcome": "Typed in a cellar."}
    assert offer.is_hidden() and page.evaluate(LOCAL) == 0


def test_what_is_offered_back_can_be_thrown_away(new_page, event):
    page = event.enter(new_page(**PHONE), "kari")
    cut(page)
    page.get_by_label(OUTCOME).fill("Nonsense.")
    told(page, "No connection")
    page = lost(page, event)
    mend(page)
    page.goto(f"{event.url}/project/")
    page.get_by_role("button", name="Throw it away").click()
    page.reload()
    assert page.locator(".draft-back").is_hidden() and event.fields() == {}
    assert page.evaluate(LOCAL) == 0


def test_two_browsers_in_the_same_field_choose_and_in_others_just_meet(new_page, event):
    kari, ola = (event.enter(new_page(**DESKTOP), name) for name in NAMES)
    kari.get_by_label(OUTCOME).fill("Kari’s words")
    saved(kari)
    ola.get_by_label("What is it called?").fill("Ola’s title")
    saved(ola)
    assert ola.get_by_label(OUTCOME).input_value() == "Kari’s words", "put in without a question"

    kari.get_by_label("What have you made, in one sentence?").fill("Kari’s sentence")
    saved(kari)
    assert kari.get_by_label("What is it called?").input_value() == "Ola’s title"
    cut(ola)
    ola.get_by_label("What have you made, in one sentence?").fill("Ola’s sentence")
    told(ola, "No connection")
    mend(ola)
    told(ola, "Somebody wrote in the same field")
    box = ola.locator(".conflict:visible")
    assert "Kari wrote here" in box.inner_text() and "Kari’s sentence" in box.inner_text()
    field = ola.get_by_label("What have you made, in one sentence?")
    assert field.input_value() == "Ola’s sentence"
    assert event.fields()["summary"] == "Kari’s sentence"
    box.get_by_label("What stands in the field below").click()
    saved(ola)
    assert event.fields() == {"title": "Ola’s title", "outcome": "Kari’s words",
                              "summary": "Ola’s sentence"}  # fmt: skip


def test_whoever_was_signed_out_loses_nothing_and_is_told_what_to_do(new_page, event):
    page = event.enter(new_page(**DESKTOP), "kari")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_label(OUTCOME).fill("Typed after the session ended.")
    told(page, "You are signed out.")
    assert page.evaluate(LOCAL) == 1 and event.fields() == {}
    page.context.add_cookies(cookies)
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)
    assert event.fields() == {"outcome": "Typed after the session ended."}


def test_what_is_wrong_is_told_beside_its_field_and_the_rest_is_saved(new_page, event):
    page = event.enter(new_page(**PHONE), "kari")
    page.get_by_label("Address of the prototype").fill("ask me")
    page.get_by_label("What is it called?").fill("Queue")
    told(page, "but not all")
    page.get_by_text("“ask me” is no address.").wait_for()
    saved(page, but="prototype")
    assert event.fields() == {"title": "Queue"} and page.evaluate(LOCAL) == 1
    page.get_by_label("Address of the prototype").fill("http://192.168.1.20:5000/")
    saved(page)
    assert page.locator(".field-problem").count() == 0 and page.evaluate(LOCAL) == 0


def test_without_javascript_all_of_it_works(new_page, event, axe):
    page = event.enter(new_page(**PHONE, java_script_enabled=False), "kari")
    page.get_by_label(OUTCOME).fill("By hand.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.", exact=True).wait_for()
    page.get_by_label("Address of the prototype").fill("ask me")
    page.get_by_role("button", name="Save and go on to submit").click()
    page.get_by_role("heading", name="Something is not saved yet").wait_for()
    assert page.get_by_label("Address of the prototype").input_value() == "ask me"
    assert event.fields() == {"outcome": "By hand."}


def test_from_the_draft_to_the_receipt_every_page_is_sound(new_page, event, axe):
    page = event.enter(new_page(**PHONE), "kari")
    axe(page)
    page.get_by_role("button", name="Save and go on to submit").click()
    page.get_by_role("heading", name="What is missing").wait_for()
    axe(page)
    page.get_by_role("link", name="What is it called?").click()
    for name, value in WHOLE.items():
        field = page.locator(f"[name={name}]")
        if name == "licence":
            field.select_option(value)
        elif name == "ai":
            page.get_by_label("No", exact=True).check()
        else:
            field.fill(value)
    page.get_by_role("button", name="Save and go on to submit").click()
    page.get_by_role("button", name="Submit this now").click()
    page.get_by_text("Submitted. This is what counts for your team.").wait_for()
    for address in (page.url, *(f"{event.url}/project/{at}" for at in ("submissions/", "history"))):
        page.goto(address)
        axe(page)
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 320, address
