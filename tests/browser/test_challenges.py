"""Each challenge's page by keyboard alone and without scripts: nothing on it is out of reach."""

import pytest

from sandbox.workspace import open_workspace
from tests.browser.page_checks import DESKTOP, PHONE

pytestmark = pytest.mark.heavy

SLUGS = sorted(open_workspace().folders("challenges"))
WINDOWS = {"phone": PHONE, "desktop": DESKTOP}
# All that can be used or scrolled, in the order of the page; `stop` finds where the focus is in it.
STOPS = """() => {
  const usable = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  const scrolls = (at) => ['auto', 'scroll'].includes(getComputedStyle(at).overflowX)
    && at.scrollWidth > at.clientWidth;
  const all = [...document.querySelectorAll('body *')].filter((at) => at.checkVisibility()
    && (at.matches(usable) || at.tabIndex === 0 || scrolls(at)));
  window.stop = () => all.indexOf(document.activeElement);
  return all.map((at) => at.outerHTML.slice(0, 120));
}"""
FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  return {
    stop: window.stop(),
    visible: outlined || style.boxShadow !== 'none',
    // Of a region that is taller than the window, a part is enough.
    shown: box.width > 0
      && Math.min(box.bottom, innerHeight) - Math.max(box.top, 0) >= Math.min(box.height, 40) - 1,
    // Chromium takes the focus to what scrolls by itself, other browsers do not.
    everywhere: at.tabIndex >= 0,
    named: Boolean(at.innerText.trim() || at.getAttribute('aria-label') || at.labels?.length),
  };
}"""


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("slug", SLUGS)
def test_all_of_it_is_reached_by_tab_in_the_order_of_the_page(new_page, sandbox_url, slug, window):
    page = new_page(**WINDOWS[window], java_script_enabled=False, reduced_motion="reduce")
    page.goto(f"{sandbox_url}/challenges/{slug}/")
    stops = page.evaluate(STOPS)
    assert len(stops) > 20
    for number, stop in enumerate(stops):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        reached = stops[focus["stop"]] if focus["stop"] >= 0 else "something else"
        assert focus["stop"] == number, f"Tab goes to {reached} in place of {stop}"
        assert focus["visible"], f"the focus cannot be seen on {stop}"
        assert focus["shown"], f"{stop} has the focus and is outside of the window"
        assert focus["everywhere"], f"{stop} scrolls and has no tabindex"
        assert focus["named"], f"{stop} has no name"


@pytest.mark.parametrize("slug", SLUGS)
def test_without_scripts_it_says_the_same_and_all_its_links_lead_somewhere(
    new_page, sandbox_url, slug
):
    address = f"{sandbox_url}/challenges/{slug}/"
    said = []
    for scripts in (True, False):
        page = new_page(**PHONE, java_script_enabled=scripts, locale="en-GB")
        page.goto(address)
        said.append(page.locator("main").inner_text())
    assert said[0] == said[1]
    links = page.locator("main a[href]").evaluate_all("links => links.map(link => link.href)")
    own = {link.partition("#")[0] for link in links if link.startswith(sandbox_url)}
    assert len(own) > 5
    wrong = [link for link in sorted(own) if page.request.get(link).status != 200]
    assert not wrong
    inside = page.locator("a[href^='#']").evaluate_all(
        "links => links.filter(link => !document.querySelector(link.hash)).map(link => link.hash)"
    )
    assert not inside, "links to a place on the page that is not there"
