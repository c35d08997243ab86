"""Every kind of page that people with an account reach: axe, keyboard, and 320 pixels of width.

Pages are found by their links, one of each route, so that a new page is looked at from its first
day on.
"""

import re
import shutil
import subprocess
import sys
from urllib.parse import urljoin, urlsplit

import pytest

from tests.browser.filling import fill
from tests.browser.page_checks import DESKTOP, PHONE
from tests.serving import environment, served

NARROWEST = 320  # WCAG 2.1, 1.4.10: reflow
MOST_TABS = 400
EVERYONES = re.compile(r"^/(data|datasets|starters|static|favicon)")  # tried by the other tests
FILES = re.compile(r"(\.(csv|parquet|json|jsonld|zip|ttl|db|ics|atom|svg|xml)|/file)$")
READERS = {
    "phone, light, English": {**PHONE, "color_scheme": "light", "locale": "en-GB"},
    "desktop, dark, bokmål": {**DESKTOP, "color_scheme": "dark", "locale": "nb-NO"},
}


@pytest.fixture(scope="module")
def event(demo_state, tmp_path_factory):
    """The demo with something of everything in it: its address, and a link for somebody who may
    do all."""
    state = tmp_path_factory.mktemp("state") / "demo"
    shutil.copytree(demo_state, state)
    for old in state.glob("board.sqlite*"):
        old.unlink()
    told = environment(state)
    command = [sys.executable, "-m", "sandbox", "event", "organiser", "kari@example.org"]
    subprocess.run(command, env=told, check=True, capture_output=True)
    with served(["-m", "sandbox", "serve"], told, state.parent / "log") as url:
        yield url, fill(state)


def kind(address):
    """What is the same in all pages of one route: numbers and long codes are left out."""
    path = urlsplit(address).path
    named = r"(?<=^/challenges/)[^/]+|(?<=^/organiser/scores/)[^/]+"
    return re.sub(rf"/\d+(?=/|$)|{named}", "/*", path)


@pytest.mark.parametrize("reader", READERS)
def test_every_kind_of_page_is_sound(new_page, event, axe, reader):
    url, link = event
    page = new_page(**READERS[reader])
    page.goto(url + link[reader])
    page.click("main button[type=submit]")
    ahead, seen = [urlsplit(page.url).path, "/", "/organiser/", "/account/"], set()
    while ahead:
        address = ahead.pop(0)
        if kind(address) in seen:
            continue
        seen.add(kind(address))
        assert page.goto(url + address).status == 200, address
        _sound(page, axe)
        links = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        ahead += filter(None, (_inside(address, href) for href in links))
    assert {"/", "/organiser/", "/account/"} <= seen
    print(f"{len(seen)} kinds of pages: {' '.join(sorted(seen))}")


def _inside(address, href):
    whole = urlsplit(urljoin(f"http://board{address}", href))
    if whole.netloc != "board" or EVERYONES.match(whole.path) or FILES.search(whole.path):
        return None
    if "lang=" in whole.query:
        return None
    return whole.path + (f"?{whole.query}" if whole.query else "")


def _sound(page, axe):
    axe(page)
    size = page.viewport_size
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == NARROWEST, f"{page.url} is {width} px wide"
    page.set_viewport_size(size)
    _by_keyboard(page)


def _by_keyboard(page):
    """The tab key reaches everything that can be operated, and shows where it is."""
    operable = page.evaluate(OPERABLE)
    page.evaluate("document.activeElement.blur(); window.reached = new Set()")
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        told = page.evaluate(REACHED)
        assert told["visible"], f"{page.url}: focus cannot be seen on {told['html']}"
        if told["count"] >= operable or told["again"]:
            break
    missed = page.evaluate(MISSED)
    assert not missed, f"{page.url}: not reached by keyboard: {missed}"


# A group of radio buttons is one stop; what is not shown (a closed menu) is none. A field for date
# and time is several: focus stays on it from one of its parts to the next.
OPERABLE = """() => {
  const shown = e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0;
  const groups = new Set();
  window.operable = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
    .filter(shown)
    .filter(e => {
      if (e.type !== 'radio') return true;
      if (groups.has(e.name)) return false;
      groups.add(e.name);
      return true;
    });
  return window.operable.length;
}"""
REACHED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  // A field for date and time is several stops in one.
  const again = window.reached.has(e) && e !== window.before || e === document.body;
  window.before = e;
  window.reached.add(e);
  const visible = e === document.body || style.outlineStyle !== 'none'
    || style.boxShadow !== 'none';
  const count = window.operable.filter(o => window.reached.has(o)).length;
  return {count, again, visible, html: e.outerHTML.slice(0, 200)};
}"""
MISSED = """() => window.operable
  .filter(e => !window.reached.has(e))
  .filter(e => e.type !== 'radio' || ![...window.reached].some(r => r.name === e.name))
  .map(e => e.outerHTML.slice(0, 120))"""
