"""What docs/wire.md fixes for every product, for the code that devices are built from."""

from __future__ import annotations

from seamline.device.frame import FLAG_CRC, FLAG_HEARD

DEVICE_ID_CHARS_MAX = 64
FRAME_FLAGS = (
    ("CRC", FLAG_CRC, "a CRC32 stands behind the records"),
    ("HEARD", FLAG_HEARD, "a downlink was heard since the frame before"),
)
"""Name, bit, meaning."""
TOPICS = (
    ("DATA", "up/+/data", "frames"),
    ("BIRTH", "up/+/birth", "a session begins"),
    ("DEATH", "up/+/death", "the Last Will"),
    ("ANCHOR", "up/+/anchor", "at this uptime it was this time"),
    ("PROBE", "up/+/probe", "which marks do you have?"),
    ("TWIN", "up/+/twin", "reported state"),
    ("DOWN", "dn/+/#", "to be subscribed before the birth"),
)
"""Name, pattern with `+` for the device's id, meaning."""
