"""The development CA: one EC P-256 authority in the state directory, which names the broker and the devices.

For this machine and its tests: the CA's key lies on the same disk. A device's certificate says `CN=<device id>`,
`O=<product>`; the identity snapshot that `auth` obeys is written here, with the certificates.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seamline.hub.auth.decision import key_digest
from seamline.hub.auth.snapshot import DEVICE_ID, Identity, IdentityState, read_snapshot, write_snapshot
from seamline.stack.errors import StateError
from seamline.stack.statedir import StateDir, storage_error, write_private

CA_LIFE = dt.timedelta(days=3650)
LEAF_LIFE = dt.timedelta(days=825)
RENEW_BEFORE = dt.timedelta(days=30)
# Clocks of devices that have just started are behind; a certificate from today must be valid for them yesterday too.
BACKDATED = dt.timedelta(days=1)
SERVER_NAMES = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")))


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where a device's certificate and private key lie, as PEM files."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: dt.timedelta
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _new_authority() -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Seamline development CA", "Seamline")
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, name, key.public_key(), CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Issued(certificate, key)


def _load(cert: Path, key: Path) -> _Issued | None:
    """A certificate and its key from disk; None when either is missing, torn, or not the other's."""
    try:
        certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise storage_error(error, cert) from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != certificate.public_key():
        return None
    return _Issued(certificate, private)


def _lasts(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - RENEW_BEFORE > dt.datetime.now(dt.UTC)


class DevelopmentCa:
    """Issues and remembers. Idempotent: what was issued and is still good is given again."""

    def __init__(self, state: StateDir) -> None:
        """Load the authority and the server's certificate, or make them. Raises StateError."""
        self._state: StateDir = state
        self._authority: _Issued = self._load_authority()
        self._authority_id: x509.AuthorityKeyIdentifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            self._authority.key.public_key()
        )
        self._make_server()

    @property
    def ca_file(self) -> Path:
        """The authority's certificate: what both sides trust."""
        return self._state.path("ca", "ca.pem")

    @property
    def snapshot_file(self) -> Path:
        """The identities `auth` lets in."""
        return self._state.path("identities.jsonl")

    def credentials(self, device: str) -> Credentials:
        """Where the device's certificate and key are. Raises KeyError when none were issued."""
        found = self._paths(device)
        if not found.cert.exists():
            raise KeyError(device)
        return found

    def issue(self, product: str, devices: Iterable[str]) -> None:
        """Give each device a certificate (unless it has one) and enter it in the snapshot.

        Raises ValueError for an id outside `[A-Za-z0-9_-]{1,64}`, before anything is written; StateError.
        """
        wanted = _checked(devices)
        known = dict(self.identities())
        before = dict(known)
        try:
            for device in wanted:
                known[device] = self._identity(device, product, before.get(device))
        except OSError as error:
            raise storage_error(error, self._state.path("ca", "devices")) from error
        if known != before:
            self._write(known)

    def lend(self, product: str, devices: Iterable[str]) -> dict[str, bytes]:
        """Give each device a new key and certificate, returned as one PEM text and written nowhere: for simulated devices.

        A device that had a certificate before is let in with the new one only. Raises what `issue` raises.
        """
        wanted = _checked(devices)
        known = dict(self.identities())
        pems: dict[str, bytes] = {}
        for device in wanted:
            made = self._sign(device, product, ExtendedKeyUsageOID.CLIENT_AUTH, ())
            state = known[device].state if device in known else IdentityState.ACTIVE
            known[device] = Identity(device, product, state, key_digest(made.certificate))
            pems[device] = made.key_pem + made.pem
        self._write(known)
        return pems

    def identities(self) -> Mapping[str, Identity]:
        """Every identity, as `auth` will read it."""
        return read_snapshot(self.snapshot_file)

    def set_state(self, device: str, state: IdentityState) -> None:
        """Ban a device or let it in again; `auth` obeys within a second. Raises KeyError for an unknown device."""
        known = dict(self.identities())
        known[device] = replace(known[device], state=state)
        self._write(known)

    def _write(self, known: Mapping[str, Identity]) -> None:
        try:
            write_snapshot(self.snapshot_file, known.values())
        except OSError as error:
            raise storage_error(error, self.snapshot_file) from error

    def _paths(self, device: str) -> Credentials:
        folder = self._state.path("ca", "devices")
        return Credentials(folder / f"{device}.pem", folder / f"{device}.key")

    def _load_authority(self) -> _Issued:
        cert, key = self._state.path("ca", "ca.pem"), self._state.path("ca", "ca.key")
        found = _load(cert, key)
        if found is not None:
            return found
        if cert.exists():
            raise StateError(f"{cert}: damaged, or {key.name} is not its key: restore both, or remove the folder to begin anew")
        made = _new_authority()
        write_private(key, made.key_pem)
        write_private(cert, made.pem)
        return made

    def _make_server(self) -> None:
        cert, key = self._state.path("ca", "server.pem"), self._state.path("ca", "server.key")
        found = _load(cert, key)
        if found is not None and _lasts(found.certificate) and self._is_ours(found.certificate):
            return
        made = self._sign("localhost", "Seamline", ExtendedKeyUsageOID.SERVER_AUTH, SERVER_NAMES)
        write_private(key, made.key_pem)
        write_private(cert, made.pem)

    def _identity(self, device: str, product: str, known: Identity | None) -> Identity:
        paths = self._paths(device)
        found = _load(paths.cert, paths.key) if known is not None or paths.cert.exists() else None
        if found is None or not _lasts(found.certificate) or not self._is_ours(found.certificate):
            found = self._sign(device, product, ExtendedKeyUsageOID.CLIENT_AUTH, ())
            # The key first: a certificate on disk always has its key. A torn pair is recognised and issued anew.
            _write_fast(paths.key, found.key_pem)
            _write_fast(paths.cert, found.pem)
        state = known.state if known is not None else IdentityState.ACTIVE
        return Identity(device, product, state, key_digest(found.certificate))

    def _is_ours(self, certificate: x509.Certificate) -> bool:
        return certificate.issuer == self._authority.certificate.subject and (
            certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value == self._authority_id
        )

    def _sign(
        self,
        common: str,
        organisation: str,
        purpose: x509.ObjectIdentifier,
        alternatives: tuple[x509.GeneralName, ...],
    ) -> _Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._authority.certificate.subject
        builder = (
            _builder(_name(common, organisation), issuer, key.public_key(), LEAF_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(self._authority_id, critical=False)
        )
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return _Issued(builder.sign(self._authority.key, hashes.SHA256()), key)


def _checked(devices: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(devices))
    for device in wanted:
        if not DEVICE_ID.fullmatch(device):
            raise ValueError(f"device id {device!r}: 1 to 64 characters of A-Z a-z 0-9 _ - expected")
    return wanted


def _write_fast(path: Path, content: bytes) -> None:
    """Write a private file without waiting for the disk: thousands are written, and a torn one is issued anew."""
    temporary = path.with_suffix(path.suffix + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    temporary.replace(path)
