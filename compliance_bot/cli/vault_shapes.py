"""The JSON shapes and lines of `compliance-bot vault` and `compliance-bot privacy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compliance_bot.cli.shapes import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.chains.erasing import Candidate, Certificate
    from compliance_bot.chains.exposure import DocumentReport, PersonReport, Sighting
    from compliance_bot.chains.vault_room import EpochState, Shown, VaultState

Shape = dict[str, Any]


def vault_shape(state: VaultState) -> Shape:
    """Return `vault show`."""
    epochs = [
        {
            "epoch": one.number,
            "began_at": instant(one.began_at),
            "values": one.values,
            "has_key": one.has_key,
            "discarded_at": instant(one.discarded_at) if one.discarded_at else None,
        }
        for one in state.epochs
    ]
    return {
        "placeholders": state.placeholders,
        "documents": state.documents,
        "values": state.values,
        "epochs": epochs,
    }


def epoch_line(epoch: EpochState) -> str:
    """Return an epoch as one line."""
    if epoch.discarded_at is not None:
        key = f"its key was discarded on {epoch.discarded_at:%Y-%m-%d}"
    else:
        key = "its key is there" if epoch.has_key else "ITS KEY IS MISSING, OR ANOTHER"
    return f"epoch {epoch.number}  since {epoch.began_at:%Y-%m-%d %H:%M} UTC  {epoch.values} values  {key}"


def revealed_shape(shown: Sequence[Shown]) -> Shape:
    """Return `vault reveal`."""
    return {"revealed": [{"placeholder": s.placeholder, "type": s.type, "values": list(s.values)} for s in shown]}


def candidate_shape(one: Candidate) -> Shape:
    """Return a value that `vault erase` proposes; `value` is null where the officer may not see it."""
    return {
        "handle": one.handle,
        "type": one.type,
        "value": one.value,
        "why": one.why,
        "placeholders": one.placeholders,
        "documents": one.documents,
        "shared": one.shared,
    }


def candidate_line(one: Candidate) -> str:
    """Return a proposed value as one line."""
    why = {"named": "is what was named", "part": "shares a part of the name"}.get(
        one.why, f"stands beside it in {one.shared} documents"
    )
    value = one.value if one.value is not None else "(not to be seen)"
    return f"{one.handle}  {one.type}  {value}  {one.placeholders} times in {one.documents} documents; {why}"


def certificate_shape(done: Certificate) -> Shape:
    """Return what `vault erase --confirm` did."""
    return {
        "record": done.record,
        "at": instant(done.at),
        "values": done.values,
        "placeholders": done.placeholders,
        "documents": done.documents,
        "restricted": done.restricted,
        "reasons": list(done.reasons),
    }


def certificate_lines(done: Certificate) -> Iterator[str]:
    """Yield a certificate as lines."""
    yield f"erased: {done.values} values, {done.placeholders} placeholders in {done.documents} documents"
    if done.restricted:
        yield f"kept, and shown to nobody: {done.restricted} placeholders ({', '.join(done.reasons)})"
    yield "What you may not read was treated alike and is not counted."
    yield f"record {done.record}, {done.at:%Y-%m-%d %H:%M} UTC"


def person_shape(report: PersonReport) -> Shape:
    """Return `privacy held`."""
    return {
        "held": [
            {
                "document": one.document,
                "title": one.title,
                "version": one.version,
                "type": one.type,
                "placeholder": one.placeholder,
                "value": one.value,
                "times": one.times,
                "restricted": one.is_restricted,
            }
            for one in report.holdings
        ],
        "seen": [_sighting_shape(one) for one in report.sightings],
        "searched": report.searched,
    }


def person_lines(report: PersonReport) -> Iterator[str]:
    """Yield what is held on a person, and who saw it, as lines."""
    for one in report.holdings:
        value = "(kept, shown to nobody)" if one.is_restricted else one.value or "(not to be seen)"
        yield f"{one.document}  {one.title}, version {one.version}: {one.placeholder} {one.times} times, {value}"
    yield from sighting_lines(report.sightings, report.searched)


def exposure_shape(report: DocumentReport) -> Shape:
    """Return `privacy exposure`."""
    return {"seen": [_sighting_shape(one) for one in report.sightings], "searched": report.searched}


def sighting_lines(sightings: Sequence[Sighting], searched: int) -> Iterator[str]:
    """Yield who saw something as lines."""
    for one in sightings:
        what = ", ".join(one.placeholders) or "with placeholders"
        what += f", sent to {one.model}" if one.model else ""
        purpose = f", for: {one.purpose}" if one.purpose else ""
        yield f"{one.at:%Y-%m-%d %H:%M} UTC  {one.principal}  {one.type}  {one.document}: {what}{purpose}  {one.record}"
    yield f"{len(sightings)} of {searched} records showed it"


def _sighting_shape(one: Sighting) -> Shape:
    return {
        "record": one.record,
        "at": instant(one.at),
        "type": one.type,
        "principal": one.principal,
        "purpose": one.purpose,
        "document": one.document,
        "placeholders": list(one.placeholders),
        "model": one.model,
    }
