"""A time stamping authority for tests (RFC 3161, RFC 5652): a root, a signer below it, and real tokens in DER.

It stamps what it is asked to, and can be made to lie. Written out by hand since no library of ours writes tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 3, 3, 12, 0, 5, tzinfo=UTC)
_SHA256 = "2.16.840.1.101.3.4.2.1"
SHA512 = "2.16.840.1.101.3.4.2.3"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_POLICY = "1.3.6.1.4.1.13762.3"


def der(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*content: bytes) -> bytes:
    return der(0x30, *content)


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    return der(0x04, value)


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    encoded = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        encoded += bytes(reversed(groups))
    return der(0x06, bytes(encoded))


def algorithm(dotted: str) -> bytes:
    return sequence(oid(dotted))


def elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element that stands side by side."""
    while encoded:
        tag, length, begin = encoded[0], encoded[1], 2
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(encoded[2:begin], "big")
        yield tag, encoded[begin : begin + length]
        encoded = encoded[begin + length :]


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A root and a signer, valid for a day around a time."""

    at: datetime = NOW
    name: str = "Time of Test"
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    root_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @cached_property  # signing is not the same twice
    def root(self) -> x509.Certificate:
        return (
            self._builder(subject=f"{self.name} Root", public_key=self.root_key.public_key(), serial=1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.root_key, hashes.SHA256())
        )

    @cached_property  # signing is not the same twice
    def certificate(self) -> x509.Certificate:
        return (
            self._builder(subject=self.name, public_key=self.key.public_key(), serial=2)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([self.usage]), critical=True)
            .sign(self.root_key, hashes.SHA256())
        )

    def _builder(self, *, subject: str, public_key: ec.EllipticCurvePublicKey, serial: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} Root")]))
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(self.at - timedelta(hours=12))
            .not_valid_after(self.at + timedelta(hours=12))
        )

    def answer(
        self,
        request: bytes,
        *,
        status: int = 0,
        at: datetime | None = None,
        hashed: str = _SHA256,
        **told: int | bytes,
    ) -> bytes:
        """Return the response to a request: a token over what it asks, unless told another `imprint` or `nonce`."""
        ((_, content),) = elements(request)
        _, (_, imprint), *optional = elements(content)
        (_, _), (_, digest) = elements(imprint)
        asked = next((int.from_bytes(value, "big") for tag, value in optional if tag == 0x02), None)
        digest, nonce = told.get("imprint", digest), told.get("nonce", asked)
        assert isinstance(digest, bytes)
        info = sequence(
            integer(1), oid(_POLICY), sequence(algorithm(hashed), octets(digest)), integer(7),
            der(0x18, (at or self.at).strftime("%Y%m%d%H%M%SZ").encode()),
            *([integer(nonce)] if isinstance(nonce, int) else []),
        )  # fmt: skip
        return sequence(sequence(integer(status)), *([] if status else [self._token(info)]))

    def _token(self, info: bytes) -> bytes:
        attributes = b"".join(
            sorted(
                sequence(oid(kind), der(0x31, value))
                for kind, value in (
                    (_CONTENT_TYPE, oid(_TST_INFO)),
                    (_MESSAGE_DIGEST, octets(hashlib.sha256(info).digest())),
                    (_SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(octets(self._fingerprint()))))),
                )
            )
        )
        signature = self.key.sign(der(0x31, attributes), ec.ECDSA(hashes.SHA256()))
        certificate = self.certificate
        signer = sequence(
            integer(1), sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number)),
            algorithm(_SHA256), der(0xA0, attributes), algorithm(_ECDSA_SHA256), octets(signature),
        )  # fmt: skip
        signed = sequence(
            integer(3), der(0x31, algorithm(_SHA256)), sequence(oid(_TST_INFO), der(0xA0, octets(info))),
            der(0xA0, certificate.public_bytes(Encoding.DER)), der(0x31, signer),
        )  # fmt: skip
        return sequence(oid(_SIGNED_DATA), der(0xA0, signed))

    def _fingerprint(self) -> bytes:
        return self.certificate.fingerprint(hashes.SHA256())
