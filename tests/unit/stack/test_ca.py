"""The development CA: what it issues is right, private, given again, and made anew when it is torn."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from seamline.hub.auth.decision import key_digest
from seamline.hub.auth.snapshot import IdentityState
from seamline.stack.ca import DevelopmentCa
from seamline.stack.errors import StateError
from seamline.stack.statedir import StateDir


@pytest.fixture
def state(tmp_path):
    made = StateDir(tmp_path)
    made.make()
    return made


@pytest.fixture
def ca(state):
    return DevelopmentCa(state)


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def text(certificate, oid):
    return certificate.subject.get_attributes_for_oid(oid)[0].value


def test_a_device_certificate_names_the_device_and_its_product_and_is_for_clients(ca):
    ca.issue("heater", ["dev-1"])
    made = load(ca.credentials("dev-1").cert)
    assert (text(made, NameOID.COMMON_NAME), text(made, NameOID.ORGANIZATION_NAME)) == ("dev-1", "heater")
    assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    made.verify_directly_issued_by(load(ca.ca_file))
    assert ca.identities()["dev-1"].key == key_digest(made)


def test_the_brokers_certificate_is_good_for_this_machine_only(ca, state):
    made, store = load(state.path("ca", "server.pem")), Store([load(ca.ca_file)])
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    builder = PolicyBuilder().store(store).time(dt.datetime.now(dt.UTC))
    builder.build_server_verifier(x509.DNSName("localhost")).verify(made, [])


def test_issuing_again_changes_nothing(ca, state):
    ca.issue("heater", ["a", "b"])
    before = {path: path.read_bytes() for path in state.root.rglob("*") if path.is_file()}
    stamp = ca.snapshot_file.stat().st_mtime_ns
    ca.issue("heater", ["b", "a", "a"])
    DevelopmentCa(state).issue("heater", ["a"])
    assert {path: path.read_bytes() for path in state.root.rglob("*") if path.is_file()} == before
    assert ca.snapshot_file.stat().st_mtime_ns == stamp


def test_what_is_lent_to_simulated_devices_is_known_and_written_nowhere(ca, state):
    before = {path for path in state.root.rglob("*") if path.is_file()}
    pems = ca.lend("heater", ["a", "b", "a"])
    assert {path for path in state.root.rglob("*") if path.is_file()} - before == {ca.snapshot_file}
    made = {device: x509.load_pem_x509_certificate(pem) for device, pem in pems.items()}
    assert {device: text(certificate, NameOID.COMMON_NAME) for device, certificate in made.items()} == {"a": "a", "b": "b"}
    assert {device: known.key for device, known in ca.identities().items()} == {
        device: key_digest(certificate) for device, certificate in made.items()
    }
    assert load_pem_private_key(pems["a"], None).public_key() == made["a"].public_key()


def test_lending_again_makes_a_new_key_and_lets_no_banned_device_in(ca):
    before = ca.lend("heater", ["a"])
    ca.set_state("a", IdentityState.BANNED)
    assert ca.lend("heater", ["a"]) != before
    assert ca.identities()["a"].state is IdentityState.BANNED


def test_a_device_that_is_no_name_is_lent_nothing(ca):
    with pytest.raises(ValueError, match="device id"):
        ca.lend("heater", ["fine", "not/fine"])
    assert ca.identities() == {}


def test_every_private_file_is_private(ca, state):
    ca.issue("heater", ["a"])
    assert {oct(path.stat().st_mode & 0o777) for path in state.path("ca").rglob("*") if path.is_file()} == {"0o600"}


@pytest.mark.parametrize("torn", ["a.key", "a.pem"])
def test_a_torn_or_missing_file_is_issued_anew_and_the_old_key_is_off_the_record(ca, state, torn):
    ca.issue("heater", ["a"])
    before = ca.identities()["a"].key
    path = state.path("ca", "devices", torn)
    path.write_bytes(path.read_bytes()[:50])
    ca.issue("heater", ["a"])
    assert ca.identities()["a"].key != before
    assert ca.identities()["a"].key == key_digest(load(ca.credentials("a").cert))


def test_certificates_of_an_earlier_authority_are_issued_anew(ca, state):
    ca.issue("heater", ["a"])
    before = ca.identities()["a"].key
    for name in ("ca.pem", "ca.key"):
        state.path("ca", name).unlink()
    renewed = DevelopmentCa(state)
    renewed.issue("heater", ["a"])
    assert renewed.identities()["a"].key != before
    load(state.path("ca", "server.pem")).verify_directly_issued_by(load(renewed.ca_file))


def test_a_certificate_about_to_end_is_renewed(ca, monkeypatch):
    monkeypatch.setattr("seamline.stack.ca.LEAF_LIFE", dt.timedelta(days=29))
    ca.issue("heater", ["a"])
    before = ca.identities()["a"].key
    monkeypatch.undo()
    ca.issue("heater", ["a"])
    assert ca.identities()["a"].key != before


def test_an_authority_without_its_key_is_never_replaced_silently(ca, state):
    state.path("ca", "ca.key").unlink()
    with pytest.raises(StateError, match=r"ca\.pem: damaged, or ca\.key is not its key: restore both"):
        DevelopmentCa(state)


def test_an_authority_cut_short_before_its_certificate_was_written_is_made_anew(ca, state):
    state.path("ca", "ca.pem").unlink()
    DevelopmentCa(state).issue("heater", ["a"])


@pytest.mark.parametrize("device", ["", "a b", "a.b", "a/b", "ä", "x" * 65, "a\n", "../a", "#"])
def test_an_id_that_is_no_topic_level_is_refused_before_anything_is_written(ca, state, device):
    with pytest.raises(ValueError, match="1 to 64 characters"):
        ca.issue("heater", ["fine", device])
    assert not list(state.path("ca", "devices").iterdir())
    assert not ca.identities()


def test_a_banned_device_stays_banned_when_it_is_issued_again(ca):
    ca.issue("heater", ["a"])
    ca.set_state("a", IdentityState.BANNED)
    ca.issue("heater", ["a", "b"])
    assert {name: one.state for name, one in ca.identities().items()} == {"a": "banned", "b": "active"}


def test_unknown_devices_are_key_errors(ca):
    with pytest.raises(KeyError):
        ca.credentials("nobody")
    with pytest.raises(KeyError):
        ca.set_state("nobody", IdentityState.BANNED)


def test_a_missing_folder_is_one_clear_error(ca, state):
    shutil.rmtree(state.path("ca", "devices"))
    with pytest.raises(StateError, match="No such file or directory"):
        ca.issue("heater", ["a"])
