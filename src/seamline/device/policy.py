"""What a device was told at build time: the contract's numbers, checked once and typed.

Made from the plain dictionary that `seamline.contract.policy` writes (or a board's JSON file). One Policy may be shared by
every Core of the same firmware in a process.
"""

from .compat import U8_MAX, U16_MAX, U32_MAX, U48_MAX, is_int, is_list, is_mapping
from .errors import PolicyError, RecordError
from .frame import CRC_BYTES, HEADER_BYTES, RECORD_ALIGN_BYTES
from .shapes import Document

FRAME_SENT_BYTES_MAX = 8192  # a frame a device forms; the wire allows 65,536, a board's TLS buffers do not
DURATION_MS_MAX = 366 * 86_400_000  # no timing in a contract exceeds a year
FLIGHT_FRAMES_MAX = 256
STRIDE_MAX = 65536
PPM_MAX = 1_000_000
LOSSES_CHANNEL = 0  # Seamline's own: its records declare losses (losses/1)
LOSSES_RECORD_BYTES = 24


class ChannelPolicy:
    """One channel (message) of the firmware: its layout on the wire and when its frames leave."""

    __slots__ = (
        "batch_max",
        "events_max",
        "events_per_ms",
        "every_ms",
        "expires_ms",
        "fingerprint",
        "id",
        "layout",
        "name",
        "priority",
        "record_bytes",
    )

    def __init__(self, document: Document) -> None:
        """`document`: one entry of the policy's `channels`. Raises PolicyError naming the key."""
        self.id: int = _whole(document, "id", 0, U8_MAX)
        place = f"channel {self.id}: "
        self.name: str = _text(document, "name", place)
        self.layout: int = _whole(document, "layout", 0, U8_MAX, place)
        self.fingerprint: int = _whole(document, "fingerprint", 0, U32_MAX, place)
        size_max = FRAME_SENT_BYTES_MAX - HEADER_BYTES - CRC_BYTES
        self.record_bytes: int = _whole(document, "record_bytes", RECORD_ALIGN_BYTES, size_max, place)
        if self.record_bytes % RECORD_ALIGN_BYTES:
            raise PolicyError(f"{place}record_bytes {self.record_bytes} is not a multiple of {RECORD_ALIGN_BYTES}")
        if self.id == LOSSES_CHANNEL and self.record_bytes != LOSSES_RECORD_BYTES:
            raise PolicyError(f"{place}record_bytes is {self.record_bytes}; losses/1 takes {LOSSES_RECORD_BYTES}")
        self.every_ms: int = _whole(document, "every_ms", 0, DURATION_MS_MAX, place)
        fitting = size_max // self.record_bytes
        self.batch_max: int = min(_whole(document, "batch_max", 1, U16_MAX, place), fitting)
        self.priority: int = _whole(document, "priority", 0, 2, place)
        self.expires_ms: int = _whole(document, "expires_ms", 0, DURATION_MS_MAX, place)
        self.events_max = 0  # 0: records come on a period, or without a bound
        self.events_per_ms = 0
        if document.get("events_max") is not None:
            self.events_max = _whole(document, "events_max", 1, U32_MAX, place)
            self.events_per_ms = _whole(document, "events_per_ms", 1, DURATION_MS_MAX, place)

    def check(self, now_ms: int, body: bytes) -> None:
        """Raise RecordError for a body of another size than the channel's, or an uptime that no frame can say."""
        if len(body) != self.record_bytes - 4:
            raise RecordError(f"channel {self.id}: a body of {len(body)} bytes; {self.record_bytes - 4} are needed")
        if not 0 <= now_ms <= U48_MAX:
            raise RecordError(f"channel {self.id}: an uptime of {now_ms} ms; a whole number in 0..2**48-1 is needed")


class Policy:
    """The whole policy of one firmware; durations in ms, sizes in bytes."""

    def __init__(self, document: Document) -> None:
        """`document`: what `seamline.contract.policy` returns. Raises PolicyError naming the key that cannot be obeyed."""
        self.contract: str = _text(document, "contract")
        self.connect_timeout_ms: int = _whole(document, "connect_timeout_ms", 1, DURATION_MS_MAX)
        self.answer_timeout_ms: int = _whole(document, "answer_timeout_ms", 1, DURATION_MS_MAX)
        self.keep_alive_ms: int = _whole(document, "keep_alive_ms", 1, DURATION_MS_MAX)
        self.backoff_base_ms: int = _whole(document, "backoff_base_ms", 1, DURATION_MS_MAX)
        self.backoff_cap_ms: int = _whole(document, "backoff_cap_ms", 1, DURATION_MS_MAX)
        self.backoff_reset_after_ms: int = _whole(document, "backoff_reset_after_ms", 0, DURATION_MS_MAX)
        self.spread_ms: int = _whole(document, "spread_ms", 0, DURATION_MS_MAX)
        self.drift_ppm: int = _whole(document, "drift_ppm", 0, PPM_MAX)
        self.store: str = _text(document, "store")
        if self.store not in ("ram", "flash"):
            raise PolicyError(f"store is {self.store!r}; use 'ram' or 'flash'")
        self.capacity_bytes: int = _whole(document, "capacity_bytes", 1, U32_MAX)
        self.flight_frames: int = _whole(document, "flight_frames", 1, FLIGHT_FRAMES_MAX)
        self.stride: int = _whole({"stride": document.get("stride", 256)}, "stride", 1, STRIDE_MAX)
        self.channels: dict[int, ChannelPolicy] = _channels(document)
        self.drop_first: list[int] = _drop_order(document, self.channels)
        self.properties: list[str] = [_text(entry, "name", "state: ") for entry in _entries(document, "state")]


def _channels(document: Document) -> dict[int, ChannelPolicy]:
    channels: dict[int, ChannelPolicy] = {}
    for entry in _entries(document, "channels"):
        channel = ChannelPolicy(entry)
        if channel.id in channels:
            raise PolicyError(f"channels: id {channel.id} is there twice")
        channels[channel.id] = channel
    if LOSSES_CHANNEL not in channels:
        raise PolicyError("channels: id 0 (losses/1) is missing; take the policy from seamline.contract.policy")
    return channels


def _drop_order(document: Document, channels: dict[int, ChannelPolicy]) -> list[int]:
    """Every droppable channel: the contract's order first, then the rest, lowest priority first."""
    order: list[int] = []
    for value in _list(document, "drop_first"):
        if not is_int(value) or value == LOSSES_CHANNEL or value not in channels:
            raise PolicyError(f"drop_first: {value!r} is no channel that can be dropped")
        if value not in order:
            order.append(value)
    rest = sorted([(-channels[number].priority, number) for number in channels])
    return order + [number for _, number in rest if number not in order and number != LOSSES_CHANNEL]


def _whole(document: Document, key: str, low: int, high: int, place: str = "") -> int:
    value = document.get(key)
    if not is_int(value) or not low <= value <= high:
        raise PolicyError(f"{place}{key} is {value!r}; a whole number in {low}..{high} is needed")
    return value


def _text(document: Document, key: str, place: str = "") -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise PolicyError(f"{place}{key} is {value!r}; a text is needed")
    return value


def _list(document: Document, key: str) -> list[object]:
    value = document.get(key)
    if not is_list(value):
        raise PolicyError(f"{key} is {value!r}; a list is needed")
    return list(value)


def _entries(document: Document, key: str) -> list[Document]:
    entries: list[Document] = []
    for value in _list(document, key):
        if not is_mapping(value):
            raise PolicyError(f"{key} holds {value!r}; mappings are needed")
        entries.append(value)
    return entries
