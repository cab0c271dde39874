"""What a node is told is checked whole before anything is opened: one line, exit code 2, and nothing left behind."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from seamline.agent import node, tls
from seamline.agent.tls import TlsError, device_context, lean_buffers, parse_url
from seamline.stack.ca import DevelopmentCa
from seamline.stack.statedir import StateDir

HEATER = Path(__file__).resolve().parents[3] / "examples" / "heater"


@dataclass
class Given:
    contract: str
    state: str | None
    device: str = "kitchen"
    url: str = "mqtt://127.0.0.1:1"
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    command: str | None = None
    file: str | None = None
    stdin: bool = True
    raw: bool = False
    message: str | None = None
    firmware: str | None = None


@pytest.fixture
def given_options(tmp_path: Path):
    return lambda **more: Given(**{"contract": str(HEATER), "state": str(tmp_path / "state"), **more})


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"device": ""}, "--device '': 1 to 64 of A-Z a-z 0-9 _ -"),
        ({"device": "a b"}, "--device 'a b': 1 to 64"),
        ({"device": "a/b"}, "--device 'a/b': 1 to 64"),
        ({"device": "a" * 65}, "1 to 64 of A-Z a-z 0-9 _ -"),
        ({"device": "kitchen\n"}, "1 to 64 of A-Z a-z 0-9 _ -"),
        ({"stdin": False}, "say where the readings come from: one of --command CMD, --file FILE, --stdin"),
        ({"command": "true"}, "say where the readings come from"),
        ({"message": "alarm"}, "heater/1.3.0 has no message 'alarm'; it has reading, vitals"),
        ({"url": "http://hub"}, "'http://hub' is not a broker's address: write mqtts://HOST:PORT"),
        ({"url": "mqtts://[::1"}, "'mqtts://[::1'"),
        ({"url": "mqtts://hub:99999"}, "'mqtts://hub:99999': Port out of range 0-65535"),
        ({"url": "mqtts://hub"}, "mqtts://hub needs --ca, --cert and --key: a device is known by its certificate"),
        ({"url": "mqtts://hub", "ca": "a", "cert": "b"}, "needs --ca, --cert and --key"),
        ({"url": "mqtts://hub", "ca": "/nowhere/ca", "cert": "b", "key": "c"}, "--ca /nowhere/ca: no such file"),
        ({"contract": "/nowhere"}, "/nowhere"),
    ],
)
def test_wrong_use_is_one_line_and_leaves_nothing(given_options, told, says, capsys, tmp_path) -> None:
    assert node.main(given_options(**told)) == node.EXIT_USAGE
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert not list(tmp_path.iterdir())


def test_a_state_that_cannot_be_kept_is_told_before_the_node_starts(given_options, tmp_path, capsys) -> None:
    (tmp_path / "state").write_text("a file")
    assert node.main(given_options()) == node.EXIT_USAGE
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert str(tmp_path / "state") in said


def test_a_folder_stands_for_the_contract_in_it_and_its_version_for_the_firmwares(given_options) -> None:
    setup = node.prepare(given_options())
    assert (setup.contract.reference, setup.firmware, setup.message.name) == ("heater/1.3.0", "1.3.0", "reading")
    assert node.prepare(given_options(firmware="9.9")).firmware == "9.9"
    assert node.prepare(given_options(contract=str(HEATER / "contract.yaml"))).contract == setup.contract


def test_the_source_is_the_one_that_was_named(given_options) -> None:
    assert node.prepare(given_options()).sampler is None
    assert isinstance(node.prepare(given_options(stdin=False, command="true")).sampler, node.CommandSampler)
    assert isinstance(node.prepare(given_options(stdin=False, file="x")).sampler, node.FileSampler)


def test_each_device_has_a_state_of_its_own(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert node.default_state("a") == tmp_path / "seamline" / "agent" / "a"
    assert node.default_state("a") != node.default_state("b")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert node.default_state("a") == tmp_path / "home" / ".local" / "state" / "seamline" / "agent" / "a"


@given(st.text(max_size=30))
def test_any_text_is_a_brokers_address_or_a_refusal(text: str) -> None:
    for url in (text, f"mqtts://{text}"):
        try:
            host, port, _ = parse_url(url)
        except TlsError:
            continue
        assert host
        assert 0 < port <= 65_535


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    state = StateDir(tmp_path_factory.mktemp("ca"))
    state.make()
    ca = DevelopmentCa(state)
    ca.issue("heater", ["a", "b"])
    return ca


def test_a_devices_context_knows_the_brokers_authority_and_takes_nothing_older_than_tls_1_2(issued) -> None:
    own = issued.credentials("a")
    context = device_context(issued.ca_file, own.cert, own.key)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1, "the system's authorities are not trusted for a broker of ours"


def test_a_key_that_is_not_the_certificates_is_refused_with_both_names(issued) -> None:
    own, other = issued.credentials("a"), issued.credentials("b")
    with pytest.raises(TlsError) as caught:
        device_context(issued.ca_file, own.cert, other.key)
    assert str(own.cert) in str(caught.value)
    assert str(other.key) in str(caught.value)


def test_a_torn_certificate_is_refused_with_its_name(issued, tmp_path) -> None:
    own = issued.credentials("a")
    torn = tmp_path / "a.pem"
    torn.write_bytes(own.cert.read_bytes()[:100])
    with pytest.raises(TlsError, match=r"--cert .*a\.pem with --key .*: "):
        device_context(issued.ca_file, torn, own.key)


def test_another_devices_certificate_is_told_with_both_names_before_anything_connects(given_options, issued, capsys) -> None:
    own = issued.credentials("a")
    told = {"url": "mqtts://127.0.0.1:1", "ca": str(issued.ca_file), "cert": str(own.cert), "key": str(own.key)}
    assert node.main(given_options(device="b", **told)) == node.EXIT_USAGE
    said = f"error: --cert {own.cert} is the certificate of 'a', not of 'b': give the device's own, or --device a\n"
    assert capsys.readouterr().err == said
    assert node.prepare(given_options(device="a", **told)).device == "a"


def test_a_certificate_that_names_nobody_is_left_to_the_broker(given_options, issued, monkeypatch) -> None:
    monkeypatch.setattr(node, "common_name", lambda _: None)
    own = issued.credentials("a")
    told = {"url": "mqtts://127.0.0.1:1", "ca": str(issued.ca_file), "cert": str(own.cert), "key": str(own.key)}
    assert node.prepare(given_options(device="b", **told)).endpoint.tls is not None


def test_an_asyncio_whose_buffers_cannot_be_shrunk_is_told_and_not_overlooked(monkeypatch) -> None:
    monkeypatch.delattr(tls.sslproto.SSLProtocol, "max_size")
    with pytest.raises(TlsError, match=r"has no SSLProtocol\.max_size"):
        lean_buffers()
