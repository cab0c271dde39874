"""The device core: sans-IO, integers only, the same text on CPython and MicroPython. Bytes and a time go in, effects come out."""

from .clock import Uptime
from .core import Core
from .errors import ClockError, DeviceError, FrameError, PolicyError, RecordError, ReportError
from .events import OVER_RATE
from .frame import Frame, pack, unpack
from .policy import Policy

__all__ = [
    "OVER_RATE",
    "ClockError",
    "Core",
    "DeviceError",
    "Frame",
    "FrameError",
    "Policy",
    "PolicyError",
    "RecordError",
    "ReportError",
    "Uptime",
    "pack",
    "unpack",
]
