"""Rules about quantities begin exactly where they say: the last value that is allowed is, and the next one is not.

The values were reckoned by hand from the rule's words and base.yaml: `light` is a record of 16 bytes every 10 s, six in a frame and
at most twelve; `vitals` one of 24 bytes every 15 min; a frame has 36 bytes of its own and costs 518 on its way.
"""

import pytest
from tests.unit.contract.corpus.marks import edited

from seamline.contract import ContractErrors, loads

AWAKE = "on: {may: [measure, publish, update], current: "
CLOCK, BACKOFF, CONSUMERS, RECOVERY = "clock: {", "backoff: {", "consumers:\n", "recovery: 60 s"
FLASH = "buffer: {outage: 1 h, capacity: 16 KiB, store: ram"


def device(keys):
    return CLOCK, f"device: {{{keys}}}\nclock: {{"


def worn(keys):
    return FLASH, f"device: {{ram: 1 MiB, flash: 8 MiB, {keys}}}\n{FLASH.replace('ram', 'flash')}"


def waits(*entries):
    return BACKOFF, "".join(
        f"  w{n}: {{owner: maker, boundary: radio-broker, {keys}}}\n" for n, keys in enumerate(entries)
    ) + BACKOFF


def power(keys, source="both"):
    return CLOCK, f"power: {{source: {source}, {keys}}}\nclock: {{"


def reader(keys):
    return CONSUMERS, f"consumers:\n  app: {{within: 1 s, {keys}}}\n"


