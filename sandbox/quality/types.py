"""How the six types stand in Arrow, which carries tables between the steps."""

from __future__ import annotations

import pyarrow as pa

from sandbox.catalog.models import Type

ARROW_TYPES: dict[Type, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("s", "UTC"),
}
