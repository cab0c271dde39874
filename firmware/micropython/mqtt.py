"""MQTT 3.1.1 over mutual TLS, as much as a device core needs: a will, QoS 1 up, one subscription down, no session of its own.

Runs on boards and on MicroPython's Unix port. Connecting waits; everything after it does not. The core resends what matters, so
answers to publishes are read and forgotten.
"""

import binascii
import errno
import socket
import ssl
import time

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90, 0xC0, 0xE0
QOS1 = 0x02
CLEAN_WILL_QOS1 = 0x02 | 0x04 | 0x08
REFUSED = 0x80
READ_BYTES = 2048
PACKET_BYTES_MAX = 65536 + 512
WAITING = (errno.EAGAIN, errno.ETIMEDOUT, errno.EINPROGRESS)


class LinkError(Exception):
    """The link did not come about, or ended; `reason` is one of the short words of the wire."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def der(pem):
    """The bytes inside a PEM text."""
    lines = [line for line in pem.split("\n") if line and not line.startswith("-----")]
    return binascii.a2b_base64("".join(lines))


def tls_of(ca, cert, key):
    """The TLS context of a device, from three PEM texts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=der(ca))
    context.load_cert_chain(der(cert), der(key))
    return context


def _text(data):
    return len(data).to_bytes(2, "big") + data


def _packet(kind, body):
    """A packet: its kind, the length of the rest in groups of 7 bits, the rest."""
    size, length = len(body), b""
    while True:
        size, low = size >> 7, size & 0x7F
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


