"""The errors of the device core, in one view.

    DeviceError(ValueError)   the caller broke the contract of a call
    ├── FrameError            bytes that are no frame, or fields that fit none; `.reason` is one word
    ├── PolicyError           a policy that cannot be obeyed; names the key
    ├── RecordError           a record that cannot be numbered: unknown channel, wrong size, sequence used up
    ├── ReportError           a property or value that cannot be told, words of a boot that cannot be said
    └── ClockError            a time from a source nobody knows, or outside the calendar

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


class ReportError(DeviceError):
    """Something that cannot be told to the hub; the message says what it takes."""


class ClockError(DeviceError):
    """A time that cannot be: an unknown source, or a number outside the calendar."""
