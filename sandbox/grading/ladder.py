"""Whether a file of answers is better than the best so far by more than chance: the Ladder.

Blum and Hardt, "The Ladder: A Reliable Leaderboard for Machine Learning Competitions" (ICML 2015),
in its form without parameters (their Figure 2). Of n rows, a file improves on the best so far if

    score − best score > s / √n

where s is the standard deviation of the rows' paired differences: it must be better by more than
one standard error. Otherwise the place, and what is told of it, stay as they are, so that whoever
sends many files learns next to nothing of the rows.

The standard error is the jackknife's, which is s / √n for a mean and holds for other scores too
(sandbox.grading.chance). Where a score is no function of sums over rows, the tie bands stand in:
one is the 95 % half width of the difference of two independent answers, so a band / 1.96 is its
standard error, which is larger than the paired one. Where rows are no sample there is no band, and
any higher score improves.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.grading.verdict import Difference, Measure

Z = 1.959963984540054  # the 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Standing:
    """What a place depends on: the public part without gates, and the gates of the whole."""

    public: Measure
    whole: Measure

    @property
    def score(self) -> float:
        return self.public.without_gates


def improves(
    new: Standing, best: Standing | None, better: Difference | None, *, higher_is_better: bool
) -> bool:
    """Whether `new` takes its team to another place than `best` did.

    better: of the public part, from the judge who had both files; None where there is none. What
    passes the gates improves on what does not, and never the other way round.
    """
    if best is None:
        return True
    if new.whole.passed_gates != best.whole.passed_gates:
        return new.whole.passed_gates
    if better is not None:
        return better.value > better.error
    ahead = new.score - best.score if higher_is_better else best.score - new.score
    return ahead > max(new.public.band or 0.0, best.public.band or 0.0) / Z