STEPS = {
    "renewal": ("renew_at: 12 months", "renew_at: @", "46652399 s", "46652400 s SL231"),  # 540 d of life less an hour's outage
    "renewal at the end": ("renew_at: 12 months", "renew_at: @", "46652399 s", "46656000 s SL202"),
    "an answer": ("value: 12 s", "value: @", "7001 ms", "7 s SL203"),  # 3 s of network, 4 s of commit
    "records of a frame": ("batch_max: 12", "batch_max: @", "509", "510 SL204"),  # (8192 - 36) / 16
    "recovery": ("recovery: 60 s", "recovery: @", "20 s", "19999 ms SL206"),  # half of it for 1000 devices at 100/s
    "connects": ("accept_rate: 100/s", "accept_rate: @", "34/s", "33/s SL206"),  # 1000 devices in 30 s
    "devices": ("devices_max: 1000", "devices_max: @", "3000", "3001 SL206"),
    "cap, from below": ("cap: 10 min", "cap: @", "2 s", "1999 ms SL207"),
    "cap, from above": ("cap: 10 min", "cap: @", "3599999 ms", "1 h SL242"),
    # 360 records of light in 30 frames, 4 of vitals in one
    "buffer": ("capacity: 16 KiB", "capacity: @", "6972 B", "6971 B SL208"),
    # a second more begins a record of each message, and a frame of light
    "buffer of a begun period": ("1 h, capacity: 16 KiB", "3601 s, capacity: @", "7048 B", "7047 B SL208"),
    "a later field": ("since: 2.0.0", "since: @", "2.1.0", "2.1.1 SL209"),
    "a field behind a later one": ("name: mode, type: mode", "name: mode, type: mode, since: @", "2.0.0", "2.0.1 SL210"),
    "expiry": ("expires: 7 d", "expires: @", "60001 ms", "60 s SL211"),
    "tries of two layers": (
        *waits("kind: retry, attempts: 2, value: 1 s", "kind: retry, attempts: @, value: 2 s"),
        "5",
        "6 SL212",
    ),
    "tries that are allowed": (
        RECOVERY,
        "recovery: 60 s, tries_max: @",
        "4",
        "3 SL212",
        *waits("kind: retry, attempts: 4, value: 1 s"),
    ),
    "a network that forgets": (*waits("kind: idle, value: @"), "60001 ms", "60 s SL213"),  # light is sent every 60 s
    "a keep-alive it remembers": ("value: 240 s", "value: @", "59 s", "60 s SL213", *waits("kind: idle, value: 60 s")),
    "fresh readings": (*reader("reads: [light], fresh: @"), "67 s", "66999 ms SL214"),  # 60 s, 3 s, 4 s
    "fresh presence by messages": (*reader("reads: [state], fresh: @"), "180 s", "179999 ms SL214"),  # three of 60 s
    "fresh presence by the keep-alive": (  # one and a half of 240 s
        *reader("reads: [state], fresh: @"),
        "360 s",
        "359999 ms SL214",
        "after: 3 publishes",
        "after: 7 publishes",
    ),
    # 1536 frames a day, a page of 4 KiB each, are 384 times round 16 KiB; ten years are 3600 d
    "erasures": (*worn("page: 4 KiB, erase_cycles: @"), "1382400", "1382399 SL215"),
    # 1440 frames of 132 bytes are two pages of 100 each, 96 of 60 bytes one
    "erasures of small pages": (*worn("page: 100 B, erase_cycles: @"), "65391", "65390 SL215"),
    "the life of a flash": (*worn("page: 4 KiB, erase_cycles: 138240, life: @"), "12 months", "31104000001 ms SL215"),
    "window over the numbers": (  # 2^32 of them
        "window: 7 d",
        "window: @",
        "4294967295 ms",
        "4294967296 ms SL216",
        "sample: 10 s",
        "sample: 1 ms",
        "16 KiB",
        "1 GiB",
    ),
    "outage over the numbers": (
        "outage: 1 h, capacity: 16 KiB",
        "outage: @, capacity: 900 GiB",
        "4294967295 ms",
        "4294967296 ms SL216",
        "10 s",
        "1 ms",
    ),
    "outage of 22 bits": (
        "outage: 1 h, capacity: 16 KiB",
        "outage: @, capacity: 64 KiB",
        "4194303 ms",
        "4194304 ms SL217",
        *device("ram: 1 MiB, flash: 8 MiB, uptime_bits: 22"),
    ),
    # in 30 days 259200 records in 43200 frames and 2880 in 2880
    "data": (RECOVERY, "recovery: 60 s, data_budget: @/month", "29744640 B", "29744639 B SL218"),
    # 21600 frames of light; nothing is sent for longer than the keep-alive, so 10800 pings of 208 bytes are
    "data with pings": (
        RECOVERY,
        "recovery: 60 s, data_budget: @/month",
        "20024640 B",
        "20024639 B SL218",
        "every: 60 s",
        "every: 300 s",
    ),
    # as many frames, for they are full; a message every 240 s is as often as the keep-alive, so there are no pings
    "data without pings": (
        RECOVERY,
        "recovery: 60 s, data_budget: @/month",
        "17778240 B",
        "17778239 B SL218",
        "every: 60 s",
        "every: 240 s",
    ),
    "price": (RECOVERY, "recovery: 60 s, data_cost: 1.048576 EUR/MiB, cost_max: @ EUR/month", "29.744640", "29.744639 SL219"),
    "link": (RECOVERY, "recovery: 60 s, link_rate: @ bit/s", "184", "183 SL220"),  # 91.8 bit/s, and as much for the backlog
    # core 38500 + 16384 + 1536, buffer 16384, open batches 12 x 16 + 24 x 24, frame 8192
    "RAM": (*device("ram: @ B, flash: 8 MiB"), "81764", "81763 SL221"),
    "RAM beside a firmware": (*device("ram: @ B, flash: 8 MiB, ram_used: 1 KiB"), "82788", "82787 SL221"),
    "flash": (*device("ram: 1 MiB, flash: @ B"), "3145728", "3145727 SL222"),  # two slots
    "flash beside a firmware and a buffer": (
        *device("ram: 1 MiB, flash: @ B, flash_used: 1 KiB"),
        "3163136",
        "3163135 SL222",
        "store: ram",
        "store: flash",
    ),
    # 50 ppm of 40020 s are 2001 ms
    "time without a source": ("error_max: 2 s", "error_max: 2 s, sync_every: @", "40019999 ms", "40020 s SL223"),
    "order": ("within: 2 s}", "within: 2 s, order: @}", "4 s", "3999 ms SL224"),
    "the newest": ("error_max: 2 s", "error_max: @", "2 min", "120001 ms SL224"),
    "a command's way": ("deadline: 5 min", "deadline: @", "274 s", "273999 ms SL227"),  # 240 + 12 + 15 + 3 + 4
    "a command's way to a sleeper": (
        "deadline: 5 min",
        "deadline: @",
        "334 s",
        "333999 ms SL227",
        *power(f"states: {{{AWAKE}9 mA, longest: 1 h}}, off: {{current: 0 uA, longest: 1 min}}}}", "mains"),
    ),
    "image": ("attempts: 2", "attempts: 2\n  image: @", "1.5 MiB", "1572865 B SL228"),
    "attempts of an image": ("attempts: 2", "attempts: 2\n  image: @", "3072000 B", "3072001 B SL229", "1.5 MiB", "4 MiB"),
    # two attempts at 1 MiB in 600 s take a twentieth of 1000 mAh at 300 mA
    "charge of an update": (
        RECOVERY,
        "recovery: 60 s, link_rate: @ bit/s",
        "27963",
        "27962 SL230",
        "  power: mains\n",
        "  power: any\n  image: 1 MiB\n",
        *power(
            "battery: {capacity: 1000 mAh, life: 1 h}, states: {idle: {may: [publish], current: 900 mA, daily: 1 s},"
            f" {AWAKE}300 mA}}, low: {{may: [update], current: 200 mA}}}}",
        ),
    ),
    "absence": ("claim: factory", "claim: factory, offline_max: @", "15551999999 ms", "180 d SL231"),
    # two publishes a minute apart against one, an answer that did not come and a connection of 15 s
    "presumed lost": (
        "value: 12 s",
        "value: @",
        "44999 ms",
        "45 s SL234",
        "after: 3",
        "after: 2",
        "value: 240 s",
        "value: 200 s",
    ),
    "confirmation": ("confirm_within: 2 min", "confirm_within: @", "10 s", "9999 ms SL236"),  # 2 x 3 s + 4 s
    "a wish's life": ("expires: 1 d", "expires: @", "120001 ms", "2 min SL236"),
    "messages of the fleet": (RECOVERY, "recovery: 60 s, messages_rate: @", "18/s", "17/s SL240"),  # 1536 of each device a day
    "a busy cloud": (CLOCK, "busy: {wait_max: @}\nclock: {", "3599999 ms", "1 h SL241"),
    "battery": (
        *power(f"battery: {{capacity: 100 mAh, life: @}}, states: {{{AWAKE}10 mA}}}}"),
        "10 h",
        "36000001 ms SL243",
    ),
    "battery of a sleeper": (  # 5 min of 80 mA and the rest of 20 uA are 7.145 mAh a day
        *power(f"battery: {{capacity: 2600 mAh, life: @}}, states: {{{AWAKE}80 mA, daily: 5 min}}, off: {{current: 20 uA}}}}"),
        "363 d",
        "364 d SL243",
    ),
    "battery of what takes all day": (  # 25 h a day leave nothing for the idle state, and less than nothing is not
        *power(f"battery: {{capacity: 250 mAh, life: @}}, states: {{{AWAKE}10 mA, daily: 25 h}}, off: {{current: 1 mA}}}}"),
        "1 d",
        "86400001 ms SL243",
    ),
    "a wait on a boundary": (
        *waits("kind: timeout, value: @", "kind: budget, p99: 2 s", "kind: idle, value: 9 min"),
        "2001 ms",
        "2 s SL245",
    ),
    "an event's life": (
        *("expires: 7 d", "expires: @", "1 h", "3599999 ms SL250"),
        *("    sample: 10 s\n", "    when: event\n    at_most: 10/h\n", "every: 60 s, ", ""),
    ),
    "a good session": ("reset_after: 60 s", "reset_after: @", "12 s", "11999 ms SL251"),
    "a command and the clock": (
        "deadline: 5 min",
        "deadline: @",
        "300001 ms",
        "5 min SL252",
        "error_max: 2 s",
        "error_max: 5 min",
        "newest",
        "cloud_wins",
    ),
    "a wish and the clock": (
        *("expires: 1 d", "expires: @", "240001 ms", "4 min SL252"),
        *("error_max: 2 s", "error_max: 4 min", "newest", "cloud_wins"),
    ),
    "a keep-alive of 16 bits": ("value: 240 s", "value: @", "65535 s", "65536 s SL108", "deadline: 5 min", "deadline: 1 d"),
    "a keep-alive of whole seconds": ("value: 240 s", "value: @", "1 s", "1001 ms SL108"),
}
"""What of base.yaml, and what instead with @ for a value; one that is allowed, the next and its code; what else is changed."""


def codes(*pieces):
    try:
        loads(edited(*pieces))
    except ContractErrors as errors:
        return [problem.code for problem in errors.problems]
    return []


@pytest.mark.parametrize("name", STEPS)
def test_the_last_value_that_is_allowed_is_and_the_next_one_is_not(name):
    old, new, allowed, refused, *more = STEPS[name]
    value, code = refused.rsplit(" ", 1)
    assert codes(old, new.replace("@", allowed), *more) == []
    assert codes(old, new.replace("@", value), *more) == [code]
