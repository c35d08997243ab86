"""What people come to do, from the first page on: with and without scripts, by keyboard alone."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from sandbox.descriptors import LANGUAGES
from tests.browser.page_checks import DESKTOP, PHONE

pytestmark = pytest.mark.heavy

FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  return {words: (at.innerText || at.value || at.id).trim(),
          visible: outlined || style.boxShadow !== 'none'};
}"""
MOST_TABS = 80


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request, new_page):
    return new_page(**PHONE, java_script_enabled=request.param, locale="en-GB")


def downloaded(page, name):
    """Follow the link or press the button of that name, and return what was downloaded."""
    with page.expect_download() as expected:
        page.get_by_text(name, exact=True).first.click()
    return Path(expected.value.path()).read_bytes()


def files_in(archive):
    """The files of a project's zip, which unpacks into one folder, by their path in it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as project:
        assert project.testzip() is None
        assert len({name.split("/")[0] for name in project.namelist()}) == 1
        return {name.partition("/")[2]: project.read(name) for name in project.namelist()}


def test_a_question_is_asked_changed_and_downloaded(page, sandbox_url):
    page.goto(sandbox_url)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Data").click()
    page.locator("main").get_by_role("link").filter(has_text="Norway").first.click()
    assert page.url == f"{sandbox_url}/datasets/norway/"
    page.locator("ul.questions a").first.click()
    assert page.locator("table.answer tbody tr").count() > 0

    page.get_by_role("link", name="Change this question").click()
    query = page.get_by_label("Query in SQL")
    query.fill(f"select * from ({query.input_value().rstrip().rstrip(';')}) limit 2")
    page.get_by_role("button", name="Run the query").click()
    shown = page.locator("table.answer tbody tr")
    assert shown.count() == 2

    rows = list(csv.reader(io.StringIO(downloaded(page, "Download CSV").decode())))
    assert len(rows) == 3
    assert len(rows[0]) == shown.first.locator("td").count()


def test_a_mistake_in_a_query_is_explained_and_can_be_mended(page, sandbox_url, complaints):
    page.goto(f"{sandbox_url}/data/sandbox?sql=select+nmae+from+municipalities")
    assert "nmae" in page.locator("main").inner_text()
    query = page.get_by_label("Query in SQL")
    assert query.input_value().strip() == "select nmae from municipalities"  # nothing was lost
    query.fill("select count(*) as n from municipalities")
    page.get_by_role("button", name="Run the query").click()
    assert page.locator("table.answer td").inner_text().strip() == "357"
    complaints[:] = [c for c in complaints if "400 (Bad Request)" not in c]  # the mistake's own


def test_a_challenge_is_read_and_its_starter_downloaded(page, sandbox_url):
    page.goto(sandbox_url)
    page.get_by_role("link", name="Pick a challenge").click()
    page.locator("main").get_by_role("link").filter(has_text="permit").first.click()
    assert page.url == f"{sandbox_url}/challenges/same-day-permit/"
    page.get_by_role("link", name="Get the starter").click()
    as_it_is = files_in(downloaded(page, "Download the starter (zip)"))
    page.get_by_role("link", name="Choose name and licence first").click()
    page.locator("form.form input").first.fill("Quick permits")
    chosen = files_in(downloaded(page, "Download the project (zip)"))
    assert chosen.keys() == as_it_is.keys()
    assert any(b"Quick permits" in content for content in chosen.values())
    assert not any(b"Quick permits" in content for content in as_it_is.values())


def test_the_language_is_changed_and_kept(page, sandbox_url):
    page.goto(sandbox_url)
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator(".tongues summary").click()
    page.locator("a[hreflang=nb]").click()
    assert page.locator("html").get_attribute("lang") == "nb"
    for address in ("/datasets/", "/data/"):
        page.goto(sandbox_url + address)
        assert page.locator("html").get_attribute("lang") == "nb"


@pytest.mark.parametrize("address", ["/", "/challenges/same-day-permit/", "/data/sandbox/persons"])
def test_all_languages_fit_the_narrowest_phone_without_script(new_page, sandbox_url, axe, address):
    narrow = {"viewport": {"width": 320, "height": 640}, "locale": "en-GB"}
    reader = new_page(**narrow, java_script_enabled=False)
    measured = new_page(**narrow)
    for tag in LANGUAGES:
        reader.goto(sandbox_url + address)
        reader.locator(".tongues summary").click()
        chosen = reader.locator(f"a[hreflang={tag}]")
        box = chosen.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["height"] >= 44
        chosen.click()
        assert reader.locator("html").get_attribute("lang") == tag
        measured.goto(reader.url)
        measured.locator(".tongues summary").click()
        assert measured.evaluate("document.documentElement.scrollWidth") == 320
        axe(measured)


def tab_to(page, words):
    """Press Tab until what has these words has the focus, which must be seen all the way."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["visible"], f"the focus on {focus['words']!r} cannot be seen on {page.url}"
        if words in focus["words"]:
            return
    raise AssertionError(f"{words!r} is not reached by {MOST_TABS} tabs on {page.url}")


def follow(page, words):
    """Go by keyboard alone to the link with these words and through it."""
    tab_to(page, words)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_question_is_asked_and_changed_by_keyboard_alone(new_page, sandbox_url, scheme):
    page = new_page(**DESKTOP, color_scheme=scheme, locale="en-GB")
    page.goto(sandbox_url)
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    follow(page, "Ask the data")
    question = page.locator("ul.questions a").first.inner_text().split("\n")[0]
    follow(page, question)
    follow(page, "Change this question")
    tab_to(page, page.get_by_label("Query in SQL").input_value().strip())
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("select count(*) as n from counties")
    follow(page, "Run the query")
    assert page.locator("table.answer td").inner_text().strip() == "15"
