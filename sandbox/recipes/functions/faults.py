"""Faults that a recipe plants under `faults:`, each told cell by cell in the hidden ledger.

A probability is an expression over the row, so that errors may cluster where they do in life. What
cannot carry a fault (a date whose day is above 12, a name without letters that break) is passed by.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes import calendars, keyed
from sandbox.recipes.files import rows_of
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit, whole
from sandbox.recipes.registry import (
    FAULTS,
    Anything,
    Constant,
    Faulted,
    FileName,
    Named,
    Numbers,
    OwnColumn,
    Planted,
    function,
)
from sandbox.recipes.vectors import DAY, Array, Vector, strings

TRIES = 8
# Where Windows-1252 differs from Latin-1.
WINDOWS_1252 = {
    byte: bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(128, 160)
}


def hits(here: Here, probability: Array) -> Array:
    """Where a fault strikes, each row by itself."""
    if probability.size and not ((probability >= 0) & (probability <= 1)).all():
        found = f"{probability.min():g} to {probability.max():g}"
        raise Unfit("a probability lies between 0 and 1", found)
    return here.uniform() < probability


def _of_kind(column: Named, *kinds: str) -> Vector:
    if column.values.kind not in kinds:
        what = f"{column.name} cannot carry this fault"
        raise Unfit(what, column.values.kind, " or ".join(kinds))
    return column.values


@function(vocabulary=FAULTS)
def missing(here: Here, column: OwnColumn, probability: Numbers) -> Planted:
    """The value is gone: missing(registered_on, .03 * (age > 60)).

    column: any. probability: of each row; where it depends on the row, values are not missing at
    random (Rubin 1976).

    Example: missing(kind, .01 + .05 * (reader.age > 60))
    """
    hit = hits(here, probability)
    return Faulted(hit, column.values.hiding(np.broadcast_to(hit, here.count)))


@function(vocabulary=FAULTS)
def swapped_day_month(here: Here, column: OwnColumn, probability: Numbers) -> Planted:
    """Day and month have changed places, where both readings are dates: 4 March is 3 April.

    column: a date or a moment.

    Example: swapped_day_month(borrowed_on, .02)
    """
    values = _of_kind(column, "date", "datetime")
    days = values.values // DAY if values.kind == "datetime" else values.values
    year, month, day = calendars.parts(days)
    can = (day <= 12) & (day != month)
    months = (year - 1970) * 12 + np.where(can, day, month) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    swapped = first + np.where(can, month, day) - 1
    if values.kind == "datetime":
        swapped = swapped * DAY + values.values % DAY
    return Faulted(hits(here, probability) & can, Vector(values.kind, swapped, values.missing))


@function(vocabulary=FAULTS)
def wrong_unit(
    here: Here, column: OwnColumn, probability: Numbers, factor: Numbers, digits: Constant = 2
) -> Planted:
    """The number is in another unit: wrong_unit(area_m2, .01, 10.764) is in square feet.

    column: numbers. factor: what the right value is multiplied by. digits: decimals to keep.

    Example: wrong_unit(age, .01, 12)
    """
    values = _of_kind(column, "number", "integer")
    other = np.round(values.values * factor, int(digits) if values.kind == "number" else 0)
    other = other if values.kind == "number" else whole(other)
    return Faulted(hits(here, probability), Vector(values.kind, other, values.missing))


@function(vocabulary=FAULTS)
def impossible(
    here: Here, column: OwnColumn, probability: Numbers, low: Anything, high: Anything,
    digits: Constant = 1,
) -> Planted:  # fmt: skip
    """A value that cannot be: impossible(height_cm, .002, -5, 0).

    column: numbers or dates. low, high: between which the value lies. digits: decimals of a number.

    Example: impossible(age, .002, -5, -1)
    """
    values = _of_kind(column, "number", "integer", "date")
    for limit in (low, high):
        if limit.kind != values.kind and {limit.kind, values.kind} != {"integer", "number"}:
            raise Unfit(f"the limits are of the kind of {column.name}", limit.kind, values.kind)
    words = here.words("value")
    if values.kind == "number":
        drawn = low.values + keyed.uniform(words) * (high.values - low.values)
        drawn = np.round(drawn, int(digits))
    else:
        first, last = whole(np.floor(low.values)), whole(np.floor(high.values))
        span = np.maximum(last - first + 1, 1)
        if (span > keyed.MOST).any():
            raise Unfit("the limits are too far apart", expected=f"at most {keyed.MOST:,} values")
        drawn = first + keyed.below(words, span)
    return Faulted(hits(here, probability), Vector(values.kind, drawn, values.missing))


@function(vocabulary=FAULTS)
def recoded(here: Here, column: OwnColumn, probability: Numbers, file: FileName) -> Planted:
    """A code of another year's list: recoded(municipality_code, .2, 'codes_2019.csv').

    column: codes. file: `value,instead`, of each code what stands in its place; other codes stay.

    Example: recoded(branch_code, .1, 'old_branch_codes.csv')
    """
    values = _of_kind(column, "string")
    header, rows = rows_of(here.table.drawing.recipe.folder, file)
    if header != ["value", "instead"] or not rows:
        raise Unfit("this is no list of codes", ",".join(header), "value,instead", at=(file, 1))
    here.table.drawing.notes_file(file)
    instead = dict(rows)
    old = values.words.to_pylist()
    words = pa.array([instead.get(word, word) for word in old], pa.string())
    changed = np.array([instead.get(word, word) != word for word in old], bool)
    hit = hits(here, probability) & changed[values.values]
    return Faulted(hit, Vector("string", values.values, values.missing, words))


@function(vocabulary=FAULTS)
def broken_key(here: Here, column: OwnColumn, probability: Numbers) -> Planted:
    """A foreign key that leads nowhere, of the same form as those that lead somewhere.

    column: one that dataset.yml says refers to a table.

    Example: broken_key(reader_id, .003)
    """
    target = here.table.drawing.tables.get(here.table.references.get(column.name, ""))
    if target is None:
        raise Unfit(f"{column.name} is no foreign key", fix="name a column with references:")
    hit, words = hits(here, probability), here.words("value")
    if target.key_counts:
        # The keys right beyond the table's are those of rows that stand there twice.
        beyond = 2 * target.count + keyed.below(words, np.array(max(target.count, 1)))
        return Faulted(hit, target.keys_at(beyond))
    known = target.column(target.key).keys()
    if known.kind == "integer":
        least = int(known.values.max(initial=0)) + 1
        drawn = least + keyed.below(words, np.array(max(target.count, 1)))
        return Faulted(hit, Vector("integer", drawn))
    return Faulted(hit, _unknown_codes(here, column.values, known, hit))


def _unknown_codes(here: Here, values: Vector, known: Vector, hit: Array) -> Vector:
    """Codes with other digits than those of any row of the table that they should lead to."""
    rows = np.flatnonzero(hit)
    taken = set(known.words.to_pylist())
    texts = values.words.take(pa.array(values.values[rows])).to_pylist()
    tries = [here.words(f"digits{n}")[rows] for n in range(TRIES)] if len(rows) else []
    made = []
    for at, text in enumerate(texts):
        others = (_with_digits(text, int(words[at])) for words in tries)
        made.append(next((other for other in others if other not in taken), text))
    words = pa.concat_arrays([values.words, pa.array(made, pa.string())])
    codes = np.array(values.values)
    codes[rows] = len(values.words) + np.arange(len(rows))
    return Vector("string", codes, values.missing, words)


def _with_digits(text: str, bits: int) -> str:
    changed = []
    for character in text:
        if character.isdigit():
            bits, digit = divmod(bits, 10)
            character = str(digit)
        changed.append(character)
    return "".join(changed)


@function(vocabulary=FAULTS)
def damaged_encoding(here: Here, column: OwnColumn, probability: Numbers) -> Planted:
    """UTF-8 that was read as Windows-1252: Bjørg becomes BjÃ¸rg.

    column: texts; only those with letters beyond ASCII can be damaged.

    Example: damaged_encoding(name, .05)
    """
    values = _of_kind(column, "string")
    old = values.words.to_pylist()
    words = pa.array([_misread(word) for word in old], pa.string())
    changed = np.array([not word.isascii() for word in old], bool)
    hit = hits(here, probability) & changed[values.values]
    return Faulted(hit, Vector("string", values.values, values.missing, words))


def _misread(text: str) -> str:
    """Bytes that Windows-1252 leaves undefined are read as Latin-1, as browsers do."""
    return text.encode().decode("latin-1").translate(WINDOWS_1252)


@function(vocabulary=FAULTS)
def time_zone_slip(
    here: Here, column: OwnColumn, probability: Numbers, hours: Numbers | None = None
) -> Planted:
    """A moment in the wrong time zone.

    column: moments. hours: by how many the moment is off; without it Norwegian time is taken for
    UTC, one hour off in winter and two in summer.

    Example: time_zone_slip(received_at, .02)
    """
    values = _of_kind(column, "datetime")
    slipped = values.values + (
        calendars.norwegian_offset(values.values)
        if hours is None
        else np.round(hours * calendars.HOUR).astype(np.int64)
    )
    return Faulted(hits(here, probability), Vector("datetime", slipped, values.missing))


@function(vocabulary=FAULTS)
def typo(here: Here, column: OwnColumn, probability: Numbers) -> Planted:
    """Two neighbouring letters have changed places: Kari becomes Kair.

    column: texts; where the two are the same, there is no typo.

    Example: typo(name, .01)
    """
    values = _of_kind(column, "string")
    hit = hits(here, probability)
    return Faulted(hit, retyped(values, hit, here.words("place")))


def retyped(values: Vector, hit: Array, words: keyed.Words) -> Vector:
    """The texts of some rows with two letters swapped, at a place that the words choose."""
    rows = np.flatnonzero(hit)
    texts = values.words.take(pa.array(values.values[rows]))
    lengths = np.asarray(pc.utf8_length(texts)).astype(np.int64)
    places = keyed.below(words[rows], np.maximum(lengths - 1, 1))
    order = np.argsort(places, kind="stable")
    made = [pa.array([], pa.string())]
    for place in np.unique(places).tolist():
        some = texts.take(pa.array(order[places[order] == place]))
        cuts = [(0, place), (place + 1, place + 2), (place, place + 1), (place + 2, None)]
        parts = [pc.utf8_slice_codeunits(some, start, stop) for start, stop in cuts]
        made.append(pc.binary_join_element_wise(*parts, ""))
    codes = np.array(values.values)
    codes[rows[order]] = len(values.words) + np.arange(len(rows))
    return Vector("string", codes, values.missing, pa.concat_arrays([values.words, *made]))


@function(vocabulary=FAULTS)
def duplicate(here: Here, probability: Numbers, *columns: OwnColumn) -> Planted:
    """The whole row stands there once more, under another key.

    probability: of each row. columns: texts that differ by a typo in the second row, where they
    can. The key of the table must be made with shuffled(…), or it would tell the second rows.

    Example: duplicate(.003)
    """
    for column in columns:
        _of_kind(column, "string")
    expression = getattr(here.table, "recipe", None)
    key = expression.columns.get(here.table.key) if expression else None
    if key is None or "shuffled(" not in key.text:
        what = f"the keys of {here.table.name} would tell which rows stand there twice"
        raise Unfit(what, key.text if key else None, fix="code('R-', shuffled(row, 6), 6)")
    return Faulted(hits(here, probability), strings(pa.array([], pa.string())))
