"""Every bound of the contract language, by name. A problem that breaks one names it."""

from __future__ import annotations

FILE_BYTES_MAX = 1 << 20
"""A 3,500-line contract has about 150 kB; seven times that is a mistake or an attack."""
NESTING_MAX = 16
"""The deepest thing the language has is six levels down."""
NODES_MAX = 100_000
"""Keys, values, lists and mappings together; 3,500 lines have about 20,000."""
SCALAR_CHARS_MAX = 4096
RELEASES_MAX = 256
"""Released versions of one product that are compared with each other."""

MESSAGES_MAX = 64
FIELDS_MAX = 64
"""Items of a message's `fields`."""
COLUMNS_MAX = 256
"""Fields of a message, an array's items counted one by one: keeps a record near 2 KiB, so that a frame holds several."""
RESERVED_BITS_MAX = 512
"""A gap. Larger ones are no packed layout but a mistake."""
ENUM_MEMBERS_MAX = 256
FAULTS_MAX = 4096
NAMES_MAX = 256
"""Owners, boundaries, calibrations, properties, commands, consumers: each at most this many."""
LIST_MAX = 64
"""Items of a plain list, such as `proven_by`."""

FRAME_BYTES_MAX = 8192
"""A device's frame (docs/wire.md allows a receiver 65,536; a small board must build it in RAM)."""
FRAME_OVERHEAD_BYTES = 36
"""Header 32 and CRC32 4 (docs/wire.md)."""
KEEP_ALIVE_S_MAX = 65_535
"""MQTT 3.1.1 section 3.1.2.10: a 16-bit count of seconds."""
