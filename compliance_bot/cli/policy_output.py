"""What `compliance-bot policy` prints for people: findings, explanations, comparisons, a line at a time."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from compliance_bot.cli.output import line, printable
from compliance_bot.cli.shapes import value_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.chains.examine import PolicyReport
    from compliance_bot.chains.explain import Explanation, Mattered, Permissions
    from compliance_bot.chains.what_if import Comparison, Kind, RightsChange
    from compliance_bot.policy.expectations import Verdict
    from compliance_bot.policy.explain import Condition, Reason
    from compliance_bot.records import AttributeValue

_MARKS = {True: "holds", False: "FAILS", None: "cannot be evaluated"}
_ROLES = {
    "decided": "decided",
    "overruled": "permits, and was overruled",
    "nearest": "came nearest of the permits",
    "failed": "could not be evaluated, which denies",
}


def report_lines(report: PolicyReport) -> Iterator[str]:
    """Yield what was found in a policy folder: problems, warnings, failed tests, a summary, redaction."""
    for problem in report.problems:
        place = line(problem.file) + (f", line {problem.line}" if problem.line else "")
        named = ": ".join(part for part in (place, line(problem.policy or "")) if part)
        yield f"{named}: {line(problem.message)}" if named else line(problem.message)
    for caution in report.cautions:
        yield f"warning: {line(', '.join(caution.policies))}: {line(caution.message)}".replace(": : ", ": ")
    for test in report.tests:
        if not test.passed:
            yield from _failure_lines(test)
    if report.problems:
        yield f"not valid: {len(report.problems)} problems; nothing was tested"
        return
    passed = sum(test.passed for test in report.tests)
    tests = f"{passed} of {len(report.tests)} tests passed" if report.tests else "no tests"
    yield f"{report.policies} policies, {len(report.cautions)} warnings, {tests}"
    if report.redaction is not None:
        others = (f"{line(name)}: {profile.name}" for name, profile in report.redaction.collections.items())
        yield f"masked under {'; '.join((*others, f'all other collections: {report.redaction.default.name}'))}"


def _failure_lines(test: Verdict) -> Iterator[str]:
    yield f"FAILED {line(test.file)}: {line(test.name)}"
    yield f"  expected {test.expected}{_because(test.because)}, decided {test.decided}{_because(test.determining)}"
    if test.failed_policies:
        yield f"  {test.failed_policies} policies could not be evaluated, which denies"


def _because(policies: tuple[str, ...] | None) -> str:
    if policies is None:
        return ""
    return f" because of {line(', '.join(policies))}" if policies else " because of no policy"


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield why somebody may or may not: the decision, the policies with what they ask, the values."""
    may = "may" if explanation.decision.allowed else "may NOT"
    title = f" “{line(explanation.title)}”" if explanation.title else ""
    then = f", as of {explanation.as_of:%Y-%m-%d %H:%M} UTC" if explanation.as_of else ""
    yield f"{line(explanation.principal)} {may} {line(explanation.action)} {line(explanation.document)}{title}{then}"
    if not explanation.is_decidable:
        yield "the document, or the person, does not fit the schema in force: nothing can be decided, which denies"
    elif not explanation.decision.determining:
        yield "no policy permits it"
    elif not explanation.reasons:
        yield f"decided by {line(', '.join(explanation.decision.determining))}"
    for reason in explanation.reasons:
        yield ""
        yield from _reason_lines(reason)
    if explanation.values:
        yield ""
        yield "what they looked at:"
    for mattered in explanation.values:
        yield f"  {line(mattered.name)}: {_value(mattered)}"


def _reason_lines(reason: Reason) -> Iterator[str]:
    place = f" ({line(reason.file)}, line {reason.line})" if reason.file else ""
    yield f"{reason.effect} {line(reason.policy)}{place}: {_ROLES[reason.role]}"
    for condition in reason.conditions:
        yield f"  {_MARKS[condition.holds]:<6} {_condition(condition)}"
    yield textwrap.indent(printable(reason.text), "    | ")


def _condition(condition: Condition) -> str:
    prefix = f"{condition.part} " if condition.part in {"when", "unless"} else ""
    return prefix + line(condition.text)


def _value(mattered: Mattered) -> str:
    if mattered.is_withheld:
        return "(withheld: a wall keeps the document from this reviewer)"
    return "(absent)" if mattered.value is None else _text(mattered.value)


def _text(value: AttributeValue) -> str:
    shape = value_shape(value)
    return line(", ".join(map(str, shape)) if isinstance(shape, list) else str(shape))


def permissions_lines(permissions: Permissions) -> Iterator[str]:
    """Yield who may, and which policies say so."""
    title = f" “{line(permissions.title)}”" if permissions.title else ""
    count = f"{len(permissions.permitted)} of {permissions.listed} people listed"
    yield f"{count} may {line(permissions.action)} {line(permissions.document)}{title}"
    for one in permissions.permitted:
        yield f"  {line(one.principal)}: {line(', '.join(one.determining))}"


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yield what differs between two sets, and who gains and loses what by it."""
    for policy in comparison.policies:
        yield f"{policy.change}: {policy.effect} {line(policy.policy)}"
    for what, people in (
        ("joins", comparison.joined),
        ("leaves", comparison.left),
        ("has other groups or attributes", comparison.altered),
    ):
        for person in people:
            yield f"{line(person)} {what}"
    for change in comparison.changes:
        yield from _change_lines(change)
    if not comparison.changes:
        yield "nobody gains or loses anything"
    yield (
        f"compared for {comparison.principals} people over {comparison.documents} documents; documents behind walls "
        "that keep this reviewer out are in none of these figures"
    )


def _change_lines(change: RightsChange) -> Iterator[str]:
    where = f" in {line(change.collection)}" if change.collection is not None else ""
    counted = f": {change.documents} documents, {change.passages} passages" if change.kinds else ""
    context = ", ".join(f"{name} {value_shape(value)}" for name, value in change.context.items())
    given = f" ({line(context)})" if context else ""
    yield f"{line(change.principal)} {change.effect} {line(change.action)}{given}{where}{counted}"
    for kind in change.kinds:
        yield f"  {kind.documents} with {_kind(kind)}"
    if change.kinds_left_out:
        yield f"  and {change.kinds_left_out} more kinds of document"


def _kind(kind: Kind) -> str:
    others: Mapping[str, AttributeValue] = {k: v for k, v in kind.attributes.items() if k != "collection"}
    return "; ".join(f"{line(name)} {_text(value)}" for name, value in sorted(others.items())) or "no other attributes"
