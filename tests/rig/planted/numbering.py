"""Defects in how a device numbers: boots, records, and the counters in flash that bound both."""

from __future__ import annotations

from tests.rig.planted.mutation import Edit, mutation

CORE = "seamline.device.core:Core."
COUNTERS = "seamline.device.counters:Counters."

MUTATIONS = [
    mutation(
        "boot used before it is written",
        "the boot's number goes to flash with the first counter that is due anyway: one write less at each start",
        "boot-rises",
        Edit(CORE + "start", "sorted(self.policy.channels))\n    self._persist_counters()\n", "sorted(self.policy.channels))\n"),
        budget=12,
    ),
    mutation(
        "counter reuse after an erase",
        "a device without counters is a new one, and a new one has incarnation 1: what could be simpler to read in a log",
        "boot-rises",
        Edit(COUNTERS + "_renew", "drawn = random() or 1", "drawn = 0x5EA1"),
        Edit(COUNTERS + "_renew", "drawn if drawn != self.incarnation else (drawn ^ 1) or 2", "drawn"),
        budget=12,
    ),
    mutation(
        "bound off by one",
        "the stride is renewed when the number is beyond it, not when it is there",
        "counted-first",
        Edit(COUNTERS + "reserve", "if sequence < self.bounds[channel]:", "if sequence and sequence <= self.bounds[channel]:"),
        budget=12,
    ),
    mutation(
        "counter written after it is used",
        "flash is slow: the record is on its way first, and the counters are written when there is time",
        "counted-first",
        Edit(CORE + "_append", "        self._persist_counters()\n", "        pass\n"),
        budget=12,
    ),
    mutation(
        "checksum of erased flash accepted",
        "the magic and the length are right, so it is a slot: torn, rotten or half erased",
        "boot-rises counted-first no-strangers nothing-owed no-error deadline books numbered-once",
        Edit(
            "seamline.device.counters:_read",
            'len(data) != end + 4 or struct.unpack_from("<I", data, end)[0] != crc32(data[:end], CRC_SEED)',
            "len(data) != end + 4",
        ),
        budget=40,
        scenario="wearing-out",
    ),
    mutation(
        "the older slot taken for the newest",
        "of two slots the one that can be read is the one that counts",
        "boot-rises counted-first no-strangers nothing-owed",
        Edit(COUNTERS + "load", "        self._assume_one_more()\n", "        pass\n"),
        budget=20,
        scenario="wearing-out",
    ),
    mutation(
        "bounds of ended boots not kept",
        "that boot is over: its counters are of no more use",
        "nothing-owed",
        Edit(COUNTERS + "begin", "        if self.bounds[channel] > 0:\n", "        if False:\n"),
        budget=12,
        scenario="mixed-fleet",
    ),
]
