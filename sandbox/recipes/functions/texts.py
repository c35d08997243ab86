"""Texts: joining is +; here are numbers as text, and codes of a fixed width."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Anything, Constant, Integers, Strings, function
from sandbox.recipes.vectors import strings, to_arrow


@function()
def text(here: Here, values: Anything) -> Strings:
    """A number or a date as text, a date as 2026-01-31."""
    if values.keys().kind == "duration":
        raise Unfit("a duration has no text", fix="divide or subtract first")
    return strings(to_arrow(here.every(values)).cast(pa.string()))


@function()
def code(here: Here, prefix: Constant, number: Integers, digits: Constant = 0) -> Strings:
    """A code such as BP-000123: a prefix and a number with leading zeros.

    prefix: a text, written out. number: whole numbers of 0 or more. digits: the least width.
    """
    plain = pa.array(here.spread(number)).cast(pa.string())
    padded = pc.utf8_lpad(plain, width=int(digits), padding="0")
    return strings(pc.binary_join_element_wise(str(prefix), padded, ""))
