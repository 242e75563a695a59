"""A witness that is a time stamping authority (RFC 3161): it says when it saw a text, and remembers nothing.

So it shows no fork by itself; it shows that a checkpoint was there at that time. What is stamped is the text of the
note, as for a cosignature: signatures that come later leave the stamp valid. Needs the extra `timestamps`.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

from cryptography import x509

from compliance_bot.audit.note import parse_note
from compliance_bot.errors import UsageError
from compliance_bot.witness.evidence import Timestamped
from compliance_bot.witness.faults import WitnessUnavailable, WitnessUnbelievable
from compliance_bot.witness.post import post

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import ModuleType

    from rfc3161_client import TimeStampResponse

    from compliance_bot.audit.verify.timestamps import OpenTimestamp
    from compliance_bot.witness.evidence import Prove

MAX_SKEW_S: Final = 300  # between an authority's clock and ours
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_OK = 200
_SHA256 = "2.16.840.1.101.3.4.2.1"


class TimestampsMissing(UsageError):
    """Timestamps need a package that is not installed."""

    hint = "Install `compliance-bot[timestamps]`."


class InvalidRoots(UsageError):
    """The certificates of a time stamping authority were expected, in PEM."""


class TimestampWitness:
    """An authority at an address, known by the root certificates of its chain. Safe to share between threads."""

    def __init__(
        self,
        name: str,
        url: str,
        roots: Sequence[x509.Certificate],
        *,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _library()
        self.name, self._url, self._roots = name, url, tuple(roots)
        self._timeout_s, self._clock = timeout_s, clock

    def witness(self, note: bytes, prove: Prove) -> Timestamped:  # noqa: ARG002  # it remembers nothing to begin from
        """Return the authority's stamp over the text of a note, verified."""
        library = _library()
        text = parse_note(note).text.encode()
        builder = library.TimestampRequestBuilder().data(text).hash_algorithm(library.HashAlgorithm.SHA256)
        request = builder.build()
        answer = post(self._url, request.as_bytes(), content_type=_QUERY, timeout_s=self._timeout_s)
        if answer.status != _OK:
            raise WitnessUnavailable(f"the time stamping authority answered {answer.status}")
        if answer.content_type != _REPLY:
            raise WitnessUnbelievable(f"{_REPLY} was expected of the time stamping authority, and something else came")
        at = _verified(answer.body, text, self._roots, nonce=request.nonce)
        if abs(at.timestamp() - self._clock()) > MAX_SKEW_S:
            raise WitnessUnbelievable(f"the authority's time is more than {MAX_SKEW_S} s from ours: set both clocks")
        return Timestamped(response=answer.body, at=at)


def check_timestamp(response: bytes, note: bytes, roots: Sequence[x509.Certificate]) -> datetime:
    """Return when an authority saw the text of a note. Offline; the chain has to have been valid at that time.

    Raises WitnessUnbelievable. Whether a certificate was revoked is not looked at.
    """
    return _verified(response, parse_note(note).text.encode(), roots, nonce=None)


def timestamp_opener(roots: Sequence[x509.Certificate]) -> OpenTimestamp:
    """Return what opens stamps by the authorities of these certificates. Raises TimestampsMissing."""
    _library()

    def opens(response: bytes, note: bytes, /) -> datetime | None:
        text = parse_note(note).text.encode()
        if not _names(_decoded(response, text), roots):
            return None
        return _verified(response, text, roots, nonce=None)

    return opens


def load_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in a file. Raises InvalidRoots where there is none."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise InvalidRoots from error


def _verified(response: bytes, text: bytes, roots: Sequence[x509.Certificate], *, nonce: int | None) -> datetime:
    library, decoded = _library(), _decoded(response, text)
    try:
        verifier = library.VerifierBuilder(roots=list(roots), nonce=nonce).build()
        verifier.verify_message(decoded, text)
        at: datetime = decoded.tst_info.gen_time
    except (ValueError, library.VerificationError) as error:
        raise WitnessUnbelievable(f"the stamp does not verify: {error}") from error
    return at


def _decoded(response: bytes, text: bytes) -> TimeStampResponse:
    """Return a stamp over this text, whoever made it. Raises WitnessUnbelievable."""
    try:
        decoded: TimeStampResponse = _library().decode_timestamp_response(response)
        imprint = decoded.tst_info.message_imprint
    except ValueError as error:
        raise WitnessUnbelievable(f"the stamp does not verify: {error}") from error
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise WitnessUnbelievable("the stamp is over another hash than SHA-256")
    if imprint.message != hashlib.sha256(text).digest():
        raise WitnessUnbelievable("the stamp does not verify: it is over another text")
    return decoded


def _names(decoded: TimeStampResponse, roots: Sequence[x509.Certificate]) -> bool:
    """Return whether a stamp says that it is by the authority of one of these certificates."""
    subjects = {root.subject for root in roots}
    try:
        own = [x509.load_der_x509_certificate(encoded) for encoded in decoded.signed_data.certificates]
    except ValueError as error:
        raise WitnessUnbelievable(f"the stamp does not verify: {error}") from error
    return any(certificate.issuer in subjects for certificate in own)


def _library() -> ModuleType:
    try:
        import rfc3161_client
    except ImportError as error:
        raise TimestampsMissing from error
    return rfc3161_client
