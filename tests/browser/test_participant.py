"""docs/participant.md as participants follow it, step by step, on phones.

Each function below is one numbered step of the guide and has its title; tests/docs holds the two
lists against each other. After each step every *word* that the guide names in it must have stood
on a page that somebody saw in that step.
"""

import csv
import hashlib
import html
import io
import json
import re
import subprocess
import sys
import zipfile

import pytest
from PIL import Image

from tests.browser.page_checks import DESKTOP, PHONE
from tests.browser.test_organiser import desk, join
from tests.docs import guide
from tests.serving import environment, served

SLUG = "same-day-permit"
STEPS = []
OUTCOME = "What becomes better, and for whom?"
JUDGED = 60_000  # in the browser's milliseconds: the judge is a process that has to start first


def step(title):
    def register(does):
        STEPS.append((title, does))
        return does

    return register


class Journey:
    """The event, those who take part in it, and what they have been shown."""

    def __init__(self, url, sandbox, new_page, folder):
        self.url, self.sandbox, self.new_page, self.folder = url, sandbox, new_page, folder
        self.shown, self.touched, self.known = [], set(), {}
        self.boss = new_page(**DESKTOP)
        self.kari, self.ola, self.per, self.siri = (new_page(**PHONE) for _ in range(4))

    def look(self, page):
        """Keep what the page shows now, so that it counts as seen."""
        page.wait_for_load_state()
        self.touched.add(page)
        self.shown.append(html.unescape(page.content()))

    def tap(self, where, name):
        """Follow the link of that name, on a page or in a part of one."""
        self.click(where.get_by_role("link", name=name, exact=True))

    def press(self, where, name):
        self.click(where.get_by_role("button", name=name, exact=True))

    def click(self, what):
        what.first.wait_for()
        self.look(what.page)
        what.first.click()

    def saved(self, page):
        """Wait until the board has acknowledged everything that was typed into the draft."""
        page.locator('form[data-unsaved=""]').wait_for()
        self.look(page)

    def seen(self):
        """All that stood since the last time on pages that somebody used, as one text."""
        for page in [page for page in self.touched if not page.is_closed()]:
            self.look(page)
        text = " ".join("\n".join(self.shown).split())
        self.shown, self.touched = [], set()
        return text

    def go(self, page, path):
        page.goto(self.url + path)
        self.touched.add(page)

    def teams_page(self, page):
        """By way of the navigation."""
        self.tap(page.get_by_role("navigation", name="Main"), "Teams")
        self.tap(page.locator("main"), "Your team: Otters")

    def draft(self, page):
        self.teams_page(page)
        self.tap(page, "Our project")


