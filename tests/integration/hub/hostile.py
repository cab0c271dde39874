"""A device with a valid certificate that says whatever it likes, and what the hub makes of it: the real stack, over MQTT and TLS."""

from __future__ import annotations

import itertools
import json
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
import psutil
import psycopg
from tests.integration.hub.harness import frame, layout

from seamline.contract import load_family
from seamline.testing.wait import until

PATIENCE_S = 30.0
"""For what takes milliseconds: the machine may be shared."""

_numbers = itertools.count()


class Hostile:
    """One connected device. `good()` proves that the hub still takes what is right."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.family = load_family(folder)
        self.of = layout(self.family)
        self.id = f"bad{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        self.downlinks = []
        self.ends = []
        self._incarnation = 4_000_000_000
        self._acknowledged = set()
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._own = stack.issue("heater", [self.id])[self.id]
        self.connect()

    def connect(self):
        """Connect, and subscribe."""
        self._subscribed.clear()
        self._acknowledged.clear()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=self.id, protocol=paho.MQTTv311)
        self.client.max_inflight_messages_set(0)
        self.client.tls_set(str(self.stack.ca_file), str(self._own.cert), str(self._own.key), ssl.CERT_REQUIRED)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe(f"dn/{self.id}/#", 0)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_disconnect = lambda _c, _u, _f, reason, _p: self.ends.append(str(reason))
        self.client.on_publish = self._published
        self.client.on_message = lambda _c, _u, message: self.downlinks.append(
            (message.topic.rpartition("/")[2], json.loads(message.payload))
        )
        self.client.connect(self.stack.mqtt_host, self.stack.mqtt_port, keepalive=60)
        self.client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def say(self, *payloads, kind="data", topic=None):
        """Publish (QoS 1), and wait until the broker has everything."""
        mids = [self.client.publish(topic or f"up/{self.id}/{kind}", payload, qos=1).mid for payload in payloads]
        with self._news:
            assert self._news.wait_for(lambda: self._acknowledged.issuperset(mids), PATIENCE_S), f"{self.ends=}"

    def tell(self, kind, *messages):
        """Publish control messages given as objects, text or bytes."""
        self.say(*(one if isinstance(one, bytes | str) else json.dumps(one) for one in messages), kind=kind)

    def good(self):
        """Send a good frame, of an incarnation that no birth has ended, and wait for its row: what was sent before is worked in by then."""
        self._incarnation += 1
        self.say(frame(self.of, 0, [{"power": 1234}], incarnation=self._incarnation))
        until(self._stored, f"the row of good frame {self._incarnation}", PATIENCE_S)

    def good_birth(self, message):
        """Be born, and wait for the session."""
        self.downlinks.clear()
        self.tell("birth", message)
        wanted = message["incarnation"], message["session"]

        def answered():
            return wanted in [(one["incarnation"], one["session"]) for one in self.told("session")]

        until(answered, f"the session {wanted}", PATIENCE_S)

    @property
    def next_incarnation(self):
        """That of the next good frame."""
        return self._incarnation + 1

    def _stored(self):
        return self.rows(
            "SELECT FROM r_heater_reading r JOIN device d ON d.no = r.device_no"
            " WHERE d.id = %s AND r.incarnation = %s AND power = 1234",
            self.id,
            self._incarnation,
        )

    def rows(self, text, *parameters):
        with psycopg.connect(self.stack.dsn) as connection:
            return connection.execute(text, parameters).fetchall()

    def quarantine(self):
        """(reason, counted, first, count) of what is kept of this device."""
        return self.rows("SELECT reason, counted, first, count FROM quarantine WHERE device_id = %s ORDER BY id", self.id)

    def refused(self):
        """Reason → how often, of what was no message at all."""
        return dict(self.rows("SELECT reason, count FROM refused WHERE device_id = %s", self.id))

    def ledger(self, channel=1, boot=1, incarnation=7):
        """mark, stored, quarantined, declined, lost, duplicates of one key."""
        found = self.rows(
            "SELECT mark, stored, quarantined, declined, lost, duplicates FROM ledger l JOIN device d ON d.no = l.device_no"
            " WHERE d.id = %s AND channel = %s AND l.boot = %s AND l.incarnation = %s",
            self.id,
            channel,
            boot,
            incarnation,
        )
        return found[0] if found else None

    def told(self, kind):
        return [payload for named, payload in self.downlinks if named == kind]

    def _published(self, _client, _user, mid, _reason, _properties):
        with self._news:
            self._acknowledged.add(mid)
            self._news.notify_all()


class Watch:
    """The hub's process through an attack: it is the same one afterwards, its log shows no fault, and it has not grown much."""

    def __init__(self, stack):
        self._stack = stack
        self._pid = stack.pid("hub")
        self._starts = stack.view("hub").starts
        self._log_at = stack.log("hub").stat().st_size
        self._process = psutil.Process(self._pid)
        self._before = self._process.memory_info().rss
        self.peak = self._before
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self):
        while not self._done.wait(0.02):
            try:
                self.peak = max(self.peak, self._process.memory_info().rss)
            except psutil.NoSuchProcess:
                return

    @property
    def grown_mib(self):
        return (self.peak - self._before) / 2**20

    @property
    def log(self):
        """What the hub has logged since."""
        with self._stack.log("hub").open("rb") as file:
            file.seek(self._log_at)
            return file.read().decode("utf-8", "replace")

    def verdict(self, grown_mib_max):
        self._done.set()
        self._thread.join()
        assert (self._stack.pid("hub"), self._stack.view("hub").starts) == (self._pid, self._starts), self.log[-2000:]
        assert not any(word in self.log for word in ("Traceback", " ERROR ")), self.log[-4000:]
        assert self.grown_mib < grown_mib_max, f"the hub grew by {self.grown_mib:.0f} MiB"


@contextmanager
def watched(stack, grown_mib_max=250) -> Iterator[Watch]:
    watch = Watch(stack)
    try:
        yield watch
    finally:
        watch._done.set()
    watch.verdict(grown_mib_max)
