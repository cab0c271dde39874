"""Whom a certificate names: what the library of the hub writes is read without it, and anything else is nobody's."""

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type as Asn1Type
from cryptography.x509.oid import NameOID
from hypothesis import given, strategies as st

from seamline.agent.certificate import common_name

KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the authority, not the device")])
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ORGANISATION = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "heater")


def made(*attributes, issuer=ISSUER):
    builder = x509.CertificateBuilder().subject_name(x509.Name(attributes)).issuer_name(issuer).public_key(KEY.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(DAY).not_valid_after(DAY + dt.timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def cert(tmp_path_factory):
    return tmp_path_factory.mktemp("cert") / "a.pem"


ANY = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=16)
"""A common name has at most 64 bytes, a character of UTF-8 at most four."""


@given(ANY | st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_the_common_name_is_read_whatever_it_is(cert, name):
    cert.write_bytes(made(ORGANISATION, x509.NameAttribute(NameOID.COMMON_NAME, name)))
    assert common_name(cert) == name


@pytest.mark.parametrize("kind", [Asn1Type.PrintableString, Asn1Type.UTF8String, Asn1Type.BMPString])
def test_each_way_to_write_a_name_is_read(cert, kind):
    cert.write_bytes(made(x509.NameAttribute(NameOID.COMMON_NAME, "kitchen", _type=kind)))
    assert common_name(cert) == "kitchen"


def test_the_devices_own_certificate_is_the_first_of_a_chain_and_may_have_text_before_it(cert):
    own = made(x509.NameAttribute(NameOID.COMMON_NAME, "kitchen"))
    cert.write_bytes(b"Certificate of the kitch\xe9n\n" + own + made(x509.NameAttribute(NameOID.COMMON_NAME, "authority")))
    assert common_name(cert) == "kitchen"


def test_a_long_subject_is_read_to_its_end(cert):
    units = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"unit {number} of the house") for number in range(40)]
    cert.write_bytes(made(*units, x509.NameAttribute(NameOID.COMMON_NAME, "kitchen")))
    assert common_name(cert) == "kitchen"


def test_a_certificate_without_a_common_name_names_nobody(cert):
    cert.write_bytes(made(ORGANISATION))
    assert common_name(cert) is None


def test_a_file_that_is_not_there_names_nobody(tmp_path):
    assert common_name(tmp_path / "none.pem") is None


WHOLE = x509.load_pem_x509_certificate(made(x509.NameAttribute(NameOID.COMMON_NAME, "kitchen"))).public_bytes(Encoding.DER)


@given(st.integers(0, len(WHOLE)), st.binary(max_size=40))
def test_whatever_is_no_certificate_names_somebody_or_nobody_and_never_fails(cert, cut, more):
    body = base64.encodebytes(WHOLE[:cut] + more + WHOLE[cut + len(more) :]).decode()
    cert.write_text(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
    assert isinstance(common_name(cert), str | None)
    cert.write_bytes(more)
    assert common_name(cert) is None


@pytest.mark.parametrize("der", ["30", "30 05 0201", "30 84 00", "3007 3005 020101 0500"])
def test_a_certificate_that_is_cut_short_or_has_too_few_members_names_nobody(cert, der):
    body = base64.encodebytes(bytes.fromhex(der)).decode()
    cert.write_text(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
    assert common_name(cert) is None
