"""The errors of the device core, in one view.

    DeviceError(ValueError)   the caller broke the contract of a call
    ├── FrameError            bytes that are no frame, or fields that fit none; `.reason` is one word
    ├── PolicyError           a policy that cannot be obeyed; names the key
    └── RecordError           a record that cannot be numbered: unknown channel, wrong size, sequence used up

Nothing a network says raises: a malformed downlink is counted (`Core.books()["malformed"]`) and ignored.
"""


class DeviceError(ValueError):
    """The caller broke the contract of a call; the message names the place and the remedy."""


class FrameError(DeviceError):
    """Bytes that are no frame, or values that fit in none; `reason` is one word for counters."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason`: short, magic, version, flags, count, size, sequence, length, checksum, or the field out of range."""
        super().__init__(message)
        self.reason = reason


class PolicyError(DeviceError):
    """A policy that cannot be obeyed; the message names the key."""


class RecordError(DeviceError):
    """A record that cannot be numbered."""
