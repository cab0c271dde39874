"""A simulated device proves by its own certificate who it is, though neither that nor its key is on any disk."""

import ssl

import pytest

from seamline.agent.tls import TlsError
from seamline.rig.identities import context, contexts, lent
from seamline.stack.ca import DevelopmentCa
from seamline.stack.statedir import StateDir


@pytest.fixture
def state(tmp_path):
    made = StateDir(tmp_path / "state")
    made.make()
    return made


@pytest.fixture
def ca(state):
    return DevelopmentCa(state)


def shown_to(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, str]:
    """What a server learns of a client's subject, over a handshake in memory."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(down, up, server_hostname="localhost"), server.wrap_bio(up, down, server_side=True)]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return {name: value for ((name, value),) in ends[1].getpeercert()["subject"]}


def test_each_device_shows_its_own_certificate(ca, state):
    pems = lent(ca, {"a": "heater", "b": "cooler"})
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(state.path("ca", "server.pem"), state.path("ca", "server.key"))
    server.load_verify_locations(ca.ca_file)
    server.verify_mode = ssl.CERT_REQUIRED
    shown = [shown_to(server, made) for made in contexts(ca.ca_file, [pems["a"], pems["b"]])]
    assert shown == [
        {"organizationName": "heater", "commonName": "a"},
        {"organizationName": "cooler", "commonName": "b"},
    ]


def test_what_is_no_certificate_is_refused(ca):
    with pytest.raises(TlsError):
        context(ca.ca_file, b"nothing")
