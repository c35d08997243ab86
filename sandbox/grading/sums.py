"""A score as a function of sums over rows: all that a bootstrap needs to know of a metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # NumPy is loaded by the judge alone, and only for metrics that use it
    from numpy.typing import NDArray

    Floats = NDArray[Any]


@dataclass(frozen=True)
class Sums:
    """What each row adds, and the score of what was added.

    rows: (n, k) numbers: what each of n rows adds to each of k sums, such as 1 for a right answer
    and 1 for being there. score: maps sums of shape (…, k) to scores of shape (…), for one set of
    sums and for thousands at once. A mean is one sum divided by another; F1 is 2·tp / (2·tp + fp +
    fn); the root of a mean square is the root of such a quotient.
    clusters: a label for each row where rows come in clusters (a household, a replicate); whole
    clusters are then drawn, since rows of one are not so many independent pieces of evidence.
    places: which answer each row is of, in the order of the answers, where some add nothing and
    have no row; None: each answer has one.

    Two of them count as equal: they belong to a Measure, and its figures tell whether it is equal.
    """

    rows: Floats = field(compare=False)
    score: Callable[[Floats], Floats] = field(compare=False)
    clusters: Sequence[str] | None = field(default=None, compare=False)
    places: Sequence[int] | None = field(default=None, compare=False)


def mean(values: Sequence[float] | Floats, clusters: Sequence[str] | None = None) -> Sums:
    """Sums whose score is the mean of `values`, one for each row; 0 where there is no row."""
    import numpy as np

    rows = np.column_stack([np.asarray(values, float), np.ones(len(values))])
    return Sums(rows, lambda sums: sums[..., 0] / np.maximum(sums[..., 1], 1), clusters)
