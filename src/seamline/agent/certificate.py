"""Whom a certificate names: the subject's common name, read from the PEM text without any library.

The standard library parses certificates of peers only. X.509 (RFC 5280, 4.1) in DER (X.690) is nested tag, length, value; the
subject is the sixth member of the part that is signed, where the version is written down.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

COMMON_NAME: Final = bytes([0x55, 0x04, 0x03])
"""Object identifier 2.5.4.3."""
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_VERSION: Final = 0xA0
_BMP_STRING: Final = 0x1E
_SUBJECT: Final = 4
"""Serial number, signature's algorithm, issuer and validity stand before it."""
_LONG_FORM: Final = 0x80


def common_name(cert: Path) -> str | None:
    """The common name of the first certificate in a PEM file; None where there is none, or it cannot be read."""
    try:
        text = cert.read_text(encoding="latin-1")
        _, begin, rest = text.partition(_BEGIN)
        body, end, _ = rest.partition(_END)
        return _subjects_name(ssl.PEM_cert_to_DER_cert(begin + body + end))
    except (OSError, ValueError, StopIteration):
        return None


def _subjects_name(der: bytes) -> str | None:
    """Raises ValueError or StopIteration for what is no certificate."""
    _, signed = next(_members(next(_members(der))[1]))
    members = [member for member in _members(signed) if member[0] != _VERSION]
    if len(members) <= _SUBJECT:
        return None
    for _, relative in _members(members[_SUBJECT][1]):
        for _, attribute in _members(relative):
            (_, kind), (tag, value) = list(_members(attribute))[:2]
            if kind == COMMON_NAME:
                return value.decode("utf-16-be" if tag == _BMP_STRING else "utf-8")
    return None


def _members(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each value in a row of them. Raises ValueError where it is cut short."""
    at = 0
    while at < len(der):
        if at + 2 > len(der):
            raise ValueError("a value without a length")
        tag, length = der[at], der[at + 1]
        at += 2
        if length >= _LONG_FORM:
            octets = length - _LONG_FORM
            length = int.from_bytes(der[at : at + octets], "big")
            at += octets
        if at + length > len(der):
            raise ValueError("a value longer than what holds it")
        yield tag, der[at : at + length]
        at += length
