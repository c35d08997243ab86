"""How answers are measured: each metric by its name, with formula, source and constant answers."""

from sandbox.grading.metrics.bounds import interval, upper_bound
from sandbox.grading.metrics.exact_match import exact_match
from sandbox.grading.metrics.registry import METRICS, Metric, Pair, metric
from sandbox.grading.metrics.same_day import same_day

__all__ = [
    "METRICS",
    "Metric",
    "Pair",
    "exact_match",
    "interval",
    "metric",
    "same_day",
    "upper_bound",
]