class Link:
    """One device's link, opened again and again. Times are MicroPython's ticks."""

    def __init__(self, device, address, server_name, tls, connect_timeout_ms, keep_alive_ms):
        """`address`: (host, port); `server_name`: what the broker's certificate is made out to."""
        self.device = device
        self.wanted = False
        self._address = address
        self._server_name = server_name
        self._tls = tls
        self._timeout_ms = connect_timeout_ms
        self._keep_alive_ms = keep_alive_ms
        self._socket = None
        self._stream = None
        self._in = b""
        self._out = b""
        self._ended = False
        self._packet_id = 0
        self._heard_ms = self._asked_ms = 0
        self._will = b""

    @property
    def stream(self):
        """What to poll; None while there is no link."""
        return self._stream

    def open(self, will):
        """The core wants a link: `dial` makes it, when the main loop has time."""
        self._will = will
        self.wanted = True

    def dial(self):
        """Connect and subscribe. Raises LinkError."""
        self.wanted = False
        self._in = self._out = b""
        self._ended = False
        try:
            self._connect()
            self._converse()
        except LinkError:
            self._drop()
            raise
        except OSError as error:
            self._drop()
            raise LinkError("timeout" if error.errno in WAITING else "network") from None
        except ValueError:  # MicroPython's word for a certificate that does not fit
            self._drop()
            raise LinkError("tls") from None

    def publish(self, topic, payload):
        """Send with QoS 1, without waiting."""
        if self._stream is not None:
            self._out += _packet(PUBLISH | QOS1, _text(topic.encode()) + self._next_id() + bytes(payload))
            self._flush()

    def close(self):
        """Say goodbye: the will is not sent."""
        self.wanted = False
        if self._stream is not None:
            self._out += _packet(DISCONNECT, b"")
            self._flush()
        self._drop()

    def step(self):
        """Read what has come, ping when it is quiet; returns [(kind, payload), ...]. Raises LinkError when the link has ended."""
        if self._stream is None:
            return []
        now_ms = time.ticks_ms()
        try:
            self._fill()
            self._flush()
            messages = self._messages(now_ms)
        except (OSError, LinkError):
            self._drop()
            raise LinkError("network") from None
        if self._ended and not messages:
            self._drop()
            raise LinkError("server_closed")
        quiet_ms = time.ticks_diff(now_ms, self._heard_ms)
        if quiet_ms > 2 * self._keep_alive_ms:
            self._drop()
            raise LinkError("keep_alive")
        if quiet_ms > self._keep_alive_ms // 2 and time.ticks_diff(now_ms, self._asked_ms) > self._keep_alive_ms // 2:
            self._asked_ms = now_ms
            self._out += _packet(PINGREQ, b"")
            self._flush()
        return messages

    # -- connecting ----------------------------------------------------------------------------------------------------

    def _connect(self):
        try:
            address = socket.getaddrinfo(self._address[0], self._address[1])[0][-1]
        except OSError:
            raise LinkError("dns") from None
        self._socket = socket.socket()
        self._socket.settimeout(self._timeout_ms / 1000)
        self._socket.connect(address)
        try:
            self._stream = self._tls.wrap_socket(self._socket, server_hostname=self._server_name)
        except OSError as error:
            # An error of the TLS library is below any of the system's; a peer that hangs up looks like the network.
            raise LinkError("timeout" if error.errno in WAITING else "network" if error.errno > 0 else "tls") from None
        self._socket.setblocking(False)

    def _converse(self):
        keep_alive_s = max(1, self._keep_alive_ms // 1000)
        head = b"\x00\x04MQTT\x04" + bytes([CLEAN_WILL_QOS1]) + keep_alive_s.to_bytes(2, "big")
        will = _text(f"up/{self.device}/death".encode()) + _text(bytes(self._will))
        self._out += _packet(CONNECT, head + _text(self.device.encode()) + will)
        if self._wait(CONNACK)[1] != 0:
            raise LinkError("refused")
        self._out += _packet(SUBSCRIBE, self._next_id() + _text(f"dn/{self.device}/#".encode()) + b"\x01")
        if self._wait(SUBACK)[2] >= REFUSED:
            raise LinkError("refused")
        self._heard_ms = self._asked_ms = time.ticks_ms()

    def _wait(self, kind):
        began_ms = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began_ms) < self._timeout_ms:
            self._flush()
            self._fill()
            packet = self._take()
            if packet is not None and packet[0] & 0xF0 == kind & 0xF0:
                return packet[1]
            if packet is None and self._ended:
                raise LinkError("server_closed")
            if packet is None:
                time.sleep_ms(5)
        raise LinkError("timeout")

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def _next_id(self):
        self._packet_id = self._packet_id % 0xFFFF + 1
        return self._packet_id.to_bytes(2, "big")

    def _fill(self):
        """Read what is there, and note the end: what came before it still counts."""
        while True:
            try:
                data = self._stream.read(READ_BYTES)
            except OSError as error:
                if error.errno in WAITING:
                    return
                raise
            if data is None:
                return
            if not data:
                self._ended = True
                return
            self._in += data

    def _flush(self):
        while self._out and self._stream is not None:
            try:
                sent = self._stream.write(self._out)
            except OSError as error:
                if error.errno in WAITING:
                    return
                self._out = b""  # the next read says that the link is gone
                return
            if not sent:
                return
            self._out = self._out[sent:]

    def _take(self):
        """The next whole packet as (kind, body), or None."""
        size = shift = 0
        for index in range(1, 5):
            if index >= len(self._in):
                return None
            size |= (self._in[index] & 0x7F) << shift
            shift += 7
            if not self._in[index] & 0x80:
                break
        if size > PACKET_BYTES_MAX:
            raise LinkError("network")
        end = index + 1 + size
        if len(self._in) < end:
            return None
        packet, self._in = (self._in[0], self._in[index + 1 : end]), self._in[end:]
        return packet

    def _messages(self, now_ms):
        messages = []
        prefix = f"dn/{self.device}/"
        while True:
            packet = self._take()
            if packet is None:
                return messages
            self._heard_ms = now_ms
            kind, body = packet
            if kind & 0xF0 != PUBLISH:
                continue
            size = int.from_bytes(body[:2], "big")
            topic, at = body[2 : 2 + size].decode(), 2 + size
            if kind & 0x06:
                self._out += _packet(PUBACK, body[at : at + 2])
                at += 2
            if topic.startswith(prefix):
                messages.append((topic[len(prefix) :], body[at:]))

    def _drop(self):
        for part in (self._stream, self._socket):
            if part is not None:
                part.close()
        self._stream = self._socket = None
