"""How answers are measured: a module for each metric, with formula, source and constant answers.

The metric `same-day` is the function `same_day` of the module `same_day`. Nothing is imported
before it is asked for, since the judge is a new process for each file of answers and needs one
metric, while others may load libraries that take seconds.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module

from sandbox.grading.pairs import Metric


class _Metrics(Mapping[str, Metric]):
    """Name → metric, by what lies in this folder."""

    def __getitem__(self, name: str) -> Metric:
        if name not in set(self):
            raise KeyError(name)
        module = name.replace("-", "_")
        metric: Metric = getattr(import_module(f"{__name__}.{module}"), module)
        return metric

    def __iter__(self) -> Iterator[str]:
        return (module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in set(self)  # Mapping's own would import the metric


METRICS: Mapping[str, Metric] = _Metrics()
