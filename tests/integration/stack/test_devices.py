"""Who gets in, and to which topics: real broker, real authorisation, a third-party client."""

from __future__ import annotations

import asyncio
import time

import nats
import nats.errors
import pytest

from seamline.hub.auth.snapshot import write_snapshot
from seamline.stack.ca import DevelopmentCa
from seamline.stack.natsline import AskError, ask
from seamline.stack.statedir import StateDir
from seamline.testing.wait import until


class Listener:
    """Everything devices send, as the hub hears it; and words to them."""

    def __init__(self, stack):
        self.heard = []
        self._came = asyncio.Event()
        self._stack = stack

    async def __aenter__(self):
        self._client = await nats.connect(self._stack.nats_url)
        await self._client.subscribe("up.>", cb=self._take)
        await self._client.flush()
        return self

    async def _take(self, message):
        self.heard.append((message.subject, message.data))
        self._came.set()

    async def say(self, subject, payload):
        await self._client.publish(subject, payload)
        await self._client.flush()

    async def hears(self, what):
        async with asyncio.timeout(10):
            while what not in self.heard:
                self._came.clear()
                await self._came.wait()

    async def __aexit__(self, *_):
        await self._client.close()


def listening(stack, act):
    """Run `act` while the hub's side listens; return what was heard up to a closing word of `act`'s device."""

    async def run():
        async with Listener(stack) as listener:
            await act(listener)
            return listener.heard

    return asyncio.run(run())


def test_a_device_speaks_and_hears_on_its_own_topics(parts, connect, names):
    (name,) = names(1)
    parts.issue("heater", [name])
    device = connect(parts, name).connected()
    assert device.subscribe(f"dn/{name}/#") == "Granted QoS 0"

    async def act(hub):
        for kind in ("birth", "data", "anchor", "probe", "twin", "death"):
            await asyncio.to_thread(device.publish, f"up/{name}/{kind}", kind.encode())
        await hub.say(f"dn.{name}.marks", b"{}")
        await hub.hears((f"up.{name}.death", b"death"))

    heard = listening(parts, act)
    assert [subject.split(".")[2] for subject, _ in heard] == ["birth", "data", "anchor", "probe", "twin", "death"]
    until(lambda: device.messages, "the downlink")
    assert device.messages == [(f"dn/{name}/marks", b"{}")]


def test_what_is_published_for_another_device_does_not_arrive(parts, connect, names):
    mine, other = names(2)
    parts.issue("heater", [mine, other])
    device = connect(parts, mine).connected()

    async def act(hub):
        for topic in (f"up/{other}/data", f"up/{mine}/data/x", f"up/{mine}/other", f"dn/{other}/session", "up/data"):
            await asyncio.to_thread(device.publish, topic, b"forged")
        await asyncio.to_thread(device.publish, f"up/{mine}/data", b"mine")
        await hub.hears((f"up.{mine}.data", b"mine"))

    assert listening(parts, act) == [(f"up.{mine}.data", b"mine")]


@pytest.mark.parametrize("topic", ["dn/{other}/#", "dn/{other}", "dn/+/session", "#", "up/#", "$MQTT/sub/#", "$SYS/#"])
def test_a_device_may_not_listen_elsewhere(parts, connect, names, topic):
    mine, other = names(2)
    parts.issue("heater", [mine, other])
    device = connect(parts, mine).connected()
    assert device.subscribe(topic.format(other=other)) == "Unspecified error"


def test_a_client_id_other_than_the_certificates_subject_is_refused(parts, connect, names):
    mine, other = names(2)
    parts.issue("heater", [mine, other])
    assert connect(parts, other, parts.credentials(mine)).refused() == "Not authorized"


def test_a_live_session_cannot_be_taken_over_with_another_devices_certificate(parts, connect, names):
    mine, other = names(2)
    parts.issue("heater", [mine, other])
    victim = connect(parts, mine).connected()
    assert connect(parts, mine, parts.credentials(other)).refused() == "Not authorized"
    victim.publish(f"up/{mine}/data", b"still here")
    assert not victim.ends


