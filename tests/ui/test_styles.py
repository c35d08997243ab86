"""The style sheet keeps its promises: contrast in both schemes, and nothing from elsewhere."""

import re

import pytest

from sandbox.ui import STATIC, TEMPLATES
from sandbox.workspace import ACCENTS

CSS = (STATIC / "sandbox.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{([^}]*--grey-1[^}]*--danger-soft[^}]*)\}", CSS)
)


def accents(indent):
    """Accent → its tokens, in the light scheme (no indent) or in the dark one (two spaces)."""
    blocks = re.findall(rf'^{indent}:root\[data-accent="(\w+)"\] \{{([^}}]*)\}}', CSS, re.MULTILINE)
    return {name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for name, block in blocks}


SCHEMES = {
    f"{name} {shade}": tokens | accents(indent).get(name, {})
    for shade, tokens, indent in (("light", LIGHT, ""), ("dark", DARK, "  "))
    for name in ACCENTS
}
SURFACES = ("grey-1", "grey-2")
WORDS = ("grey-6", "grey-7", "grey-8", "accent", "success", "warning", "danger")
TEXT = [
    *((words, surface) for words in WORDS for surface in SURFACES),
    *((kind, f"{kind}-soft") for kind in ("accent", "success", "warning", "danger")),
    *(("grey-8", f"{kind}-soft") for kind in ("accent", "success", "warning", "danger")),
    *(("accent", f"{kind}-soft") for kind in ("success", "warning", "danger")),  # links there
    ("on-accent", "accent"),
    ("on-band", "band"),
    ("on-band-soft", "band"),
]
# Borders of what can be operated, bars of charts, and the ring of focus (WCAG 2.1, 1.4.11).
SHAPES = [*(("grey-5", surface) for surface in SURFACES), ("accent", "grey-3"), ("on-band", "band")]


def luminance(colour):
    """Relative luminance as WCAG 2.1 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21_to_1():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_each_accent_has_colours_of_its_own_in_both_schemes():
    named = {"accent", "accent-soft", "on-accent", "band", "on-band", "on-band-soft"}
    for indent in ("", "  "):
        made = accents(indent)
        assert set(made) == set(ACCENTS) - {"teal"}  # which is what stands without any
        assert all(set(tokens) == named for tokens in made.values())
    assert len({scheme["accent"] for scheme in SCHEMES.values()}) == 2 * len(ACCENTS)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_words_stand_out_at_least_4_5_to_1_and_shapes_3_to_1(scheme):
    assert set(scheme) == set(LIGHT)
    least = [(pair, 4.5) for pair in TEXT] + [(pair, 3) for pair in SHAPES]
    weak = {
        pair: round(contrast(*(scheme[name] for name in pair)), 2)
        for pair, needed in least
        if contrast(*(scheme[name] for name in pair)) < needed
    }
    assert not weak


def test_every_token_that_is_used_is_defined():
    defined = set(re.findall(r"^\s*(--[\w-]+):", CSS, re.MULTILINE))
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= defined


def test_colours_stand_in_the_tokens_alone():
    tokens = "".join(re.findall(r":root(?:\[[^]]*\])? \{[^}]*\}", CSS))
    assert sorted(re.findall(r"#[0-9a-f]{3,8}\b", CSS)) == sorted(
        re.findall(r"#[0-9a-f]{3,8}\b", tokens)
    )


def test_nothing_comes_from_another_host_and_nothing_is_inline():
    assert not re.search(r"url\(|@import|//", CSS.replace('/ ""', ""))
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son\w+=|https?://|<style|<script(?![^>]*src=)", text)


def test_the_script_of_live_parts_is_small():
    assert (STATIC / "live.js").stat().st_size <= 2_048
