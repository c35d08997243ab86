"""What a trial planned, and what came out of it, on a page that whoever decides can read."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from pathlib import Path

from sandbox.trials.analysis import Comparison, Result, Verdict
from sandbox.trials.checks import Balance, Missing
from sandbox.trials.frozen import Change, changes, read_frozen
from sandbox.trials.page import Answer, Block, Bullets, Grid, Heading, Paragraph, Warn
from sandbox.trials.plan import Deviation, Guardrail, Plan
from sandbox.trials.wording import Teller

ABSENT = "–"


# --- the plan -------------------------------------------------------------------------------------


def plan_page(path: Path, plan: Plan, language: str = "en") -> list[Block]:
    """The plan at `path` on one page, with what it can see and whether it is frozen."""
    return list(_plan_page(path, plan, Teller(plan, language)))


def _plan_page(path: Path, plan: Plan, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    decision = plan.decision
    yield Heading(t.said(plan.title), 1)
    yield from _frozen_or_not(path, plan, t)
    yield Heading(_("What is decided"))
    told = {"what": t.said(decision.what), "who": t.said(decision.who),
            "when": t.said(decision.when)}  # fmt: skip
    yield Paragraph(_("%(what)s Decided by: %(who)s, %(when)s.") % told)
    outcomes = [
        (_("Yes"), t.said(decision.if_yes)),
        (_("No"), t.said(decision.if_no)),
        (_("Unclear"), t.said(decision.if_unclear)),
    ]
    yield Grid((_("If the answer is"), _("then")), tuple(outcomes))
    yield Heading(_("Who is compared"))
    yield from _who(plan, t)
    yield Heading(_("What is measured"))
    yield Bullets(tuple(_measured(plan, t)))
    yield Heading(_("What the trial can see"))
    yield Bullets(tuple(t.power()))
    yield Heading(_("How it ends, and how it is analysed"))
    yield Bullets(tuple(_how(plan, t)))


def _frozen_or_not(path: Path, plan: Plan, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    frozen = read_frozen(path)
    if frozen is None:
        yield Warn(_("Draft"), _("This plan is not frozen yet: anything may still change."))
        return
    told = {"when": t.moment(frozen.at), "hash": frozen.sha256}
    yield Paragraph(_("Frozen %(when)s. SHA-256: %(hash)s") % told)
    yield from _deviations(tuple(changes(frozen.plan, plan)), plan.deviations, t)


def _who(plan: Plan, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    rows = tuple(
        (t.said(arm.title), arm.code, t.number(arm.size), _("today's practice") if not i else "")
        for i, arm in enumerate(plan.arms)
    )
    yield Grid((_("Group"), _("Code"), t.assigned, ""), rows)
    told = {"units": t.units, "clusters": t.assigned, "strata": ", ".join(plan.strata),
            "size": t.number(plan.cluster.size) if plan.cluster else ""}  # fmt: skip
    words = _("Chance decides who comes into which group: it is drawn by lot.")
    if plan.cluster:
        words = _("Chance decides which group each of the %(clusters)s comes into, with all of its "
                  "%(units)s (about %(size)s each): it is drawn by lot.")  # fmt: skip
    if plan.strata:
        words += " " + _("The groups get equal parts of each kind of: %(strata)s.")
    yield Paragraph(words % told)


def _measured(plan: Plan, t: Teller) -> Iterator[str]:
    _ = t.gettext
    outcome = plan.outcome
    told = {"title": t.said(outcome.title), "today": t.measured(outcome, outcome.today),
            "wanted": t.amount(outcome, plan.smallest_effect)}  # fmt: skip
    if outcome.better == "lower":
        yield _("One outcome counts: %(title)s. Today: %(today)s; lower is better.") % told
    else:
        yield _("One outcome counts: %(title)s. Today: %(today)s; higher is better.") % told
    yield _("Worth acting on is a change of %(wanted)s or more.") % told
    for guardrail in plan.guardrails:
        told = {"title": t.said(guardrail.title), "harm": t.amount(guardrail, guardrail.harm)}
        yield _("Must not suffer: %(title)s. Worse by %(harm)s or more is too much.") % told


def _how(plan: Plan, t: Teller) -> Iterator[str]:
    _ = t.gettext
    told = {
        "date": t.day(plan.stop.date),
        "rule": t.said(plan.stop.rule),
        "confidence": t.percent(plan.analysis.confidence, 0),
        "column": plan.covariate.column if plan.covariate else "",
        "comparisons": t.number(len(plan.treatments)),
        "each": t.percent(plan.confidence, 1),
    }
    yield _("The outcome is looked at once, on %(date)s, and not before. %(rule)s") % told
    yield _("Everyone counts in the group that the lot gave them, whatever reached them (intention "
            "to treat). The effect is told with its %(confidence)s interval.") % told  # fmt: skip
    if len(plan.treatments) > 1:
        yield _("There are %(comparisons)s comparisons; each has a %(each)s interval, so that all "
                "hold together with %(confidence)s.") % told  # fmt: skip
    if plan.covariate:
        yield _("What %(column)s was before the trial is taken into account (CUPED).") % told
    yield _("Yes: there is an effect, and one worth acting on is not ruled out. No: an effect "
            "worth acting on is ruled out, or it does harm. Unclear: neither.")  # fmt: skip


# --- the result -----------------------------------------------------------------------------------


def report(result: Result, language: str = "en") -> list[Block]:
    """What came out: the answer first, then how far to trust it, then what it cannot say."""
    return list(_report(result, Teller(result.plan, language)))


def _report(result: Result, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    yield Heading(t.said(result.plan.title), 1)
    yield from _warnings(result, t)
    yield Heading(_("The answer"))
    for comparison, verdict in zip(result.primary, result.verdicts, strict=True):
        yield from _answer(result, comparison, verdict, t)
    yield _figures(result, t)
    likely = _("“Likely” means: of 100 intervals made this way, %(confidence)s hold the truth.")
    confidence = t.number(100 * result.plan.confidence, 0 if len(result.primary) == 1 else 1)
    yield Paragraph(likely % {"confidence": confidence})
    if result.guardrails:
        yield Heading(_("What must not suffer"))
        yield Bullets(tuple(_harm(comparison, t) for comparison in result.guardrails))
    yield Heading(_("The plan, and what was done otherwise"))
    yield from _followed(result, t)
    yield Heading(_("Was it a fair trial?"))
    yield from _fair(result, t)
    yield Heading(_("What this cannot say"))
    yield Bullets(tuple(_limits(result, t)))


def _warnings(result: Result, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    warning = _("Warning")
    if result.frozen is None:
        yield Warn(warning, _("The plan was not frozen before the data was seen. Take this as a "
                              "hint of what to test, not as a test."))  # fmt: skip
    elif result.frozen_late:
        yield Warn(warning, _("The plan was frozen only after the day on which the outcome was to "
                              "be looked at."))  # fmt: skip
    if any(change.explained is None for change in result.changes):
        yield Warn(warning, _("The plan was changed after it was frozen, and nobody says why: see "
                              "below."))  # fmt: skip
    if result.counts.alarm:
        yield Warn(warning, _("The groups are not as large as the lot made them, and chance does "
                              "not do that. Find out who is missing before you trust any figure "
                              "here."))  # fmt: skip


def _answer(result: Result, comparison: Comparison, verdict: Verdict, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    plan = result.plan
    if len(result.primary) > 1:
        yield Heading(t.arm(comparison.arm), 3)
    yield Answer(_verdict(plan, comparison, verdict, t))
    yield Paragraph(t.effect(comparison.measure, comparison.arm, comparison.effect))
    follows = {
        "yes": plan.decision.if_yes,
        "no": plan.decision.if_no,
        "unclear": plan.decision.if_unclear,
    }
    words = _("What follows, as it was decided before: %(then)s")
    yield Paragraph(words % {"then": t.said(follows[verdict.answer])})


def _verdict(plan: Plan, comparison: Comparison, verdict: Verdict, t: Teller) -> str:
    _ = t.gettext
    told = {"wanted": t.amount(plan.outcome, plan.smallest_effect)}
    if "counts" in verdict.reasons:
        return _("Unclear: the groups' sizes cannot be chance, so no figure can be trusted yet.")
    if "harm" in verdict.reasons:
        return _("No: it works, but something suffers that must not.")
    if "harm unclear" in verdict.reasons:
        return _("Unclear: it works, but harm is not ruled out.")
    better, low = _for_the_better(plan, comparison)
    if verdict.answer == "no":
        if low > 0:
            return _("No: it works, but by less than what is worth acting on, %(wanted)s.") % told
        return _("No: an effect worth acting on, %(wanted)s, is ruled out.") % told
    if verdict.answer == "unclear":
        return _("Unclear: the trial does not show that it works, nor does it rule out an effect "
                 "worth acting on, %(wanted)s.") % told  # fmt: skip
    if better < plan.smallest_effect:
        return _("Yes: it works. The best estimate is below what is worth acting on, %(wanted)s, "
                 "but as much is possible.") % told  # fmt: skip
    return _("Yes: it works, and the best estimate is at least what is worth acting on, "
             "%(wanted)s.") % told  # fmt: skip


def _for_the_better(plan: Plan, comparison: Comparison) -> tuple[float, float]:
    """Estimate and lower end of the effect, turned so that more is better."""
    found = comparison.effect
    if plan.outcome.better == "higher":
        return found.estimate, found.low
    return -found.estimate, -found.high


def _figures(result: Result, t: Teller) -> Grid:
    _ = t.gettext
    outcome = result.plan.outcome
    counts = dict.fromkeys((arm.code for arm in result.plan.arms), 0)
    for arm in result.data.arms:
        if arm in counts:
            counts[arm] += 1
    first = result.primary[0].effect
    control = result.plan.control
    rows = [(t.said(control.title), t.number(counts[control.code]), t.number(first.counts[0]),
             t.measured(outcome, first.control, first), "", "", "")]  # fmt: skip
    for comparison in result.primary:
        found = comparison.effect
        rows.append((t.arm(comparison.arm), t.number(counts[comparison.arm]),
                     t.number(found.counts[1]), t.measured(outcome, found.treated, found),
                     t.difference(outcome, found), t.span(outcome, found.low, found.high),
                     t.p(found.p)))  # fmt: skip
    difference = _("Difference (points)") if outcome.kind == "share" else _("Difference")
    level = t.percent(first.confidence, 0 if len(result.primary) == 1 else 1)
    head = (_("Group"), _("Assigned"), _("With an outcome"), t.said(outcome.title), difference,
            _("%(confidence)s interval") % {"confidence": level}, "p")  # fmt: skip
    return Grid(head, tuple(rows), figures=True)


def _harm(comparison: Comparison, t: Teller) -> str:
    _ = t.gettext
    guardrail = comparison.measure
    harm = guardrail.harm if isinstance(guardrail, Guardrail) else 0.0
    told = {"title": t.said(guardrail.title), "harm": t.amount(guardrail, harm),
            "effect": t.effect(guardrail, comparison.arm, comparison.effect)}  # fmt: skip
    if comparison.answer == "yes":
        return _("%(title)s: it suffers. %(effect)s") % told
    if comparison.answer == "no":
        return _("%(title)s: worse by %(harm)s is ruled out. %(effect)s") % told
    return _("%(title)s: worse by %(harm)s is not ruled out. %(effect)s") % told


def _followed(result: Result, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    if result.frozen is None:
        yield Paragraph(_("No record of a frozen plan lies beside it."))
    else:
        told = {"when": t.moment(result.frozen.at), "hash": result.frozen.sha256}
        yield Paragraph(_("Frozen %(when)s. SHA-256: %(hash)s") % told)
    if not result.data.by_lot:
        yield Paragraph(_("The lot was drawn elsewhere: that it came after the plan cannot be seen "
                          "from the files."))  # fmt: skip
    if not result.changes and not result.plan.deviations:
        yield Paragraph(_("Nothing is told to have been done otherwise."))
    yield from _deviations(result.changes, result.plan.deviations, t)
    if result.as_frozen is not None:
        yield Paragraph(_("By the plan as it was frozen:"))
        then = Teller(result.frozen.plan, t.language) if result.frozen else t
        yield Bullets(tuple(then.effect(c.measure, c.arm, c.effect) for c in result.as_frozen))
    elif result.changes:
        yield Paragraph(_("By the plan as it was frozen, this data cannot be analysed any more."))


def _deviations(
    changed: tuple[Change, ...], told: tuple[Deviation, ...], t: Teller
) -> Iterator[Block]:
    """Each changed key with its explanation, or the lack of one; then what no key stands for."""
    _ = t.gettext
    if changed:
        missing = _("NOT EXPLAINED")
        rows = tuple(
            (
                change.key,
                ABSENT if change.old is None else change.old,
                ABSENT if change.new is None else change.new,
                _explained(change.explained, t) if change.explained else missing,
            )
            for change in changed
        )
        yield Grid((_("Deviation"), _("As frozen"), _("Now"), _("Why")), rows)
    used = [change.explained for change in changed]
    others = tuple(_explained(each, t) for each in told if each not in used)
    if others:
        yield Bullets(others)


def _explained(deviation: Deviation, t: Teller) -> str:
    return f"{t.day(deviation.date)}: {t.said(deviation.why)}"


def _fair(result: Result, t: Teller) -> Iterator[Block]:
    _ = t.gettext
    yield Bullets((_counted(result, t), *_lost(result, t), *_outside(result, t),
                   *_covariate(result, t)))  # fmt: skip
    if result.balance:
        rows = tuple(_balanced(row, t) for row in result.balance)
        yield Grid((_("Before the trial"), _("Group"), _("Difference (SD)"), _("Reading")), rows)
        reading = _("Under 0.1 standard deviations is even, up to 0.25 worth a look. A fair lot "
                    "makes some differences too; the interval allows for them.")  # fmt: skip
        yield Paragraph(reading)
    if result.arrived:
        head = (_("Group"), _("Assigned"), _("Got it"), _("Got another"), _("Got nothing"))
        yield Grid(
            head,
            tuple(
                (t.arm(row.arm), t.number(row.of), *(
                    t.percent(count / row.of) if row.of else ABSENT
                    for count in (row.as_assigned, row.another, row.nothing)
                ))
                for row in result.arrived
            ),
            figures=True,
        )  # fmt: skip


def _balanced(row: Balance, t: Teller) -> tuple[str, str, str, str]:
    _ = t.gettext
    column = f"{row.column}: {row.word}" if row.word else row.column
    reading = {"even": _("even"), "look": _("worth a look"), "uneven": _("uneven")}
    shown = "∞" if row.difference in (inf, -inf) else t.signed(row.difference, 2)
    return column, t.arm(row.arm), shown, reading[row.verdict]


def _counted(result: Result, t: Teller) -> str:
    _ = t.gettext
    found = result.counts
    told = {
        "units": t.assigned,
        "found": " : ".join(t.number(count) for count in found.found),
        "planned": " : ".join(t.number(arm.size) for arm in result.plan.arms),
        "p": t.p(found.p),
    }
    if found.alarm:
        return _("Sizes (%(units)s): %(found)s, planned %(planned)s. ALARM: chance does not do "
                 "that (p %(p)s).") % told  # fmt: skip
    return _("Sizes (%(units)s): %(found)s, planned %(planned)s. Chance can do that "
             "(p %(p)s).") % told  # fmt: skip


def _lost(result: Result, t: Teller) -> Iterator[str]:
    """What missing outcomes can change, for each comparison."""
    _ = t.gettext
    for comparison in result.primary:
        lost = comparison.missing
        if lost is None:
            yield _("“%(arm)s”: no outcome is missing.") % {"arm": t.arm(comparison.arm)}
            continue
        yield _missing(comparison, lost, t)


def _missing(comparison: Comparison, lost: Missing, t: Teller) -> str:
    _ = t.gettext
    told = {
        "arm": t.arm(comparison.arm),
        "control": t.said(t.plan.control.title),
        "lost": t.percent(lost.counts[1] / lost.of[1]),
        "lost_control": t.percent(lost.counts[0] / lost.of[0]),
        "p": t.p(lost.p),
        "bounds": t.span(comparison.measure, lost.low, lost.high),
    }
    words = _("Without an outcome: %(lost)s in “%(arm)s”, %(lost_control)s in “%(control)s” "
              "(p %(p)s for so uneven by chance).")  # fmt: skip
    if lost.certain:
        words += " " + _("Whatever happened to them, the difference is within %(bounds)s.")
    else:
        words += " " + _("For those whose outcome would be known in either group, the difference "
                         "is estimated within %(bounds)s.")  # fmt: skip
    if comparison.answer_if_missing_were_worst == comparison.answer:
        words += " " + _("The answer would be the same.")
    else:
        words += " " + _("The answer could then be another.")
    return words % told


def _outside(result: Result, t: Teller) -> Iterator[str]:
    _ = t.gettext
    if result.data.outside:
        told = {"number": t.number(result.data.outside)}
        yield _("%(number)s rows are of units that were not assigned; they do not count.") % told


def _covariate(result: Result, t: Teller) -> Iterator[str]:
    """How much the covariate helped, as part of the interval's width and as so many more units."""
    _ = t.gettext
    for comparison in result.primary:
        narrower = comparison.effect.narrower
        if narrower is None or result.plan.covariate is None:
            continue
        told = {
            "column": result.plan.covariate.column,
            "narrower": t.percent(narrower, 0),
            "worth": t.percent(1 / max(1 - narrower, 1e-3) ** 2 - 1, 0),
        }
        if narrower > 0:
            yield _("%(column)s made the interval %(narrower)s narrower, as %(worth)s more units "
                    "would have.") % told  # fmt: skip
        else:
            yield _("%(column)s did not make the interval narrower.") % told


def _limits(result: Result, t: Teller) -> Iterator[str]:
    _ = t.gettext
    yield _("It is the effect on average. It does not say for whom it is larger or smaller: groups "
            "that the plan does not name are ideas for another trial.")  # fmt: skip
    yield _("It holds for those who were in the trial, then and there. Elsewhere, and when all get "
            "it, it may be another.")  # fmt: skip
    if any(row.as_assigned < row.of for row in result.arrived):
        yield _("It is the effect of being assigned. Not everyone got what they were assigned to, "
                "so the effect on those who get it may be another; comparing only those who got it "
                "would no longer be a fair comparison.")  # fmt: skip
    elif not result.arrived:
        yield _("It is the effect of being assigned. Who really got it was not measured.")
    if any(verdict.answer == "unclear" for verdict in result.verdicts):
        yield _("Unclear does not mean that there is no effect.")
    yield _("Only the outcome that the plan names is answered. What else moved is not proved here.")
