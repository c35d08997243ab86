"""A column's small picture: what it shows is said beside it, and to those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from sandbox.ui import Page, charts, languages


@dataclass(frozen=True)
class Picture:
    """Bars as an SVG path, what they show in words, and the one thing to read beside them."""

    path: str
    label: str
    most: str


def picture(bars: dict[str, Any] | None, page: Page) -> Picture | None:
    """The picture of a column's bars as quality.json holds them, None where there are none."""
    if not bars:
        return None
    return _of_ranges(bars, page) if "edges" in bars else _of_values(bars, page)


def _of_ranges(bars: dict[str, Any], page: Page) -> Picture:
    _ = page.words.gettext
    edges, counts = bars["edges"], bars["counts"]
    highest = counts.index(max(counts))
    share = languages.percent(counts[highest] / sum(counts), page.lang)
    where = {"low": edges[highest], "high": edges[highest + 1], "share": share}
    label = _("%(bars)s bars from %(first)s to %(last)s.") % {
        "bars": len(counts),
        "first": edges[0],
        "last": edges[-1],
    }
    label += " " + _("The highest holds %(share)s, from %(low)s to under %(high)s.") % where
    if _has_other_ends(edges):
        label += " " + _("A bar at the end is wider than the others.")
    most = _("most from %(low)s to under %(high)s: %(share)s") % where
    return Picture(charts.histogram(counts), label, most)


def _has_other_ends(edges: list[Any]) -> bool:
    """Whether the first or the last bar is clearly wider than those between."""
    days = isinstance(edges[0], str)
    at = [date.fromisoformat(edge).toordinal() if days else edge for edge in edges]
    widths = [high - low for low, high in pairwise(at)]
    inner = sorted(widths)[len(widths) // 2]
    return max(widths[0], widths[-1]) > 1.5 * inner


def _of_values(bars: dict[str, Any], page: Page) -> Picture:
    _ = page.words.gettext
    values, counts = bars["values"], bars["counts"]
    highest = counts.index(max(counts))
    share = languages.percent(counts[highest] / (sum(counts) + bars["others"]), page.lang)
    said = {"bars": len(counts), "value": as_stored(values[highest]), "share": share}
    if bars["others"]:
        label = _("The %(bars)s most frequent values as bars.") % said
    else:
        label = _("A bar for each of %(bars)s values.") % said
    label += " " + _("The highest is %(value)s with %(share)s.") % said
    most = _("most often %(value)s: %(share)s") % said
    return Picture(charts.histogram(counts), label, most)


def as_stored(value: Any) -> str:
    """The form that queries must use, not the one that reads best: 717710, 2024-01-01, 1."""
    return str(int(value)) if isinstance(value, bool) else str(value)
