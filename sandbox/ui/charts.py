"""Where the lines of a chart go: plain geometry, drawn as SVG by `sandbox/charts.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def share(value: float, low: float, high: float) -> float:
    """Where `value` lies between `low` and `high`, in per cent of the way, kept inside it."""
    if high <= low:
        return 0.0
    return round(100 * min(max((value - low) / (high - low), 0.0), 1.0), 2)


def sparkline(values: Sequence[float], width: float = 100, height: float = 24) -> str:
    """The `points` of an SVG polyline through `values`, evenly spaced, highest on top."""
    if not values:
        return ""
    low, high = min(values), max(values)
    step = width / max(len(values) - 1, 1)
    tall = height - 4  # the line's own width must not be cut off
    return " ".join(
        f"{index * step:.4g},{height - 2 - tall * share(value, low, high) / 100:.4g}"
        for index, value in enumerate(values)
    )


def histogram(counts: Sequence[int], width: float = 100, height: float = 24) -> str:
    """The path of bars side by side, each as high as its count, and never too low to be seen."""
    most, step = max(counts, default=0), width / max(len(counts), 1)
    bars = []
    for index, count in enumerate(counts):
        if count:
            tall = max(height * count / most, 1)
            bars.append(f"M{index * step:.4g} {height:g}v{-tall:.3g}h{step * 0.85:.3g}v{tall:.3g}z")
    return "".join(bars)


@dataclass(frozen=True)
class Box:
    """A table in a key map: `lines` are the columns that hold another table's key."""

    name: str
    lines: tuple[str, ...]
    outside: bool
    y: int
    height: int


@dataclass(frozen=True)
class Wire:
    """From a column to the key it holds, through a lane of its own left of the boxes."""

    path: str
    y: int


@dataclass(frozen=True)
class KeyMap:
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    left: int
    height: int


HEAD, LINE, GAP, LANE = 34, 24, 14, 12


def key_map(tables: Sequence[tuple[str, Sequence[tuple[str, str]], bool]]) -> KeyMap:
    """Lay out tables: (name, its (column, referenced table) pairs, whether of another dataset).

    One column of boxes with the wires beside it stays readable on a phone, where a map of boxes
    side by side would shrink to nothing.
    """
    left = LANE * (sum(len(keys) for _, keys, _ in tables) + 1) + 8
    boxes, y = [], 2
    for name, keys, outside in tables:
        height = HEAD + LINE * len(keys) + (8 if keys else 0)
        boxes.append(Box(name, tuple(column for column, _ in keys), outside, y, height))
        y += height + GAP
    heads = {box.name: box.y + HEAD // 2 for box in boxes}
    wires: list[Wire] = []
    for box, (_, keys, _) in zip(boxes, tables, strict=True):
        for index, (_, parent) in enumerate(keys):
            start = box.y + HEAD + LINE * index + LINE // 2
            lane = left - 8 - LANE * (len(wires) + 1)
            path = f"M{left} {start}H{lane}V{heads[parent]}H{left - 2}"
            wires.append(Wire(path, heads[parent]))
    return KeyMap(tuple(boxes), tuple(wires), left, y)
