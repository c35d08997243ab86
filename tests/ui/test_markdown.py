"""Markdown of strangers becomes HTML that cannot harm and fits into its page."""

import re

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ui import markdown

SCHEMES = r"^(https?:|mailto:|[^:]*$)"


def elements(html):
    return list(html5lib.parseFragment(str(html), namespaceHTMLElements=False).iter())


def headings(html):
    return [int(e.tag[1]) for e in elements(html) if re.fullmatch(r"h\d", str(e.tag))]


def test_common_marks_and_tables_are_kept():
    html = str(markdown.render("*a* **b** `c`\n\n| x |\n|---|\n| 1 |\n", table_label="Tabell"))
    assert "<em>a</em> <strong>b</strong> <code>c</code>" in html
    assert 'aria-label="Tabell"' in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    ("text", "below", "levels"),
    [
        ("# A\n\n## B\n\n## C\n", 2, [3, 4, 4]),
        ("# A\n\n#### B\n\n# C\n", 1, [2, 3, 2]),
        ("### A\n\n# B\n\n## C\n", 1, [2, 2, 3]),
        ("# 1\n\n## 2\n\n### 3\n\n#### 4\n\n##### 5\n\n###### 6\n", 2, [3, 4, 5, 6, 6, 6]),
    ],
)
def test_headings_go_below_the_pages_own_and_skip_no_level(text, below, levels):
    assert headings(markdown.render(text, below=below)) == levels


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&#58;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "![x](https://example.org/spy.png)",
        '[x](https://example.org "onmouseover=alert(1)")',
        "<a href='x' style='position:fixed'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>",
        "[x]: javascript:alert(1)\n\n[x]",
        "```\n</code></pre><script>alert(1)</script>\n```",
    ],
)
def test_an_attack_becomes_text(attack):
    check_harmless(markdown.render(attack))


@given(st.text(alphabet="<>[](){}`'\"&;:/=!#*_|-\n\\ javscriptonedt:hfx"))
def test_no_text_at_all_becomes_harmful(text):
    check_harmless(markdown.render(text))


def check_harmless(html):
    for element in elements(html):
        if element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert element.tag in markdown.TAGS | {"tbody"}
        allowed = markdown.ATTRIBUTES.get(element.tag, set()) | {"rel"}
        assert set(element.attrib) <= allowed
        assert re.match(SCHEMES, element.get("href", ""))


def test_links_tell_the_other_side_nothing():
    assert 'rel="noopener noreferrer nofollow"' in markdown.render("[x](https://example.org)")
    said = markdown.render("[x](https://example.org)", by_anybody=True)
    assert 'rel="noopener noreferrer nofollow ugc"' in said


def test_code_can_be_scrolled_by_keyboard():
    assert '<pre tabindex="0"><code>SELECT 1' in markdown.render("```sql\nSELECT 1\n```")
