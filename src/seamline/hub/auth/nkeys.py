"""NATS nkeys: Ed25519 keys written as base32 text with a role prefix and a checksum.

Source: the nkeys format of the NATS project (`nats-io/nkeys`): role byte, 32 key bytes, CRC-16/XMODEM little-endian,
base32 without padding. A seed has two prefix bytes, which hold the word "seed" and the role.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED_PREFIX = 18 << 3
KEY_BYTES = 32


class Role(IntEnum):
    """What a key stands for; the value is the prefix byte, chosen so that the text begins with the role's letter."""

    ACCOUNT = 0
    SERVER = 13 << 3
    USER = 20 << 3


class NkeyError(ValueError):
    """A text that is not an nkey, or not of the role asked for."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An Ed25519 key with its role; `public` is the text other parties know it by."""

    role: Role
    private: Ed25519PrivateKey
    public: str

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of `message`."""
        return self.private.sign(message)


def _text(payload: bytes) -> str:
    checksum = binascii.crc_hqx(payload, 0).to_bytes(2, "little")
    return base64.b32encode(payload + checksum).decode("ascii").rstrip("=")


def _payload(text: str) -> bytes:
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise NkeyError("not an nkey: no base32 text") from None
    payload, checksum = raw[:-2], raw[-2:]
    if len(raw) < 2 + 1 + KEY_BYTES or binascii.crc_hqx(payload, 0).to_bytes(2, "little") != checksum:
        raise NkeyError("not an nkey: its checksum does not fit")
    return payload


def new_seed(role: Role) -> str:
    """A fresh random key of `role`, as seed text (`SA…` for an account). Keep it secret."""
    return encode_seed(role, secrets.token_bytes(KEY_BYTES))


def encode_seed(role: Role, raw: bytes) -> str:
    """Seed text of the 32 raw bytes of a private key."""
    return _text(bytes((SEED_PREFIX | (role >> 5), (role & 31) << 3)) + raw)


def encode_public(role: Role, raw: bytes) -> str:
    """Public text of the 32 raw bytes of a public key."""
    return _text(bytes((role,)) + raw)


def key_pair(seed: str) -> KeyPair:
    """The key of a seed text. Raises NkeyError when it is damaged or no seed."""
    payload = _payload(seed)
    if payload[0] & 0xF8 != SEED_PREFIX or len(payload) != 2 + KEY_BYTES:
        raise NkeyError("not a seed: an nkey seed begins with S")
    prefix = (payload[0] & 7) << 5 | payload[1] >> 3
    try:
        role = Role(prefix)
    except ValueError:
        raise NkeyError(f"an nkey seed of a role Seamline does not use (prefix {prefix})") from None
    private = Ed25519PrivateKey.from_private_bytes(payload[2:])
    return KeyPair(role, private, encode_public(role, private.public_key().public_bytes_raw()))
