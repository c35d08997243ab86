"""Texts: joining is +; here are numbers as text, and codes of a fixed width."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Anything, Constant, Integers, Strings, function
from sandbox.recipes.vectors import Vector, strings, to_arrow

MOST_DIGITS = 40


@function()
def text(here: Here, values: Anything) -> Strings:
    """A number or a date as text, a date as 2026-01-31.

    Example: text(age) + ' years'
    """
    if values.keys().kind == "duration":
        raise Unfit("a duration has no text", fix="divide or subtract first")
    if values.kind == "integer" and values.values.ndim and len(values.values):
        low, high = int(values.values.min()), int(values.values.max())
        if high - low < len(values.values) // 4:  # each number is written once, not in every row
            words = pa.array(np.arange(low, high + 1)).cast(pa.string())
            return Vector("string", values.values - low, values.missing, words)
    return strings(to_arrow(here.every(values)).cast(pa.string()))


@function()
def code(here: Here, prefix: Constant, number: Integers, digits: Constant = 0) -> Strings:
    """A code such as BP-000123: a prefix and a number with leading zeros.

    prefix: a text, written out. number: whole numbers of 0 or more. digits: the least width.

    Example: code('R-', row, 6)
    """
    if not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
        raise Unfit("digits is the least width of a code", str(digits), f"0 to {MOST_DIGITS}")
    plain = pa.array(here.spread(number)).cast(pa.string())
    padded = pc.utf8_lpad(plain, width=int(digits), padding="0")
    return strings(pc.binary_join_element_wise(str(prefix), padded, ""))


@function()
def ascii(values: Strings) -> Strings:
    """A text in small letters from a to z, for addresses: Åse becomes ase, Bjørg bjorg, Ævar aevar.

    values: names. Letters with marks lose them; whatever is no letter, digit or hyphen is left out.

    Example: ascii(name)
    """
    return _of_words(values, _ascii)


@function()
def email(here: Here, given: Strings, family: Strings, number: Integers) -> Strings:
    """An e-mail address that can be nobody's: ase.aas17@example.org (RFC 2606 reserves the name).

    given, family: names. number: makes it unique, such as the key of the person.

    Example: email(given_name(sex), family_name(), reader_id)
    """
    domain = pa.scalar("@example.org")
    first, last = (_of_words(here.every(names), _ascii) for names in (given, family))
    dotted = Vector("string", first.values, None, _ascii_words(first.words, "."))
    texts = (_taken(dotted), _taken(last), pa.array(here.spread(number)).cast(pa.string()))
    return strings(pc.binary_join_element_wise(*texts, domain, ""))


def _ascii_words(words: pa.Array, ending: str) -> pa.Array:
    return pc.binary_join_element_wise(words, ending, "")


def _taken(vector: Vector) -> pa.Array:
    return vector.words.take(pa.array(vector.values))


def _of_words(vector: Vector, change: Callable[[str], str]) -> Vector:
    """A change of every text, made once for each word and not for each row."""
    coded = vector.words.dictionary_encode()
    words = pa.array([change(word) for word in coded.dictionary.to_pylist()], pa.string())
    codes = np.asarray(coded.indices.to_numpy()[vector.values])
    return Vector("string", codes, vector.missing, words)


@lru_cache(maxsize=1 << 16)
def _ascii(text: str) -> str:
    plain = text.lower().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFD", plain)
    return "".join(c for c in decomposed if c.isascii() and (c.isalnum() or c == "-"))


_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ð": "d", "þ": "th", "ß": "ss", "đ": "d", "ł": "l"})
