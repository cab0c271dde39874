"""The JSON Web Tokens of NATS auth callout: claims read from a request, an answer signed with the account's key.

Source: NATS ADR-26 (auth callout) and `nats-io/jwt` v2: algorithm `ed25519-nkey`, `iss` the signing key's public text,
`aud` of a user's token the account it is put into (server configuration mode), `aud` of the answer the server's id.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from seamline.hub.auth.nkeys import KeyPair

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

REQUEST_AUDIENCE = "nats-authorization-request"
_dump = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_HEADER = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"ed25519-nkey"}').rstrip(b"=")


class TokenError(ValueError):
    """Bytes that are not a token."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """Subjects a user may publish and subscribe to; everything else is refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def read_claims(token: bytes) -> Mapping[str, Json]:
    """The claims of a token, its signature unchecked: only servers reach the account that carries requests.

    Raises TokenError when the bytes are no token.
    """
    parts = token.split(b".")
    if len(parts) != 3:
        raise TokenError("not a token: three parts expected")
    try:
        claims: object = json.loads(base64.urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        raise TokenError("not a token: its claims are not JSON") from None
    if not isinstance(claims, dict):
        raise TokenError("not a token: its claims are no object")
    return cast("Mapping[str, Json]", claims)


def sign_claims(key: KeyPair, claims: Mapping[str, Json]) -> str:
    """A token over `claims`, with `iss` and `jti` set, signed by `key`."""
    full: dict[str, Json] = {**claims, "iss": key.public, "jti": secrets.token_urlsafe(16)}
    signed = _HEADER + b"." + base64.urlsafe_b64encode(_dump(full).encode()).rstrip(b"=")
    return (signed + b"." + base64.urlsafe_b64encode(key.sign(signed)).rstrip(b"=")).decode("ascii")


def user_token(key: KeyPair, *, user_nkey: str, name: str, account: str, permissions: Permissions, now_s: int) -> str:
    """The token that lets one connection in as `name`, into `account`, with `permissions` and nothing else."""
    nats: dict[str, Json] = {
        "type": "user",
        "version": 2,
        "subs": -1,
        "data": -1,
        "payload": -1,
        "pub": {"allow": list(permissions.publish)},
        "sub": {"allow": list(permissions.subscribe)},
    }
    return sign_claims(key, {"aud": account, "sub": user_nkey, "name": name, "iat": now_s, "nats": nats})


def answer_token(key: KeyPair, *, server_id: str, user_nkey: str, user_jwt: str = "", error: str = "", now_s: int) -> str:
    """The answer to one authorisation request: a user's token, or the reason of a refusal."""
    nats: dict[str, Json] = {"type": "authorization_response", "version": 2}
    if user_jwt:
        nats["jwt"] = user_jwt
    if error:
        nats["error"] = error
    return sign_claims(key, {"aud": server_id, "sub": user_nkey, "iat": now_s, "nats": nats})
