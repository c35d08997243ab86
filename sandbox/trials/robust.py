"""One coefficient of a regression, with a variance that holds for clusters and uneven spreads.

The variance is CR2, the bias-reduced sandwich, with Bell and McCaffrey's degrees of freedom
(Survey Methodology 28, 2002; Imbens, Kolesár, Review of Economics and Statistics 98, 2016;
Pustejovsky, Tipton, Journal of Business & Economic Statistics 36, 2018). Where every unit stands
alone it is HC2, which for two groups is Neyman's s₁²/n₁ + s₀²/n₀.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
TINY = 1e-9


@dataclass(frozen=True)
class Coefficient:
    """An estimate, its standard error, and the degrees of freedom of Student's t for it."""

    value: float
    error: float
    degrees: float


def coefficient(
    outcome: Floats, columns: Floats, which: int, clusters: Codes | None = None
) -> Coefficient:
    """The coefficient of column `which` (units × columns) by least squares.

    `clusters` numbers each unit's cluster from 0; without it every unit is a cluster of its own.
    Columns that the others make up are left out of account, except `which`, which must not be one.
    """
    # With X'X = V S² V' and U = X V S⁻¹, a coefficient is c'U'y with c = S⁻¹V'l, and all that
    # follows needs no matrix larger than columns × columns, since
    # (I − UᵢUᵢ')^(−1/2) Uᵢ = Uᵢ (I − Uᵢ'Uᵢ)^(−1/2).
    squares, vectors = np.linalg.eigh(columns.T @ columns)
    kept = squares > squares[-1] * TINY
    turned = vectors[:, kept] / np.sqrt(squares[kept])
    left = columns @ turned
    contrast = turned[which]
    explained = left.T @ outcome
    residuals = outcome - left @ explained
    if clusters is None:
        scores, own, cross = _alone(left, contrast, residuals)
    else:
        scores, own, cross = _together(left, contrast, residuals, clusters)
    variance = float(scores @ scores)
    # Satterthwaite: twice the squared mean of the variance estimate by its variance, if all units
    # had one spread; it is a quadratic form with the matrix diag(own) − cross cross'.
    lengths = np.einsum("ij,ij->i", cross, cross)
    gram = cross.T @ cross
    squared = float(own @ own - 2 * own @ lengths + np.sum(gram * gram))
    degrees = float(own.sum() - lengths.sum()) ** 2 / squared if squared > 0 else inf
    return Coefficient(float(contrast @ explained), sqrt(variance), degrees)


def _alone(left: Floats, contrast: Floats, residuals: Floats) -> tuple[Floats, Floats, Floats]:
    share = 1 - np.einsum("ij,ij->i", left, left)
    weights = np.where(share > TINY, (left @ contrast) / np.sqrt(np.maximum(share, TINY)), 0.0)
    return weights * residuals, weights**2, left * weights[:, None]


def _together(
    left: Floats, contrast: Floats, residuals: Floats, clusters: Codes
) -> tuple[Floats, Floats, Floats]:
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    sums = np.add.reduceat(left[order] * residuals[order, None], starts)
    grams = np.stack([rows.T @ rows for rows in np.split(left[order], starts[1:])])
    values, vectors = np.linalg.eigh(np.eye(left.shape[1]) - grams)
    roots = np.where(values > TINY, 1 / np.sqrt(np.maximum(values, TINY)), 0.0)
    weights = np.einsum("gij,gj,gkj,k->gi", vectors, roots, vectors, contrast, optimize=True)
    cross = np.einsum("gij,gj->gi", grams, weights)
    scores, own = (np.einsum("gi,gi->g", weights, each) for each in (sums, cross))
    return scores, own, cross
