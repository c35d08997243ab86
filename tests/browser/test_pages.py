"""Each page: no grave axe finding, one h1, the right `lang`, and never wider than the window."""

import pytest

from sandbox.workspace import open_workspace
from tests.browser.page_checks import DESKTOP, PHONE

pytestmark = pytest.mark.heavy

FOLDERS = {
    "/datasets/": "datasets",
    "/challenges/": "challenges",
    "/starters/": "starter_templates",
}
ADDRESSES = [
    "/",
    *FOLDERS,
    *(
        f"{place}{slug}/"
        for place, kind in FOLDERS.items()
        for slug in open_workspace().folders(kind)
    ),
    "/data/",
    "/data/sandbox",
    "/data/sandbox/municipalities",
    "/data/sandbox/municipalities?_facet=county_code&_sort_desc=population",
    "/data/sandbox/persons?_search=kari",
    "/data/sandbox/municipalities/0301",
    "/data/sandbox?sql=select+*+from+counties",
    "/data/sandbox?sql=select+nmae+from+counties",
    "/data/sandbox/nothing-here",
    "/nothing-here",
]
READERS = {
    "phone, light, English": ({**PHONE, "color_scheme": "light", "locale": "en-GB"}, "en"),
    "desktop, dark, bokmål": ({**DESKTOP, "color_scheme": "dark", "locale": "nb-NO"}, "nb"),
}
# A page that says "not found" or "cannot run" answers 4xx, which the browser logs as an error.
WRONG_ON_PURPOSE = ("nothing-here", "nmae")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_is_sound(new_page, complaints, sandbox_url, axe, address, reader):
    options, language = READERS[reader]
    page = new_page(**options)
    answer = page.goto(sandbox_url + address)
    if any(words in address for words in WRONG_ON_PURPOSE):
        assert 400 <= answer.status < 500
        complaints[:] = [c for c in complaints if "Failed to load resource" not in c]
    else:
        assert answer.status == 200
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.title().strip()
    # Not innerWidth: a phone's grows with what sticks out.
    assert page.evaluate("document.documentElement.scrollWidth") == options["viewport"]["width"]
    axe(page)
