"""The client that checks every page: a sound page passes, and each fault is noticed."""

from types import SimpleNamespace

import pytest

from tests.board.client import Page, complaints

SOUND = (
    '<!doctype html><html lang="en"><head><title>A · B</title></head>'
    "<body><h1>x</h1><p>y</p></body></html>"
)


def told(html):
    headers = {"Content-Security-Policy": "default-src 'none'"}
    answer = SimpleNamespace(data=html.encode(), headers=headers, get_data=lambda as_text: html)
    return list(complaints(Page(answer)))


def test_a_sound_page_passes():
    assert told(SOUND) == []


@pytest.mark.parametrize(
    ("put", "complaint"),
    [
        ("<h3>z</h3>", "h3 after h1"),
        ("<h1>z</h1>", "2 h1"),
        ("<div></span></div>", "HTML: unexpected-end-tag"),
        ("<p style='x'>y</p>", "attribute style"),
        ("<p onclick='x'>y</p>", "attribute onclick"),
        ("<script>1</script>", "inline script"),
        ("<i id=a></i><i id=a></i>", "id a stands 2 times"),
        ("<input name=q>", "input q has no label"),
        ("<img src='https://x/y' alt=''>", "asks another host"),
        ("<img src='/y'>", "no alt"),
        ("<a href='#q'>l</a>", "#q leads nowhere"),
        ("<a href='javascript:x'>l</a>", "a link to javascript"),
        ("<table><caption>c</caption><tr><th>a</th></tr></table>", "without scope"),
        ("y" * 100_000, "bytes"),
    ],
)
def test_each_fault_is_noticed(put, complaint):
    (found,) = told(SOUND.replace("<p>y</p>", put))
    assert complaint in found


def test_a_page_without_language_or_title_is_noticed():
    assert told(SOUND.replace(' lang="en"', "")) == ["html has no lang"]
    assert told(SOUND.replace("A · B", "A")) == ["title 'A'"]
