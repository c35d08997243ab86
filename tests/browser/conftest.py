"""A real browser on the running demo: pages that notice foreign requests and errors, and axe."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.page_checks import DESKTOP, PHONE, check_accessibility, watch
from tests.serving import environment, served

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOW_TO_GET_ONE = (
    "no Chromium on the PATH (Debian, Ubuntu: apt-get install chromium; "
    "macOS: brew install --cask chromium; Windows: winget install Hibbiki.Chromium)"
)
# Quiet: a browser that calls home would fail on a closed network and slow every start.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items):
    """All of these are heavy."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("heavy")


@pytest.fixture(scope="session")
def browser():
    """Debian's or the machine's own Chromium, headless; as root it runs without its sandbox."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip(HOW_TO_GET_ONE)
    from playwright.sync_api import sync_playwright  # slow to import, so not for the fast tests

    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, chromium_sandbox=not as_root, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_state(tmp_path_factory):
    """A state folder with the demo built once, by the command an organiser would type.

    The hidden answers are deleted: no page may need them.
    """
    state = tmp_path_factory.mktemp("demo state")
    command = [sys.executable, "-m", "sandbox", "build"]
    built = subprocess.run(command, env=environment(state), capture_output=True, text=True)
    if built.returncode:
        pytest.fail(built.stdout + built.stderr, pytrace=False)
    (truth,) = state.glob("generations/*/truth")
    shutil.rmtree(truth)
    return state


@pytest.fixture(scope="session")
def sandbox_url(demo_state, tmp_path_factory):
    """The address of `sandbox serve` on the demo, in a process of its own, without a slash."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with served(["-m", "sandbox", "serve"], environment(demo_state), log) as url:
        yield url


@pytest.fixture
def complaints():
    """What the pages of a test did wrong so far; a test that provokes an error takes it out."""
    return []


@pytest.fixture
def new_page(browser, complaints):
    """Open pages at will: `new_page(**PHONE, locale="nb-NO", color_scheme="dark")`.

    The test fails if a page asks another host for anything, logs an error, or throws one.
    """
    contexts = []

    def open_page(**options):
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, complaints)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def phone(new_page):
    return new_page(**PHONE)


@pytest.fixture
def desktop(new_page):
    return new_page(**DESKTOP)


@pytest.fixture
def axe():
    """`axe(page)` fails with a listing if the page has serious or critical findings."""
    return check_accessibility
