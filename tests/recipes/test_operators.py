"""Operators on columns that have no rows."""

import ast

import numpy as np
import pyarrow as pa
import pytest

from sandbox.recipes.operators import compared
from sandbox.recipes.vectors import Vector


@pytest.mark.parametrize("sign", [ast.Lt(), ast.LtE(), ast.Gt(), ast.GtE(), ast.Eq(), ast.NotEq()])
def test_a_text_beside_a_column_without_rows_has_none_either(sign):
    none = Vector("string", np.array([], dtype=np.int64), None, pa.array(["a"]))
    one = Vector("string", np.array(0), None, pa.array(["b"]))
    for left, right in ((none, one), (one, none)):
        assert compared(sign, left, right).values.shape == (0,)
