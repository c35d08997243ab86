"""Live parts in a real browser: they follow the board, stay quiet offline, and disturb nobody."""

import pytest

from sandbox.ui import STATIC
from tests.browser.page_checks import PHONE

PAGE = """<!doctype html><html lang="en"><title>A · b</title><main>
<div class="live" data-live="/piece" data-every="8" data-changed="The list has changed."
 data-away="Last updated at {time}."><p>none</p></div>
<p class="live-told" role="status"></p>
</main><script src="/live.js"></script></html>"""
EVERY = 12_000  # milliseconds: longer than the longest wait after a good answer


class Board:
    """What the browser is answered: `piece` as it is now, None for no contact."""

    def __init__(self):
        self.piece, self.status, self.asked = "<p>none</p>", 200, 0

    def answer(self, route):
        if route.request.url.endswith("/piece"):
            self.asked += 1
            if self.piece is None:
                route.abort("internetdisconnected")
            else:
                route.fulfill(body=self.piece, status=self.status, content_type="text/html")
        elif route.request.url.endswith("/live.js"):
            route.fulfill(path=STATIC / "live.js", content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def page(new_page, board):
    """A page with one live part and a clock that the test turns on."""
    page = new_page(**PHONE)
    page.clock.install()
    page.route("**/*", board.answer)
    page.goto("http://127.0.0.1/")
    return page


def pass_by(page, milliseconds=EVERY):
    """Let time go by, and wait until what was asked for meanwhile has been put in."""
    page.clock.run_for(milliseconds)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => null")


def test_what_has_changed_is_put_in_and_told_politely(page, board):
    pass_by(page)
    assert page.locator(".live-told").inner_text() == "", "nothing new, nothing said"
    board.piece = "<p>one</p>"
    pass_by(page)
    page.get_by_text("one").wait_for()
    assert page.get_by_role("status").inner_text() == "The list has changed."


def test_without_contact_the_line_says_how_old_the_part_is_and_it_asks_less_often(
    page, board, complaints
):
    board.piece = None
    pass_by(page)
    page.get_by_text("Last updated at").wait_for()
    assert page.locator(".live").inner_text() == "none", "what was there stays"
    asked = board.asked
    pass_by(page, 8_000)
    assert board.asked == asked, "twice as long after a failure"

    board.piece = "<p>back</p>"
    page.evaluate("dispatchEvent(new Event('online'))")
    page.get_by_text("back").wait_for()
    assert page.get_by_role("status").inner_text() == "The list has changed."
    complaints[:] = [c for c in complaints if "ERR_INTERNET_DISCONNECTED" not in c]


def test_focus_stays_on_the_same_link_or_else_on_the_part(page, board):
    board.piece = '<p><a href="/1">First</a></p>'
    pass_by(page)
    page.get_by_role("link", name="First").focus()
    board.piece = '<p><a href="/2">Second</a></p><p><a href="/1">First</a></p>'
    pass_by(page)
    page.get_by_role("link", name="Second").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "First"
    board.piece = "<p>all gone</p>"
    pass_by(page)
    page.get_by_text("all gone").wait_for()
    assert page.evaluate("document.activeElement.className") == "live"


def test_nothing_is_touched_while_somebody_types_in_it(page, board):
    board.piece = '<p><label>Note <input name="note"></label></p>'
    pass_by(page)
    page.get_by_label("Note").fill("half a sen")
    board.piece = "<p>new</p>"
    pass_by(page)
    assert page.get_by_label("Note").input_value() == "half a sen"
    page.get_by_label("Note").fill("")
    page.get_by_label("Note").blur()
    pass_by(page)
    page.get_by_text("new").wait_for()


def test_it_ends_when_the_piece_says_so_or_the_reader_may_not_see_it_any_more(
    page, board, complaints
):
    board.piece = "<p data-live-end>finished</p>"
    pass_by(page)
    page.get_by_text("finished").wait_for()
    asked = board.asked
    pass_by(page, 60_000)
    assert board.asked == asked

    board.piece, board.status = "<p>no</p>", 403
    page.reload()
    pass_by(page)
    pass_by(page, 120_000)
    assert board.asked == asked + 1
    assert page.locator(".live").inner_text() == "none"
    complaints[:] = [c for c in complaints if "403" not in c]


def test_it_rests_while_the_page_is_out_of_sight_and_looks_at_once_when_it_is_back(page, board):
    hide = "h => { Object.defineProperty(document, 'hidden', {value: h, configurable: true});"
    hide += "document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hide, True)
    pass_by(page, 60_000)
    assert board.asked == 0
    board.piece = "<p>meanwhile</p>"
    page.evaluate(hide, False)
    page.get_by_text("meanwhile").wait_for()
    assert board.asked == 1
