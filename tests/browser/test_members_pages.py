"""Every kind of page that people with an account reach: axe, keyboard, and 320 pixels of width.

Pages are found by their links, up to two of each route, so that a new page is looked at from its
first day on; a page that no link leads to fails the test.
"""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.exceptions import HTTPException

from tests.browser.filling import BY_HERSELF, filled
from tests.browser.page_checks import DESKTOP, PHONE
from tests.serving import environment, served

NARROWEST = 320  # WCAG 2.1, 1.4.10: reflow
MOST_TABS = 400
MOST_OF_A_ROUTE = 2  # such as the own team and another one
BEGUN_WITH = ["/challenges/same-day-permit/", "/", "/account/"]  # the challenge with the most in it
# For those who may do all and are in a team; the first is where a form leads, and no link.
AND_WITH = ["/project/submit", "/organiser/scores/same-day-permit/files"]
NO_TEAM = "/teams/"  # where the pages of one's own team lead somebody who has none
EVERYONES = re.compile(r"^/(data|datasets|starters|static|favicon)")  # tried by the other tests
FILES = re.compile(r"\.(csv|parquet|json|jsonld|zip|ttl|db|ics|atom|svg|xml|webp|txt)$|/file$")
NO_PAGES = re.compile(r"^/api/v1/|^/healthz$|/(live|now|mine|banner)$")  # programs', and fragments
# Ways in, which nobody needs who is in, and providers, which the demo has none of.
WAYS_IN = re.compile(r"^/(sign-in|in|join)/|^/account/providers$")
READERS = {
    "phone, light, English": {**PHONE, "color_scheme": "light", "locale": "en-GB"},
    "desktop, dark, bokmål": {**DESKTOP, "color_scheme": "dark", "locale": "nb-NO"},
    BY_HERSELF: {**PHONE, "color_scheme": "dark", "locale": "en-GB"},
}


@pytest.fixture(scope="module")
def event(demo_state, tmp_path_factory):
    """The demo with something of everything in it: its address, reader → a link that signs them
    in, and the map of where the board's addresses lead."""
    state = tmp_path_factory.mktemp("state") / "demo"
    shutil.copytree(demo_state, state)
    for old in state.glob("board.sqlite*"):
        old.unlink()
    told = environment(state)
    command = [sys.executable, "-m", "sandbox", "event", "organiser", "kari@example.org"]
    subprocess.run(command, env=told, check=True, capture_output=True)
    with served(["-m", "sandbox", "serve"], told, state.parent / "log") as url:
        yield url, *filled(state)


@pytest.fixture(scope="module")
def walked():
    """Reader → route → the addresses that were looked at."""
    return {}


@pytest.mark.parametrize("reader", READERS)
def test_every_kind_of_page_is_sound(new_page, event, walked, axe, reader):
    url, link, routes = event
    page = new_page(**READERS[reader])
    page.goto(url + link[reader])
    page.click("main button[type=submit]")
    assert urlsplit(page.url).path == "/", f"{reader} is led to {page.url}, not home"
    ahead, tried, seen = list(BEGUN_WITH), set(), defaultdict(list)
    ahead += [] if reader == BY_HERSELF else AND_WITH
    while ahead:
        address = ahead.pop(0)
        path = urlsplit(address).path
        route = _route(routes, path)
        if path in tried or len(seen[route]) == MOST_OF_A_ROUTE:
            continue
        tried.add(path)
        if not _open(page, url, address, NO_TEAM if reader == BY_HERSELF else None):
            continue
        seen[route].append(path)
        _sound(page, axe)
        links = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        ahead += filter(None, (_inside(address, href) for href in links))
    walked[reader] = seen


def test_links_lead_to_every_page(event, walked):
    _, _, routes = event
    if walked.keys() < READERS.keys():
        pytest.skip("needs every reader's walk")
    missed = [
        str(rule)
        for rule in routes.iter_rules()
        if "GET" in rule.methods
        and not any(kind.search(str(rule)) for kind in (EVERYONES, FILES, NO_PAGES, WAYS_IN))
        and not any(rule.endpoint in seen for seen in walked.values())
    ]
    assert not missed, f"no link that was followed leads to {', '.join(missed)}"


def _route(routes, path):
    try:
        return routes.bind("board").match(path)[0]
    except HTTPException as error:  # no such page, or one whose address is written otherwise
        pytest.fail(f"a link leads to {path}: {error}", pytrace=False)


def _open(page, url, address, instead):
    """Whether it is the page of this very address that opens; else it is the one `instead`."""
    answer = page.goto(url + address)
    there, asked = urlsplit(page.url).path, urlsplit(address).path
    assert answer.status == 200, f"{address} answers {answer.status}"
    assert there in (asked, instead), f"{address} leads to {there}"
    return there == asked


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
