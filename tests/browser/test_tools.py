"""The browser tests' own tools: each finds what it is there to find, under a strict CSP."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.page_checks import DESKTOP, PHONE, check_accessibility, watch

pytestmark = pytest.mark.heavy

CSP = "default-src 'self'; script-src 'self'; style-src 'self'; base-uri 'none'"
PAGE = (
    '<!doctype html><html lang="en"><head><title>A page</title>'
    '<meta name="viewport" content="width=device-width"></head>'
    "<body><main><h1>A page</h1>{}</main></body></html>"
)


@pytest.fixture(scope="module")  # so that it outlives each test's pages
def page_of():
    """`page_of(html)` is the address of a page with that in its body, served with a strict CSP."""
    with _serving() as address:
        yield address


@contextmanager
def _serving():
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path.removeprefix("/") in map(str, range(len(bodies)))
            body = PAGE.format(bodies[int(self.path[1:])]) if found else ""
            self.send_response(200 if found else 404 if "missing" in self.path else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", CSP)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def address(html):
        bodies.append(html)
        return f"http://127.0.0.1:{server.server_port}/{len(bodies) - 1}"

    yield address
    server.shutdown()
    server.server_close()


@pytest.fixture
def watched(browser, complaints):
    """A page whose complaints the test reads itself."""
    page = browser.new_page()
    watch(page, complaints)
    yield page
    page.close()


def test_axe_passes_a_sound_page_under_a_strict_csp(desktop, axe, page_of):
    desktop.goto(page_of("<p>All is well.</p>"))
    axe(desktop)


def test_axe_lists_what_is_wrong_and_where(desktop, page_of):
    desktop.goto(page_of('<form><input id="nameless"></form>'))
    with pytest.raises(AssertionError, match=r"critical: .*label.*\n.*nameless"):
        check_accessibility(desktop)


def test_a_request_to_another_host_is_noticed(watched, complaints, page_of):
    watched.goto(page_of('<a href="http://other.example/">Away</a>'))
    assert complaints == []
    with watched.expect_event("requestfailed"):
        watched.get_by_role("link").click(no_wait_after=True)
    assert any("http://other.example/" in complaint for complaint in complaints)


def test_a_missing_file_and_a_blocked_script_are_noticed(watched, complaints, page_of):
    watched.goto(page_of('<img alt="" src="/missing.png"><script>document.title = "no"</script>'))
    assert watched.title() == "A page"
    assert any("404" in complaint for complaint in complaints)
    assert any("Content Security Policy" in complaint for complaint in complaints)


def test_phone_and_desktop_have_the_promised_widths(phone, desktop, page_of):
    for page, options in ((phone, PHONE), (desktop, DESKTOP)):
        page.goto(page_of("<p>Wide or narrow</p>"))
        assert page.evaluate("innerWidth") == options["viewport"]["width"]
