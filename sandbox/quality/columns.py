"""Columns of published tables in figures: how full, from where to where, the bars of a picture."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sandbox.catalog.models import Column

Figures = dict[str, Any]
Rows: TypeAlias = pa.Table | ds.Dataset
FEW = 40  # different texts, up to which the most frequent ones are shown
SHOWN = 12  # of these; so few different numbers or dates have a bar each
BARS = 20  # at most, beside one at either end for what lies far out
LOOKED_AT = 100_000  # values, evenly spread over the rows, that tell where most values lie
FAR_OUT = (0.005, 0.995)
MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)  # of a bar of dates


def values_of(rows: Rows, column: str) -> pa.ChunkedArray:
    """One column alone, since all of a large table may be more than fits into memory."""
    if isinstance(rows, pa.Table):
        return rows.column(column)
    return rows.to_table(columns=[column]).column(0)


def share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 1.0


def plain(value: Any) -> Any:
    """A cell's value as JSON has it."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    text: str = value.isoformat()
    return text.replace("+00:00", "Z")


def figures(values: pa.ChunkedArray, column: Column, *, is_key: bool = False) -> Figures:
    """filled (a share), distinct, and where they mean something min, max, example and bars."""
    filled = len(values) - values.null_count
    distinct = pc.count_distinct(values).as_py()
    told: Figures = {"filled": share(filled, len(values)), "distinct": distinct}
    if not filled:
        return told
    ranged = column.type not in ("string", "boolean")
    if ranged:
        extremes = pc.min_max(values).as_py()
        told |= {"min": plain(extremes["min"]), "max": plain(extremes["max"])}
    told["example"] = plain(values.drop_null()[0].as_py())
    named = bool(column.codes or column.references) or not ranged
    if is_key or (named and (distinct == filled > 1 or (distinct > FEW and not column.codes))):
        return told
    if named or distinct <= SHOWN:
        told["bars"] = _frequent(values, in_order=not named)
    else:
        told["bars"] = _ranges(values, column)
    return told


def _frequent(values: pa.ChunkedArray, *, in_order: bool) -> Figures:
    """The most frequent values, or all in their order, and how many rows have another."""
    counted = pc.value_counts(values.drop_null()).to_pylist()
    counted.sort(key=lambda one: one["values"])
    if not in_order:
        counted.sort(key=lambda one: -one["counts"])
    shown, others = counted[:SHOWN], counted[SHOWN:]
    return {
        "values": [plain(one["values"]) for one in shown],
        "counts": [one["counts"] for one in shown],
        "others": sum(one["counts"] for one in others),
    }


def _ranges(values: pa.ChunkedArray, column: Column) -> Figures:
    """Edges of bars of the same round width, from each up to the next, and the rows in each.

    Where a few values lie far out, a bar at that end, wider than the others, holds them.
    """
    dated = column.type in ("date", "datetime")
    if dated:
        values = pc.cast(pc.cast(values, pa.date32()), pa.int32())
    edges = _edges_of(values, whole=dated or column.type == "integer", dated=dated)
    counts = np.zeros(len(edges) - 1, np.int64)
    for chunk in values.drop_null().chunks:
        place = np.searchsorted(edges, chunk.to_numpy(zero_copy_only=False), "right") - 1
        counts += np.bincount(np.minimum(place, len(counts) - 1), minlength=len(counts))
    return {
        "edges": [_date(edge).isoformat() if dated else edge for edge in edges],
        "counts": counts.tolist(),
    }


def _edges_of(values: pa.ChunkedArray, *, whole: bool, dated: bool) -> list[Any]:
    extremes = pc.min_max(values).as_py()
    least, most = extremes["min"], extremes["max"]
    step = -(-len(values) // LOOKED_AT)
    some = values.take(pa.array(np.arange(0, len(values), step))).drop_null()
    low, high = least, most
    if len(some):
        inner = np.quantile(some.to_numpy(), FAR_OUT)
        if most - least > 2 * (inner[1] - inner[0]) > 0:
            low, high = max(least, inner[0]), min(most, inner[1])
    if dated:
        low, high = int(np.floor(low)), int(np.ceil(high))
    edges = _dates(low, high) if dated else _numbers(low, high, whole)
    if least < edges[0]:
        edges = [least, *edges]
    return [*edges, most] if most > edges[-1] else edges


def _numbers(low: float, high: float, whole: bool) -> list[Any]:
    """Round numbers 1, 2 or 5 times a power of ten apart, the last above `high`."""
    step, width = Decimal(1), (high - low) / BARS
    if width > (1 if whole else 0):
        power = Decimal(10) ** int(np.floor(np.log10(width)))
        step = next(power * n for n in (1, 2, 5, 10) if float(power * n) >= width)
    start = int(np.floor(low / float(step)))
    stop = int(np.floor(high / float(step))) + 1
    made = [step * n for n in range(start, stop + 1)]
    return [int(edge) for edge in made] if whole else [float(edge) for edge in made]


def _dates(low: int, high: int) -> list[Any]:
    """Days, or first days of months so many months apart, the last after `high`."""
    if high - low < BARS:
        return list(range(low, high + 2))
    first, last = (_months(_date(day)) for day in (low, high))
    step = next(m for m in MONTHS if last // m - first // m < BARS)
    return [_first_of(m) for m in range(first // step * step, last // step * step + step + 1, step)]


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(day))


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(months: int) -> int:
    return (date(months // 12, months % 12 + 1, 1) - date(1970, 1, 1)).days
