"""A picture from a phone into the gallery, and slides by the keys of a presenter."""

import re
import shutil

import pytest
from PIL import Image

from tests.browser.filling import PROJECT, filled
from tests.browser.page_checks import PHONE
from tests.serving import environment, served

PAGE = "/projects/team-blue/"


@pytest.fixture(scope="module")
def event(demo_state, tmp_path_factory):
    """The demo with a submitted project in an open gallery, and links that sign two members in."""
    state = tmp_path_factory.mktemp("projects") / "demo"
    shutil.copytree(demo_state, state)
    for old in state.glob("board.sqlite*"):
        old.unlink()
    with served(["-m", "sandbox", "serve"], environment(state), state.parent / "log") as url:
        yield url, filled(state)[0], state


def test_slides_go_by_keys_and_by_links_without_a_script(new_page, event):
    url, _, _ = event
    page = new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{url}{PAGE}present")
    assert page.locator("h1").inner_text() == PROJECT["title"]

    def shown():
        return page.evaluate(
            "[...document.querySelectorAll('.slide')].find(s =>"
            " Math.abs(s.getBoundingClientRect().top) < 2)?.id"
        )

    for key, slide in (("PageDown", "s2"), ("ArrowRight", "s3"), ("ArrowLeft", "s2"),
                       ("Home", "s1"), ("ArrowLeft", "s1")):  # fmt: skip
        page.keyboard.press(key)
        assert shown() == slide, key
    page.keyboard.press("End")
    assert page.url.endswith(f"#s{page.locator('.slide').count()}")
    plain = new_page(java_script_enabled=False, viewport={"width": 1280, "height": 720})
    plain.goto(f"{url}{PAGE}present")
    plain.click("#s1 a[rel=next]")
    assert plain.url.endswith("#s2")


def test_slides_print_one_a_page(new_page, event):
    url, _, _ = event
    page = new_page()
    page.goto(f"{url}{PAGE}present")
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
    assert len(pages) == page.locator(".slide").count()


def test_slides_are_sound_at_every_width(new_page, event, axe):
    url, _, _ = event
    page = new_page()
    for path in (f"{PAGE}present", "/projects/present", "/projects/", PAGE):
        page.goto(url + path)
        axe(page)
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def test_a_picture_from_a_phone_stands_in_the_draft(new_page, event, tmp_path):
    url, links, _ = event
    photo = tmp_path / "photo.jpg"
    Image.effect_noise((1200, 900), 40).save(photo)
    page = new_page(**PHONE, java_script_enabled=False)
    page.goto(url + next(iter(links.values())))
    page.click("main button[type=submit]")
    page.goto(f"{url}/project/images")
    for box in page.locator("main input[type=checkbox]").all():
        box.check()
    if page.locator("main input[type=checkbox]").count():
        page.click("main button[type=submit]")
        page.goto(f"{url}/project/images")
    before = page.locator(".own-pictures > li").count()
    page.set_input_files("#file", photo)
    page.fill("#alt", "Grey noise")
    page.click("main form.form button[type=submit]")
    assert page.locator(".own-pictures > li").count() == before + 1
    assert page.locator("img[alt='Grey noise']").count() == 1
