"""Figures of a trial in plain words, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime
from math import floor, log10

from sandbox.descriptors import Words
from sandbox.trials.effects import Effect
from sandbox.trials.plan import Arm, Guardrail, Measure, Plan
from sandbox.trials.power import Sight, sights, size_against_harm
from sandbox.ui import languages

PER = 1000  # shares are told as so many of a thousand


class Teller:
    """Tells of one plan in one language; the kit's own words come from its translations."""

    def __init__(self, plan: Plan, language: str):
        self.plan = plan
        self.language = language
        self.lang = languages.interface(language)
        self.gettext = languages.translator(language).gettext

    def said(self, words: Words) -> str:
        return words.best(self.language)[0]

    def number(self, value: float, digits: int = 0) -> str:
        return languages.number(value, self.lang, digits)

    def percent(self, share: float, digits: int = 1) -> str:
        return languages.number(100 * share, self.lang, digits) + "\u00a0%"

    def moment(self, value: datetime) -> str:
        return value.strftime("%Y-%m-%d %H:%M UTC")

    def day(self, value: date) -> str:
        return languages.day(value, self.lang)

    @property
    def units(self) -> str:
        return self.said(self.plan.unit.title)

    @property
    def assigned(self) -> str:
        """The word for what is assigned: units, or clusters of them."""
        return self.said(self.plan.cluster.title) if self.plan.cluster else self.units

    def arm(self, code: str) -> str:
        arm = next(arm for arm in self.plan.arms if arm.code == code)
        return self.said(arm.title)

    def measured(self, measure: Measure, value: float, beside: Effect | None = None) -> str:
        """A share in per cent, or a mean with its unit; as precise as the effect it stands by."""
        if measure.kind == "share":
            return self.percent(value)
        width = abs(value) if beside is None else beside.high - beside.low
        return f"{self.number(value, _digits(width))} {self._unit(measure)}"

    def amount(self, measure: Measure, difference: float) -> str:
        """A difference without its sign: 2.7 percentage points; 3.2 days."""
        _ = self.gettext
        if measure.kind == "share":
            return _("%(number)s percentage points") % {
                "number": self.number(abs(difference) * 100, 1)
            }
        return f"{self.number(abs(difference), _digits(abs(difference)))} {self._unit(measure)}"

    def _unit(self, measure: Measure) -> str:
        return self.said(measure.unit) if measure.unit else ""

    # --- power ------------------------------------------------------------------------------------

    def power(self) -> list[str]:
        """What the trial can see, a sentence or two for each arm, and what "see" means."""
        _ = self.gettext
        found = [
            self._sees(arm, sight)
            for arm, sight in zip(self.plan.treatments, sights(self.plan), strict=True)
        ]
        meaning = _("To see an effect means: %(power)s of 100 such trials would find it.")
        power = {"power": self.number(100 * self.plan.analysis.power)}
        return [*found, *map(self._harm, self.plan.guardrails), meaning % power]

    def _harm(self, guardrail: Guardrail) -> str:
        _ = self.gettext
        needed = size_against_harm(self.plan, guardrail)
        told = {
            "title": self.said(guardrail.title),
            "harm": self.amount(guardrail, guardrail.harm),
            "needed": self.number(needed or 0),
            "units": self.assigned,
        }
        if needed is None:
            return _("%(title)s: no size is enough to rule out harm of %(harm)s.") % told
        if needed <= self.plan.control.size:
            return _("%(title)s: that is enough to rule out harm of %(harm)s.") % told
        if len({arm.size for arm in self.plan.arms}) == 1:
            return _("%(title)s: to rule out harm of %(harm)s takes %(needed)s %(units)s per "
                     "group.") % told  # fmt: skip
        return _("%(title)s: to rule out harm of %(harm)s takes %(needed)s %(units)s in the first "
                 "group.") % told  # fmt: skip

    def _sees(self, arm: Arm, sight: Sight) -> str:
        _ = self.gettext
        plan, outcome = self.plan, self.plan.outcome
        told = {
            "sizes": self._sizes(arm),
            "wanted": self.amount(outcome, plan.smallest_effect),
            "needed": self.number(sight.needed or 0),
            "units": self.assigned,
        }
        if sight.sees is None:
            first = _("%(sizes)s you cannot see even the largest effect that there is room for.")
        else:
            told["sees"] = self.amount(outcome, sight.sees)
            first = _("%(sizes)s you will not see less than %(sees)s.")
        if sight.enough:
            second = _("That is enough: worth acting on is %(wanted)s.")
        elif sight.needed is None:
            second = _("Worth acting on is %(wanted)s: no size is enough for that.")
        elif arm.size == plan.control.size:
            second = _("Worth acting on is %(wanted)s: that takes %(needed)s %(units)s per group.")
        else:
            second = _(
                "Worth acting on is %(wanted)s: that takes %(needed)s %(units)s in the first "
                "group, and more in the other in proportion."
            )
        return f"{first} {second}" % told

    def _sizes(self, arm: Arm) -> str:
        _ = self.gettext
        control = self.plan.control
        told = {
            "first": self.number(control.size),
            "second": self.number(arm.size),
            "units": self.assigned,
            "control": self.said(control.title),
            "arm": self.said(arm.title),
        }
        if len(self.plan.treatments) == 1 and arm.size == control.size:
            return _("With %(first)s %(units)s per group") % told
        return _("With %(first)s %(units)s in “%(control)s” and %(second)s in “%(arm)s”") % told

    # --- effects ----------------------------------------------------------------------------------

    def effect(self, measure: Measure, arm: str, found: Effect) -> str:
        """The estimate and its interval: of 1,000, so many fewer; the truth is likely between."""
        share = measure.kind == "share"
        scale = PER if share else 1
        width = (found.high - found.low) * scale
        digits = (0 if width >= 10 else 1) if share else _digits(width)
        estimate, low, high = (
            round(value * scale, digits) + 0.0 for value in (found.estimate, found.low, found.high)
        )
        told = {
            "thousand": self.number(PER),
            "units": self.units,
            "arm": self.arm(arm),
            "control": self.said(self.plan.control.title),
            "title": self.said(measure.title),
            "happened": self.said(measure.happened) if measure.happened else "",
            "number": self.number(abs(estimate), digits),
            "unit": self._unit(measure),
        }
        first = self._shares(estimate) if share else self._means(estimate)
        return f"{first % told} {self._between(low, high, digits, measure)}"

    def _shares(self, estimate: float) -> str:
        _ = self.gettext
        if estimate == 0:
            return _("Of %(thousand)s %(units)s with “%(arm)s”, as many %(happened)s as with "
                     "“%(control)s”.")  # fmt: skip
        if estimate < 0:
            return _("Of %(thousand)s %(units)s with “%(arm)s”, %(number)s fewer %(happened)s than "
                     "with “%(control)s”.")  # fmt: skip
        return _("Of %(thousand)s %(units)s with “%(arm)s”, %(number)s more %(happened)s than with "
                 "“%(control)s”.")  # fmt: skip

    def _means(self, estimate: float) -> str:
        _ = self.gettext
        if estimate == 0:
            return _("%(title)s: on average the same with “%(arm)s” as with “%(control)s”.")
        if estimate < 0:
            return _("%(title)s: on average %(number)s %(unit)s less with “%(arm)s” than with "
                     "“%(control)s”.")  # fmt: skip
        return _("%(title)s: on average %(number)s %(unit)s more with “%(arm)s” than with "
                 "“%(control)s”.")  # fmt: skip

    def _between(self, low: float, high: float, digits: int, measure: Measure) -> str:
        """The interval; the end that is nearer to no effect comes first."""
        _ = self.gettext
        near, far = (high, low) if abs(high) < abs(low) else (low, high)
        told = {
            "near": self.number(abs(near), digits),
            "far": self.number(abs(far), digits),
            "fewer": self.number(abs(low), digits),
            "more": self.number(abs(high), digits),
            "unit": self._unit(measure),
        }
        share = measure.kind == "share"
        if high <= 0:
            words = (
                _("The truth is likely between %(near)s and %(far)s fewer.")
                if share
                else _("The truth is likely between %(near)s and %(far)s %(unit)s less.")
            )
        elif low >= 0:
            words = (
                _("The truth is likely between %(near)s and %(far)s more.")
                if share
                else _("The truth is likely between %(near)s and %(far)s %(unit)s more.")
            )
        else:
            words = (
                _("The truth is likely between %(fewer)s fewer and %(more)s more.")
                if share
                else _("The truth is likely between %(fewer)s %(unit)s less and %(more)s more.")
            )
        return words % told

    def span(self, measure: Measure, low: float, high: float) -> str:
        """An interval with signs, for a table: −4.6 to −0.8 (points of a share)."""
        scale, digits = _scale(measure, high - low)
        ends = {"low": self.signed(low * scale, digits), "high": self.signed(high * scale, digits)}
        return self.gettext("%(low)s to %(high)s") % ends

    def difference(self, measure: Measure, found: Effect) -> str:
        """The estimate with its sign, as precise as its interval."""
        scale, digits = _scale(measure, found.high - found.low)
        return self.signed(found.estimate * scale, digits)

    def signed(self, value: float, digits: int) -> str:
        value = round(value, digits) + 0.0
        sign = "−" if value < 0 else "+" if value > 0 else ""
        return sign + self.number(abs(value), digits)

    def p(self, value: float) -> str:
        return f"< {self.number(0.001, 3)}" if value < 0.001 else self.number(value, 3)


def _scale(measure: Measure, width: float) -> tuple[int, int]:
    """Points of a share with one digit; a mean with two figures of its interval's width."""
    return (100, 1) if measure.kind == "share" else (1, _digits(width))


def _digits(size: float) -> int:
    """Digits after the point that show two significant figures of a figure of this size."""
    return min(4, max(0, 1 - floor(log10(size)))) if size > 0 else 0