@pytest.fixture
def journey(new_page, tmp_path):
    """A new event, small and with its hidden answers, opened by an organiser."""
    folder, told = tmp_path / "spring-event", environment(tmp_path / "no state")

    def sandbox(*words):
        command = [sys.executable, "-m", "sandbox", *words]
        done = subprocess.run(command, env=told, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    event = ("--event", str(folder))
    sandbox("event", "new", str(folder))
    sandbox("build", "--scale", "0.05", *event)
    with served(["-m", "sandbox", "serve", *event], told, tmp_path / "log") as url:
        made = Journey(url, sandbox, new_page, tmp_path)
        made.event = event
        set_up(made)
        yield made


def set_up(at):
    """An organiser opens the challenges, and makes the invite that hangs on the wall."""
    told = at.sandbox("event", "organiser", "boss@example.org", *at.event)
    at.go(at.boss, re.search(r"/sign-in/link/\S+", told)[0])
    at.press(at.boss, "Sign in")
    join(at.boss, "Boss Berg")
    at.sandbox("event", "open", "--all", *at.event)
    desk(at.boss, at.url, "Invites")
    at.tap(at.boss, "Make an invite")
    at.press(at.boss, "Make the invite")
    at.known["code"] = at.boss.locator("p.code").inner_text()


def test_a_participant_follows_the_guide_to_the_end(journey, complaints):
    for written, (title, does) in zip(guide.steps(), STEPS, strict=True):
        does(journey)
        seen = journey.seen()
        missing = [words for words in written.words if not guide.shown_in(words, seen)]
        assert not missing, f"{written.number}. {title}: no page of this step shows {missing}"
    # A browser logs each request that failed; these steps see to it that some do.
    meant = re.compile(r"ERR_INTERNET_DISCONNECTED|status of (409|422)")
    complaints[:] = [told for told in complaints if not meant.search(told)]


# --- what hands do --------------------------------------------------------------------------------


def says(page, words):
    """Wait until the page says it."""
    page.get_by_text(words).first.wait_for()


def downloaded(page, click):
    """The bytes that come when the page's `click()` is done, and their name."""
    with page.expect_download() as download:
        click()
    return download.value.path().read_bytes(), download.value.suggested_filename


def fill(page, **said):
    for name, value in said.items():
        page.locator(f"[name={name}]").fill(value)


# --- come in and join -----------------------------------------------------------------------------


@step("Come in")
def come_in(at):
    for page in (at.kari, at.ola, at.per, at.siri):
        at.go(page, "/in/")
        page.get_by_role("textbox").fill(at.known["code"])
        at.press(page, "Go on")
        at.press(page, "Come in")


@step("Join")
def join_all(at):
    names = ("Kari Nordmann", "Ola Hansen", "Per Berg", "Siri Lie")
    for page, name in zip((at.kari, at.ola, at.per, at.siri), names, strict=True):
        at.look(page)
        join(page, name)
        says(page, name.split()[0])


@step("Keep a way back")
def keep_a_way_back(at):
    at.tap(at.kari, "Kari")
    at.tap(at.kari, "Set a password")
    at.kari.get_by_label("E-mail address").fill("kari@example.org")
    at.kari.get_by_label("New password").fill("four words of mine")
    at.press(at.kari, "Keep this password")
    says(at.kari, "Your password is set.")


# --- ask the data ---------------------------------------------------------------------------------


@step("Tap a question")
def tap_a_question(at):
    at.tap(at.kari.get_by_role("navigation", name="Main"), "Data")
    at.click(at.kari.locator("main").get_by_role("link").filter(has_text="Norway"))
    at.click(at.kari.locator("ul.questions a"))
    at.kari.locator("table.answer tbody tr").first.wait_for()


@step("Change it, and take the answer along")
def change_it(at):
    at.tap(at.kari, "Change this question")
    query = at.kari.get_by_label("Query in SQL")
    query.fill(f"select * from ({query.input_value().rstrip().rstrip(';')}) limit 2")
    at.press(at.kari, "Run the query")
    content, _ = downloaded(at.kari, lambda: at.click(at.kari.get_by_text("Download CSV")))
    assert len(list(csv.reader(io.StringIO(content.decode())))) == 3
    at.go(at.ola, at.kari.url.removeprefix(at.url))  # the address is the answer
    assert at.ola.locator("table.answer tbody tr").count() == 2


# --- pick a challenge -----------------------------------------------------------------------------


@step("Read it")
def read_it(at):
    at.go(at.kari, "/")
    at.tap(at.kari.get_by_role("navigation", name="Main"), "Challenges")
    at.tap(at.kari, "Same-day permit")
    for part in ("The decision", "Today’s practice", "How answers are scored"):
        assert at.kari.get_by_role("heading", name=part, exact=True).is_visible()


@step("Ask people")
def ask_people(at):
    at.tap(at.kari, "Ask a question")
    at.kari.get_by_role("textbox", name="Your question").fill("Who decides in the end?")
    at.press(at.kari, "Ask")
    at.tap(at.ola.get_by_role("navigation", name="Main"), "Questions")
    says(at.ola, "Who decides in the end?")
    at.go(at.ola, "/datasets/norway/")
    at.click(at.ola.get_by_role("link", name=re.compile("^ask about")))
    at.ola.get_by_role("textbox", name="Your question").wait_for()


# --- your team ------------------------------------------------------------------------------------


@step("Make a team")
def make_a_team(at):
    at.tap(at.kari.get_by_role("navigation", name="Main"), "Teams")
    at.tap(at.kari, "Make a team")
    at.kari.get_by_label("The team’s name").fill("Otters")
    at.kari.get_by_label("Challenge").select_option(SLUG)
    at.press(at.kari, "Make the team")
    at.press(at.kari, "Show a new code")
    told = at.kari.locator(".notice-success").inner_text()
    at.known["team"] = re.search(r"\b([A-Z0-9]{4} [A-Z0-9]{4})\b", told)[1]


@step("Join by code")
def join_by_code(at):
    at.tap(at.ola.get_by_role("navigation", name="Main"), "Teams")
    at.tap(at.ola, "Join by code")
    at.ola.get_by_label("The team’s code").fill(at.known["team"].lower())
    at.press(at.ola, "Join the team")
    says(at.ola, "Our project")


@step("Or ask to join")
def ask_to_join(at):
    at.tap(at.per.get_by_role("navigation", name="Main"), "Teams")
    at.tap(at.per, "Look for a team")
    at.press(at.per, "Ask to join Otters")
    at.tap(at.per.get_by_role("navigation", name="Main"), "Teams")
    at.press(at.per, "Withdraw Otters")
    at.tap(at.per, "Look for a team")
    at.press(at.per, "Ask to join Otters")
    at.teams_page(at.kari)
    at.press(at.kari, "Yes Per Berg")
    at.tap(at.per.get_by_role("navigation", name="Main"), "Teams")
    at.tap(at.per, "Your team: Otters")


@step("Or let a team find you")
def be_found(at):
    at.tap(at.siri.get_by_role("navigation", name="Main"), "Teams")
    at.tap(at.siri, "Look for a team")
    at.siri.get_by_label("A line about you").fill("I draw.")
    at.press(at.siri, "I look for a team")
    at.teams_page(at.kari)
    at.tap(at.kari, "Look for people")
    says(at.kari, "I draw.")
    at.press(at.kari, "Invite to the team Siri Lie")
    at.tap(at.siri.get_by_role("navigation", name="Main"), "Teams")
    at.press(at.siri, "Yes Otters")
    at.tap(at.siri.get_by_role("navigation", name="Main"), "Teams")
    at.tap(at.siri, "Your team: Otters")


@step("Say what you are about")
def say_what_you_are_about(at):
    at.teams_page(at.ola)
    at.tap(at.ola, "Change what stands here")
    at.ola.locator("[name=pitch]").fill("Nobody waits for a garage.")
    at.press(at.ola, "Save")
    says(at.ola, "Nobody waits for a garage.")


# --- the starter, and the draft -------------------------------------------------------------------


@step("Download it")
def download_the_starter(at):
    at.go(at.kari, f"/challenges/{SLUG}/")
    content, _ = downloaded(at.kari, lambda: at.tap(at.kari, "Download the starter (zip)"))
    with zipfile.ZipFile(io.BytesIO(content)) as project:
        assert any(name.endswith("/README.md") for name in project.namelist())


@step("Write")
def write(at):
    at.draft(at.kari)
    at.kari.get_by_label(OUTCOME).fill("Kari waits ten minutes less.")
    at.saved(at.kari)
    at.kari.locator(".draft-told", has_text=re.compile(r"^Saved \d\d:\d\d$")).wait_for()
    at.kari.reload()
    assert at.kari.get_by_label(OUTCOME).input_value() == "Kari waits ten minutes less."


@step("Bad Wi-Fi? Go on writing")
def write_in_a_cellar(at):
    def type_offline(page, title):
        page.context.set_offline(True)
        page.get_by_label("What is it called?").fill(title)
        page.locator(".draft-told", has_text="No connection: kept on this device").wait_for()

    type_offline(at.kari, "A queue")
    at.kari.context.set_offline(False)
    at.saved(at.kari)
    at.go(at.kari, "/")
    tab = at.kari.context.new_page()
    at.go(tab, "/project/")
    type_offline(tab, "Shorter queue")
    tab.close()
    at.kari.context.set_offline(False)
    at.draft(at.kari)
    title = at.kari.get_by_label("What is it called?")
    assert title.input_value() == "A queue"
    at.press(at.kari, "Put it back into the draft")
    at.saved(at.kari)
    at.kari.reload()
    assert title.input_value() == "Shorter queue"


@step("Write together")
def write_together(at):
    summary = "What have you made, in one sentence?"
    at.draft(at.ola)
    at.ola.get_by_label(summary).fill("A list.")
    at.saved(at.ola)
    at.kari.reload()
    at.ola.context.set_offline(True)
    at.ola.get_by_label(summary).fill("Ola’s sentence")
    at.ola.locator(".draft-told", has_text="No connection").wait_for()
    at.kari.get_by_label(summary).fill("Kari’s sentence")
    at.saved(at.kari)
    at.ola.context.set_offline(False)
    at.ola.locator(".draft-told", has_text="Somebody wrote in the same field").wait_for()
    at.ola.locator(".conflict:visible").get_by_label("The text above").click()
    at.saved(at.ola)
    assert at.ola.get_by_label(summary).input_value() == "Kari’s sentence"
    at.tap(at.ola, "What was written before, and by whom")
    at.ola.locator("details", has_text="A list.").locator("summary").click()
    at.press(at.ola.locator("details[open]"), "Take this text back")
    at.draft(at.ola)
    assert at.ola.get_by_label(summary).input_value() == "A list."


@step("Add pictures")
def add_pictures(at):
    photo = at.folder / "photo.jpg"
    Image.effect_noise((1200, 900), 40).save(photo)
    at.tap(at.kari, "Add, describe and order pictures")
    at.kari.get_by_label("Picture", exact=True).set_input_files(photo)
    at.kari.get_by_label("What does it show?").fill("Grey noise")
    at.press(at.kari, "Add the picture")
    assert at.kari.get_by_role("img", name="Grey noise").is_visible()
    at.tap(at.kari, "Back to the project")
    assert at.kari.get_by_role("img", name="Grey noise").count() == 1


@step("Say whether a model helped")
def fill_in_the_card(at):
    page = at.kari
    assert not page.get_by_label("Which model, in which version?").is_visible()
    page.get_by_label("Yes", exact=True).check()
    fill(page, ai_model="A small one", ai_purpose="It sorts.", ai_data="The open tables.",
         ai_checked="Two of us read each line.")  # fmt: skip
    at.saved(page)


# --- answers in numbers ---------------------------------------------------------------------------


@step("Take the template")
def take_the_template(at):
    at.teams_page(at.kari)
    at.tap(at.kari, "Our answer files")
    at.tap(at.kari, "Same-day permit")
    at.tap(at.kari, "Hand in answers")
    taken, _ = downloaded(at.kari, lambda: at.tap(at.kari, "Download the template (CSV)"))
    at.known["rows"] = list(csv.reader(io.StringIO(taken.decode())))
    assert at.known["rows"][0] == ["application_id", "answer"]


def hand_in(at, answers):
    """The template filled in by answers, which repeat, sent from the page of the own answers."""
    first, *rows = at.known["rows"]
    text = io.StringIO()
    csv.writer(text).writerows(
        [first, *([key, answers[i % len(answers)]] for i, (key, _) in enumerate(rows))]
    )
    file = at.folder / "answers.csv"
    file.write_text(text.getvalue(), "utf-8")
    at.kari.get_by_label("Your file of answers").set_input_files(file)
    at.press(at.kari, "Hand it in")


@step("Hand it in")
def hand_it_in(at):
    hand_in(at, ["perhaps"])
    says(at.kari, re.compile("^Answers no. 1"))


@step("Read what it says")
def read_what_it_says(at):
    page = at.kari
    page.get_by_text("This file cannot be scored, and took no attempt").wait_for(timeout=JUDGED)
    says(page, "Line 2")
    assert "perhaps" in page.locator("main").inner_text()
    at.tap(page, "All your team’s answers, and the next file")
    page.get_by_text("Refused", exact=True).first.wait_for()
    says(page, re.compile(r"^10 of 10 attempts are left today"))
    hand_in(at, ["to_case_officer"])
    page.get_by_text("Your team’s first score").wait_for(timeout=JUDGED)
    at.look(page)
    at.known["file"] = page.url.removeprefix(at.url)
    at.tap(page, "All your team’s answers, and the next file")
    says(page, re.compile(r"^9 of 10 attempts are left today"))


@step("Choose your finals")
def choose_finals(at):
    at.go(at.kari, at.known["file"])
    at.press(at.kari, "Choose it as a final")
    says(at.kari, "This is one of your finals.")


@step("See where you stand")
def see_where_you_stand(at):
    at.go(at.ola, f"/challenges/{SLUG}/")
    at.tap(at.ola, "The whole leaderboard")
    at.ola.locator("table.places").get_by_role("link", name="Otters").first.wait_for()
    content, _ = downloaded(at.ola, lambda: at.tap(at.ola, "As a table (CSV)"))
    assert b"Otters" in content


# --- submit, and the receipt ----------------------------------------------------------------------


@step("See what is missing")
def see_what_is_missing(at):
    at.draft(at.kari)
    at.press(at.kari, "Save and go on to submit")
    at.kari.get_by_role("heading", name="What is missing").wait_for()
    at.kari.get_by_role("link", name="Licence").first.wait_for()
    assert at.kari.get_by_role("button", name="Submit this now").count() == 0
    at.tap(at.kari, "Licence")
    at.kari.get_by_label("Licence").select_option("MIT")
    fill(at.kari, people_made="Interviews.", tools_made="nothing", evidence="Six people tried it.")
    at.saved(at.kari)
    at.press(at.kari, "Save and go on to submit")
    says(at.kari, "Nothing. Everything that a submission needs is there.")


@step("Submit")
def submit(at):
    at.press(at.kari, "Submit this now")
    says(at.kari, "Submitted. This is what counts for your team.")


@step("Check it yourself")
def check_it(at):
    name = "What was submitted, as a file (JSON)"
    content, file = downloaded(at.kari, lambda: at.tap(at.kari, name))
    assert file == "submission-1.json"
    shown = at.kari.locator(".receipt").inner_text()
    assert hashlib.sha256(content).hexdigest() in shown
    said = json.loads(content)
    assert said["fields"]["title"] == "Shorter queue"
    assert [image["alt"] for image in said["images"]] == ["Grey noise"]


@step("Withdraw, if it was a mistake")
def withdraw(at):
    at.click(at.kari.get_by_text("Withdraw it", exact=True))
    at.press(at.kari, "Withdraw number 1")
    says(at.kari, "Nothing of your team counts now.")


@step("Submit again")
def submit_again(at):
    for title, button in (("Queues", "Submit this now"), ("A shorter queue", "Submit again")):
        at.tap(at.kari, "Write on")
        at.kari.get_by_label("What is it called?").fill(title)
        at.saved(at.kari)
        at.press(at.kari, "Save and go on to submit")
        at.press(at.kari, button)
        says(at.kari, "Submitted. This is what counts for your team.")
    at.tap(at.kari, "Write on")
    at.tap(at.kari, "All submissions")
    says(at.kari, "The last one that is not withdrawn counts")
    assert at.kari.get_by_text("counts", exact=True).count() == 1


# --- when the network is gone ---------------------------------------------------------------------


@step("Get the key in time")
def get_the_key(at):
    at.teams_page(at.kari)
    at.tap(at.kari, "Without a network")
    content, name = downloaded(at.kari, lambda: at.press(at.kari, "Make and download a key"))
    assert name == "otters.key"
    (at.folder / name).write_bytes(content)


@step("Make the pack")
def make_the_pack(at):
    at.sandbox("submission", "new", "ours", "--key", "otters.key")
    ours = at.folder / "ours"
    written = (ours / "submission.yml").read_text("utf-8")
    for name, value in {"title": "Packed queue", "summary": "A list that helps.", "licence": "MIT",
                        "ai": "none"}.items():  # fmt: skip
        written = written.replace(f'{name}: ""\n', f'{name}: "{value}"\n', 1)
    (ours / "submission.yml").write_text(written, "utf-8")
    for name in ("outcome", "people_made", "tools_made", "evidence"):
        (ours / "texts" / f"{name}.txt").write_text("As we said.\n", "utf-8")
    at.sandbox("submission", "check", "ours")
    told = at.sandbox("submission", "pack", "ours", "--key", "otters.key")
    at.known["pack"] = re.search(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\b", told)[0]
    (at.known["packed"],) = at.folder.rglob("*.pack.json")


@step("Tell its code, if the file cannot come yet")
def tell_the_code(at):
    at.teams_page(at.ola)
    at.tap(at.ola, "Without a network")
    at.ola.locator("[name=code]").fill(at.known["pack"])
    at.press(at.ola, "Note the code")
    says(at.ola, re.compile("not brought yet"))


@step("Bring the file")
def bring_the_file(at):
    at.ola.locator("input[type=file]").set_input_files(at.known["packed"])
    at.press(at.ola, "Bring the pack")
    at.ola.get_by_role("link", name=re.compile("^Its receipt")).first.wait_for()


# --- after the deadline ---------------------------------------------------------------------------


@step("Nothing is lost")
def nothing_is_lost(at):
    at.draft(at.kari)
    at.press(at.kari, "Save and go on to submit")
    at.kari.get_by_role("button", name="Submit again").wait_for()
    at.sandbox("event", "close", SLUG, *at.event)
    at.press(at.kari, "Submit again")
    says(at.kari, "Submitting has closed")
    says(at.kari, "This was not submitted.")
    at.tap(at.kari, "Back to the draft")
    assert at.kari.get_by_label("What is it called?").input_value() == "A shorter queue"


@step("See the gallery")
def see_the_gallery(at):
    stranger = at.new_page(**PHONE)
    at.go(stranger, "/")
    at.tap(stranger.get_by_role("navigation", name="Main"), "Projects")
    says(stranger, "The gallery is not open yet")
    desk(at.boss, at.url, "Projects")
    at.press(at.boss, "Open the gallery now")
    stranger.reload()
    at.tap(stranger, "Packed queue")
    says(stranger, "As we said.")
    assert stranger.get_by_text("Kari Nordmann").count() == 0
    at.tap(stranger, "Present it on a projector")
    assert stranger.locator(".slide h1").inner_text() == "Packed queue"


@step("Read the results")
def read_the_results(at):
    desk(at.boss, at.url, "Scores")
    at.tap(at.boss.locator("main"), "Same-day permit")
    at.press(at.boss, "Publish the results")
    at.go(at.kari, f"/challenges/{SLUG}/")
    at.tap(at.kari, "The results")
    at.kari.locator("table.places").get_by_role("link", name="Otters").first.wait_for()


# --- your data ------------------------------------------------------------------------------------


@step("See what is kept")
def see_what_is_kept(at):
    at.tap(at.siri, "Siri")
    content, _ = downloaded(at.siri, lambda: at.tap(at.siri, "Take everything along (JSON)"))
    assert "Siri Lie" in content.decode()


@step("Delete your account, if you like")
def delete_the_account(at):
    at.tap(at.siri, "Delete my account")
    at.siri.get_by_label("I understand that this cannot be undone.").check()
    at.press(at.siri, "Delete my account")
    says(at.siri, "Your account is deleted.")
    at.teams_page(at.kari)
    assert at.kari.get_by_text("Siri Lie").count() == 0
    says(at.kari, "former member")
