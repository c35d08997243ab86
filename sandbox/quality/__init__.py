"""Measured quality of published tables, in the words of the W3C Data Quality Vocabulary (DQV)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from sandbox.catalog.models import Dataset, Table
from sandbox.quality import dqv
from sandbox.quality.columns import Figures, Rows, figures, share, values_of
from sandbox.quality.counts import Counted, Counts, broken_promises

__all__ = [
    "WITHHELD",
    "Counts",
    "Figures",
    "Rows",
    "broken_promises",
    "dqv",
    "is_withheld",
    "measure",
]

WITHHELD = "withheld until reveal"
WHY = "A challenge is about what is wrong in this table, so its figures are withheld until reveal."


def measure(
    dataset: Dataset,
    tables: Mapping[str, Rows],
    counts: Counts,
    *,
    withheld: Container[str] = (),
    fits: Iterable[Figures] = (),
) -> Figures:
    """Figures per column and measures per table of a dataset.

    `tables` are the published ones of this dataset and of all that its foreign keys lead to.
    withheld: tables with planted faults, of which nothing is measured but how many rows they have;
    of single columns that would tell which ones have them. fits: how columns were drawn beside what
    their recipe declares. Shares are numbers from 0 to 1.
    """
    counted = {name: counts.of(name, table, tables) for name, table in dataset.tables.items()}
    return {
        "tables": {
            name: {"rows": counted[name].rows}
            | (
                {"withheld": WHY}
                if name in withheld
                else {"columns": _columns(table, tables[name])}
            )
            for name, table in dataset.tables.items()
        },
        "measures": [
            measured
            for name, table in dataset.tables.items()
            for measured in _measures(name, table, counted[name], withheld)
        ]
        + [
            {
                "dimension": "currentness",
                "measure": "reference date",
                "computed_on": "dataset",
                "value": dataset.reference_date.isoformat(),
                "unit": "date",
            }
        ],
        "fits": [fit for fit in fits if fit["table"] not in withheld],
    }


def is_withheld(quality: Figures) -> bool:
    """Whether any figure of a dataset is kept back until the reveal."""
    tables = any("withheld" in table for table in quality["tables"].values())
    return tables or any("status" in measured for measured in quality["measures"])


def _columns(table: Table, rows: Rows) -> Figures:
    return {
        name: figures(values_of(rows, name), column, is_key=name == table.key)
        for name, column in table.columns.items()
    }


def _measures(
    name: str, table: Table, counted: Counted, withheld: Container[str]
) -> Iterable[Figures]:
    cells, empty = counted.rows * len(counted.empty), sum(counted.empty.values())
    shut = name in withheld
    yield _measured(
        "completeness", "rate of filled required cells", name, (cells - empty, cells), shut
    )
    yield _measured(
        "consistency", "rate of unique keys", name, (counted.distinct, counted.rows), shut
    )
    for column, part in counted.linked.items():
        parent = table.foreign_keys[column]
        title = f"rate of {column} found in {parent}"
        on = f"{name}.{column}"
        yield _measured("consistency", title, on, part, shut or parent in withheld)
    for column, part in counted.coded.items():
        title = f"rate of {column} within its codes"
        yield _measured("accuracy", title, f"{name}.{column}", part, shut)


def _measured(dimension: str, title: str, on: str, part: tuple[int, int], shut: bool) -> Figures:
    told: Figures = {"dimension": dimension, "measure": title, "computed_on": on, "unit": "share"}
    return told | ({"status": WITHHELD} if shut else {"value": share(*part)})
