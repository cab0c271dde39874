"""Who may connect, and to which topics: a pure function of the request, the snapshot and nothing else.

The rule: an MQTT client whose certificate chain the broker verified, whose client id equals the certificate's common
name, whose id is known and active, and whose public key is the one on record. NATS itself binds none of these together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from seamline.hub.auth.jwt import REQUEST_AUDIENCE, Json, Permissions
from seamline.hub.auth.snapshot import DEVICE_ID, IdentityState, Snapshot

UPLINKS = ("data", "birth", "death", "anchor", "probe", "twin")


@dataclass(frozen=True, slots=True)
class Request:
    """One authorisation request: who asks (server and user key to answer to), and with what credentials."""

    server_id: str
    user_nkey: str
    connection: int
    kind: str
    client_id: str
    certificate_pem: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Let in, under this device's name, with these subjects."""

    device: str
    permissions: Permissions


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not let in; `reason` is for the log, never sent to the device."""

    reason: str


class RequestError(ValueError):
    """An authorisation request that lacks what an answer needs."""


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _text(members: Mapping[str, Json], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _leaf(tls: Mapping[str, Json]) -> str:
    """The PEM of the client's own certificate, from the first chain the broker verified; "" when it verified none."""
    chains = tls.get("verified_chains")
    if not isinstance(chains, list) or not chains:
        return ""
    chain = chains[0]
    if not isinstance(chain, list) or not chain:
        return ""
    leaf = chain[0]
    return leaf if isinstance(leaf, str) else ""


def read_request(claims: Mapping[str, Json]) -> Request:
    """The request in a token's claims. Raises RequestError when nothing could be answered to it."""
    nats = _members(claims.get("nats"))
    client = _members(nats.get("client_info"))
    server_id = _text(_members(nats.get("server_id")), "id")
    user_nkey = _text(nats, "user_nkey")
    if claims.get("aud") != REQUEST_AUDIENCE or not server_id or not user_nkey:
        raise RequestError("not an authorisation request of a NATS server")
    connection = client.get("id")
    return Request(
        server_id=server_id,
        user_nkey=user_nkey,
        connection=connection if isinstance(connection, int) else 0,
        kind=_text(client, "type"),
        client_id=_text(client, "mqtt_id"),
        certificate_pem=_leaf(_members(nats.get("client_tls"))),
    )


def key_digest(certificate: x509.Certificate) -> str:
    """SHA-256 (hex) over the certificate's SubjectPublicKeyInfo: what an identity is recognised by."""
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()


def device_permissions(device: str) -> Permissions:
    """A device's own topics: it publishes its uplinks and hears its downlinks.

    `dn/<device>/#` needs both subjects. Downlinks are QoS 0, so none of the broker's inner `$MQTT` subjects is granted.
    """
    return Permissions(
        publish=tuple(f"up.{device}.{uplink}" for uplink in UPLINKS),
        subscribe=(f"dn.{device}", f"dn.{device}.>"),
    )


class _RefusedError(Exception):
    """Carries the reason of a refusal out of the checks."""


def _presented(request: Request) -> tuple[str, str]:
    """The common name and key digest of the certificate presented, once everything about it is in order."""
    if request.kind != "mqtt":
        raise _RefusedError(f"only MQTT clients are let in by certificate, not {request.kind or 'this kind'}")
    if not request.certificate_pem:
        raise _RefusedError("no verified client certificate")
    try:
        certificate = x509.load_pem_x509_certificate(request.certificate_pem.encode())
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        digest = key_digest(certificate)
    except ValueError as error:
        raise _RefusedError(f"unreadable client certificate: {error}") from error
    subject = names[0].value if len(names) == 1 else ""
    if not isinstance(subject, str) or not DEVICE_ID.fullmatch(subject):
        raise _RefusedError("the certificate names no device")
    if request.client_id != subject:
        raise _RefusedError(f"client id {request.client_id!r} is not the certificate's subject {subject!r}")
    return subject, digest


def decide(request: Request, snapshot: Snapshot) -> Grant | Refusal:
    """Grant or refuse one connection."""
    try:
        device, digest = _presented(request)
    except _RefusedError as refused:
        return Refusal(str(refused))
    identity = snapshot.get(device)
    if identity is None:
        return Refusal(f"unknown device {device!r}")
    if identity.state is not IdentityState.ACTIVE:
        return Refusal(f"device {device!r} is {identity.state}")
    if identity.key != digest:
        return Refusal(f"device {device!r} has another key on record")
    return Grant(device, device_permissions(device))
