"""Let the tree of the log grow in the background while a home is open, and let silence be seen.

Soon after something was appended here a round takes it in; when nothing was for a while, a record says that somebody is
still there, and by when the next one comes. Before a process ends in order, all that it appended is in the tree; what
it was told is durable and is not there, it says so in a record.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from compliance_bot.audit.integrate import THE_LOG, own_event
from compliance_bot.errors import ComplianceError
from compliance_bot.logs import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.integrate import Integrator, Round
    from compliance_bot.audit.log import AuditLog
    from compliance_bot.audit.record import Json

ROUND_S = 1.0  # from a record to the tree, about
_LOOK_S = 30.0  # for what other processes left behind
HEARTBEAT_S = 900
_GRACE_S = 60  # that a heartbeat may be late
_MOST_NAMED = 1000  # records that are lost, in one that says so


class Pulse:
    """The rounds of one process."""

    def __init__(
        self,
        log: AuditLog,
        integrator: Integrator,
        *,
        show: Callable[[], object] = lambda: None,
        round_s: float = ROUND_S,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """`show` is called after the tree grew, and once at the end: it has the newest checkpoint witnessed."""
        self._log, self._integrator, self._show = log, integrator, show
        self._round_s, self._heartbeat_s = round_s, heartbeat_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        self._size, self._grew_at, self._looked_at = 0, time.monotonic(), 0.0
        self._has_announced = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, with all that this process appended in the tree. A database that cannot be reached is no error here."""
        self._ending.set()
        self._thread.join()
        try:
            if self._has_announced:
                self._say("log.heartbeat", {"next_within_s": 0, "lanes": self._log.heads()})
            if self._log.has_news:
                self.catch_up(wait=True)
            self._show()
            if self._log.has_news:  # a witness disputes it, and that is on record
                self.catch_up(wait=True)
        except ComplianceError as error:
            self._stall(error)

    def catch_up(self, *, wait: bool = False) -> None:
        """Take in everything that waits now. Raises what a round raises."""
        while (done := self._integrator.round(wait=wait)) is not None:
            self._see(done)
            if not done.is_full:
                break
        lost = self._log.lost()
        for first in range(0, len(lost), _MOST_NAMED):
            named = lost[first : first + _MOST_NAMED]
            note("log.lost", level="warning", tenant=self._log.tenant, record=named[0])
            self._say("log.lost", {"records": list(named)})
            self._log.forget(named)

    def _run(self) -> None:
        while not self._ending.wait(self._round_s):
            try:
                self._beat(time.monotonic())
            except Exception as error:  # noqa: BLE001 - the thread has to go on: the next round may do it
                self._stall(error)

    def _beat(self, now: float) -> None:
        if self._log.has_news or now - self._looked_at >= _LOOK_S:
            self._looked_at = now
            self.catch_up()
            self._show()
        if now - self._grew_at >= self._heartbeat_s:
            self._has_announced = True
            self._say(
                "log.heartbeat",
                {
                    "next_within_s": int(self._heartbeat_s + self._round_s + _LOOK_S) + _GRACE_S,
                    "lanes": self._log.heads(),
                },
            )
            self._grew_at = now

    def _see(self, done: Round) -> None:
        if done.size != self._size:
            self._size, self._grew_at = done.size, time.monotonic()

    def _say(self, kind: str, public: dict[str, Json]) -> None:
        self._log.append(own_event(kind, public), THE_LOG)

    def _stall(self, error: Exception) -> None:
        note("log.stalled", level="warning", tenant=self._log.tenant, error=type(error).__name__)
