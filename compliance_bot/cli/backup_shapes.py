"""The JSON shapes and lines of `compliance-bot backup`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from compliance_bot.recovery.backup import Checked
    from compliance_bot.recovery.restore import Restored
    from compliance_bot.recovery.verify import Verified

Shape = dict[str, Any]


def created_shape(checked: Checked, path: Path, seconds: float) -> Shape:
    """Return `backup create`."""
    return {"file": str(path), **_checked(checked), "seconds": round(seconds, 3)}


def verified_shape(verified: Verified, path: Path) -> Shape:
    """Return `backup verify`; `rehearsal` is null where none was asked for."""
    rehearsal = verified.rehearsal
    return {
        "file": str(path),
        **_checked(verified.checked),
        "missing_epochs": list(verified.missing_epochs),
        "rehearsal": None
        if rehearsal is None
        else {
            "seconds": round(rehearsal.seconds, 3),
            "records": rehearsal.records,
            "values": rehearsal.values,
        },
        "seconds": round(verified.seconds, 3),
    }


def restored_shape(restored: Restored, path: Path, applied: Mapping[str, int] | None) -> Shape:
    """Return `backup restore`; `applied` is null where the anchor is lost."""
    return {
        "home": str(restored.home),
        "file": str(path),
        **_checked(restored.checked),
        "missing_epochs": list(restored.missing_epochs),
        "anchor": None if restored.anchor is None else str(restored.anchor),
        "applied": None if applied is None else dict(applied),
        "seconds": round(restored.seconds, 3),
    }


def created_lines(checked: Checked, path: Path, seconds: float) -> Iterator[str]:
    """Yield what `backup create` tells."""
    yield f"{path}: {_mib(checked.size_bytes)}, read back and checked, in {seconds:.1f} s"
    yield from _lines(checked)
    for name in checked.manifest.left_out:
        yield f"{name} holds secrets and is not in it: keep it where the keys are"
    if absent := [str(key.epoch) for key in checked.manifest.keys if not key.was_there]:
        yield f"WARNING: the vault's key is not here for epoch {', '.join(absent)}: look for it now"
    yield "keys/ is not in it: keep a copy apart from this file"


def verified_lines(verified: Verified, path: Path) -> Iterator[str]:
    """Yield what `backup verify` tells."""
    yield f"{path}: {_mib(verified.checked.size_bytes)}, whole and unchanged"
    yield from _lines(verified.checked)
    yield from _missing(verified.missing_epochs)
    if verified.rehearsal is not None:
        done = verified.rehearsal
        yield f"rehearsed: the database was back after {done.seconds:.1f} s, with all rows; {done.records} records and "
        yield f"  {done.values} sampled values open"


def restored_lines(restored: Restored) -> Iterator[str]:
    """Yield what `backup restore` tells."""
    yield f"restored the home {restored.home} in {restored.seconds:.1f} s"
    yield from _lines(restored.checked)
    yield f"what was recorded after {restored.checked.manifest.recovery_point.at} is not in it"
    yield from _missing(restored.missing_epochs)

    if restored.anchor is None:
        yield "WARNING: without its anchor nobody knows what happened since. It serves nobody before somebody accepts"
        yield "  that: `compliance-bot anchor accept-loss`"


def applied_lines(applied: Mapping[str, int]) -> Iterator[str]:
    """Yield what was done again since the recovery point."""
    done = [f"{count} {name.replace('_', ' ')}" for name, count in applied.items() if count]
    yield f"done again from the anchor: {', '.join(done) or 'nothing was missing'}"
    if applied.get("corrections_lost"):
        yield "WARNING: what was marked as personal data since stands in the clear again: mark it, then let people in"


def _lines(checked: Checked) -> Iterator[str]:
    manifest, point = checked.manifest, checked.manifest.recovery_point
    yield f"recovery point  {point.at}, {point.records} records, the newest {point.newest or '-'}"
    yield f"holds           {manifest.rows} rows of {len(manifest.tables)} tables, {len(manifest.members) - 1} files"
    yield f"backup          {checked.header.backup}, SHA-256 {checked.sha256}"


def _missing(epochs: tuple[int, ...]) -> Iterator[str]:
    if epochs:
        numbers = ", ".join(map(str, epochs))
        yield f"WARNING: the vault's key of epoch {numbers} is missing: until it is back, its values cannot be shown"


def _checked(checked: Checked) -> Shape:
    manifest, point = checked.manifest, checked.manifest.recovery_point
    return {
        "backup": checked.header.backup,
        "tenant": checked.header.tenant,
        "bytes": checked.size_bytes,
        "sha256": checked.sha256,
        "recovery_point": {"at": point.at, "records": point.records, "newest": point.newest},
        "tables": {one.table: one.rows for one in manifest.tables},
        "files": len(manifest.members) - 1,
        "left_out": list(manifest.left_out),
        "program": manifest.program,
        "postgresql": manifest.postgresql,
    }


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
