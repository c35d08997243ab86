"""The README's pictures, of the running demo; SANDBOX_PICTURES=1 puts them into docs/images."""

import os
import shutil

import pytest

from sandbox.workspace import KIT

pytestmark = pytest.mark.heavy
IMAGES = KIT / "docs" / "images"
PICTURES = {"home.png": "/", "dataset.png": "/datasets/building-permits/"}
MOST_BYTES = 300_000


@pytest.mark.parametrize("name", PICTURES)
def test_the_readme_shows_a_page_as_it_is(name, desktop, sandbox_url, tmp_path):
    desktop.goto(sandbox_url + PICTURES[name])
    taken = tmp_path / name
    desktop.screenshot(path=taken)
    assert taken.stat().st_size < MOST_BYTES
    if os.environ.get("SANDBOX_PICTURES") == "1":
        IMAGES.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(taken, IMAGES / name)
    assert (IMAGES / name).is_file()
    assert f"docs/images/{name}" in (KIT / "README.md").read_text(encoding="utf-8")
