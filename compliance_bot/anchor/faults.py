"""What can be wrong with an anchor. Each of them refuses: nothing is served, or nothing is done, by a doubtful one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

HOW_TO = "docs/how-to/keep-the-anchor.md"


class AnchorFault(Unavailable):
    """Something is wrong with the anchor."""


class AnchorUnwritable(AnchorFault):
    hint = "Nothing was changed. Let its account write there and make room, or set `anchor` to another place."

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"the anchor {path} cannot be written: {error.strerror}")


class AnchorUnreadable(AnchorFault):
    hint = "Nothing was shown. Give it back to the account that runs this, mode 600, or mount the disk that it lies on."

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"the anchor {path} cannot be read: {error.strerror}")


class AnchorAltered(AnchorFault):
    """The anchor is not what was written: a line was changed, is missing, or another home's key made it."""

    hint = f"Nothing was shown. Put back the file that belongs to this home: {HOW_TO}."


class AnchorLost(AnchorFault):
    """The anchor does not have what this database has: the file is missing, was cut off, or is an older copy."""

    hint = (
        "Nothing was shown. Set `anchor` to where the file is, or put it back. If it is lost for good, somebody who "
        f"may administer this home accepts that: `compliance-bot anchor accept-loss` ({HOW_TO})."
    )


class AnchorForeign(AnchorFault):
    """The anchor and this database have different histories: each did something that the other does not know."""

    hint = (
        "Nothing was shown. See that `anchor` names the file of this home, and that no other copy of its database "
        f"serves: {HOW_TO}."
    )


class AnchorFromNewer(AnchorFault):
    """A line of the anchor says something that this version does not know: a newer one wrote it."""

    hint = "Install that version or a later one. Nothing was changed."


class DatabaseBehind(AnchorFault):
    """The database lacks something that was done before: it was put back, or an act was interrupted."""

    hint = "Nothing was changed. Do it again: what is missing is done first."