def test_a_certificate_of_a_foreign_authority_is_refused(parts, connect, names, tmp_path):
    (name,) = names(1)
    parts.issue("heater", [name])
    foreign = StateDir(tmp_path / "foreign")
    foreign.make()
    authority = DevelopmentCa(foreign)
    authority.issue("heater", [name])
    connect(parts, name, authority.credentials(name)).refused()


def test_no_certificate_is_refused(parts, connect):
    connect(parts, "anybody", anonymous=True).refused()


def test_a_certified_device_that_is_not_on_record_is_refused(parts, connect, names):
    stays, goes = names(2)
    issued = parts.issue("heater", [stays, goes])
    known = dict(parts.ca.identities())
    del known[goes]
    write_snapshot(parts.ca.snapshot_file, known.values())
    assert connect(parts, goes, issued[goes]).refused() == "Not authorized"
    connect(parts, stays).connected()


def test_a_device_whose_key_was_replaced_gets_in_with_the_new_key_only(parts, connect, names, tmp_path):
    (name,) = names(1)
    old = parts.issue("heater", [name])[name]
    kept = type(old)(tmp_path / "old.pem", tmp_path / "old.key")
    kept.cert.write_bytes(old.cert.read_bytes())
    kept.key.write_bytes(old.key.read_bytes())
    old.cert.unlink()
    parts.issue("heater", [name])
    assert connect(parts, name, kept).refused() == "Not authorized"
    connect(parts, name).connected()


def test_a_device_is_let_in_at_the_moment_it_was_issued(parts, connect, names):
    parts.issue("heater", names(3000))  # makes the reading of the snapshot long enough to be met half way
    for name in names(10):
        parts.issue("heater", [name])
        connect(parts, name).connected()


def test_a_ban_cuts_the_live_connection_within_two_seconds_and_keeps_it_out(parts, connect, names):
    banned, other = names(2)
    parts.issue("heater", [banned, other])
    device, bystander = connect(parts, banned).connected(), connect(parts, other).connected()
    started = time.monotonic()
    parts.ban(banned)
    until(lambda: device.ends, "the cut", timeout_s=2)
    assert time.monotonic() - started < 2
    assert connect(parts, banned).refused() == "Not authorized"
    assert not bystander.ends
    parts.unban(banned)
    connect(parts, banned).connected()


def test_a_last_will_reaches_the_hub_when_the_connection_breaks(parts, connect, names):
    (name,) = names(1)
    parts.issue("heater", [name])
    device = connect(parts, name, will=(f"up/{name}/death", b"gone", 1)).connected()

    async def act(hub):
        device.client.socket().shutdown(2)
        await hub.hears((f"up.{name}.death", b"gone"))

    listening(parts, act)


def test_a_last_will_for_another_device_is_dropped(parts, connect, names):
    mine, other = names(2)
    parts.issue("heater", [mine, other])
    device = connect(parts, mine, will=(f"up/{other}/death", b"forged", 1)).connected()
    witness = connect(parts, other).connected()

    async def act(hub):
        device.client.socket().shutdown(2)
        until(lambda: device.ends, "the end of the connection")
        await asyncio.to_thread(device.connected)
        until(lambda: len(device.answers) > 1, "the device's return")  # by then its will has been dealt with
        await asyncio.to_thread(witness.publish, f"up/{other}/data", b"closing")
        await hub.hears((f"up.{other}.data", b"closing"))

    assert listening(parts, act) == [(f"up.{other}.data", b"closing")]


def test_the_hubs_port_wants_the_hubs_password(parts):
    port = parts.broker.nats_port
    for address in (f"nats://hub:wrong@127.0.0.1:{port}", f"nats://nobody:x@127.0.0.1:{port}"):
        with pytest.raises(AskError):
            ask(address, "$JS.API.INFO", timeout_s=10)
    assert "memory" in ask(parts.nats_url, "$JS.API.INFO")
