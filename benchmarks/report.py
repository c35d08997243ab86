"""The form every benchmark reports in: rows as they are measured, and goals met or missed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One measurement: `value` in `unit`; `ratio` to the peer measured in the same run, if any."""

    name: str
    value: float
    unit: str
    ratio: float | None = None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"  ratio {_number(self.ratio)}"
        return f"{self.name:48} {_number(self.value):>12} {self.unit:10}{ratio}".rstrip()


@dataclass(frozen=True)
class Goal:
    """A promise: `measured` is at least, or at most, `limit`, both in `unit`."""

    what: str
    measured: float
    bound: Literal["at least", "at most"]
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the promise holds; what could not be measured (NaN) does not."""
        if self.bound == "at least":
            return self.measured >= self.limit
        return self.measured <= self.limit

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        wanted = f"{self.bound} {_number(self.limit)} {self.unit}".rstrip()
        return f"goal: {self.what}: {_number(self.measured)}, {wanted}: {verdict}"


def report(results: Iterable[Row | Goal]) -> list[Goal]:
    """Print each result as it comes, the goals together at the end; return the goals."""
    goals = list(_print_rows(results))
    for goal in goals:
        print(goal, flush=True)
    return goals


def _print_rows(results: Iterable[Row | Goal]) -> Iterator[Goal]:
    for result in results:
        if isinstance(result, Goal):
            yield result
        else:
            print(result, flush=True)


def _number(value: float) -> str:
    """Three significant digits and no exponent: 1,234,567; 12.3; 0.0123."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
