"""Sections that contradict each other: SL2xx. What of base.yaml, and what instead."""

CASES = {
    "a boundary without owner": ("{owner: maker, promise: custody,", "«SL201»{promise: custody,"),
    "a renewal after the end": ("renew_at: 12 months", "renew_at: «SL202»18 months"),
    "a device less patient than the hub is slow": ("value: 12 s", "value: «SL203»7 s"),
    "a batch larger than a frame": ("batch_max: 12", "batch_max: «SL204»600"),
    "a message without a drop rule": ("[vitals, oldest light]", "«SL205»[vitals]"),
    "a fleet that cannot come back": ("recovery: 60 s", "recovery: «SL206»19 s"),
    "a cap below the base": ("cap: 10 min", "cap: «SL207»1 s"),
    "an outage larger than the buffer": ("capacity: 16 KiB", "capacity: «SL208»2 KiB"),
    "a field from the future": (
        "{name: seen, type: bool, since: 2.0.0}",
        "«SL209»{name: seen, type: bool, since: 3.0.0}",
    ),
    "records that expire unsent": ("expires: 7 d", "expires: «SL211»60 s"),
    "a new field before an old one": (
        "{name: mode, type: mode}\n      - {name: seen,",
        "{name: mode, type: mode, since: 2.1.0}\n      - «SL210»{name: seen,",
    ),
    "a boundary more without owner": ("boundaries:\n", "boundaries:\n  hub-app: «SL201»{promise: an age}\n"),
    "an end before the renewal": ("lifetime: 18 months, renew_at: 12 months", "lifetime: 6 months, renew_at: «SL202»12 months"),
    "a network slower than the device is patient": (
        "value: 12 s}\n  network: {owner: maker, p99: 3 s}",
        "value: «SL203»12 s}\n  network: {owner: maker, p99: 9 s}",
    ),
    "a batch of everything": ("batch_max: 12", "batch_max: «SL204»65535"),
    "another message without a drop rule": ("[vitals, oldest light]", "«SL205»[light]"),
    "a fleet that grew": (
        "devices_max: 1000, accept_rate: 100/s, recovery: 60 s",
        "devices_max: 1000000, accept_rate: 100/s, recovery: «SL206»60 s",
    ),
    "a base above the cap": ("base: 2 s, cap: 10 min", "base: 11 min, cap: «SL207»10 min"),
    "a buffer outgrown by the outage": ("outage: 1 h, capacity: 16 KiB", "outage: 2 d, capacity: «SL208»16 KiB"),
    "a field from the next patch": (
        "{name: seen, type: bool, since: 2.0.0}",
        "«SL209»{name: seen, type: bool, since: 2.1.1}",
    ),
    "an old field behind a new one": (
        "unit: W, range: [0, 20]}\n      - {name: mode",
        "unit: W, range: [0, 20], since: 2.0.0}\n      - «SL210»{name: mode",
    ),
    "records that are published after a week": (
        "every: 60 s, batch_max: 12, priority: high, expires: 7 d",
        "every: 8 d, batch_max: 12, priority: high, expires: «SL211»7 d",
    ),
    "two layers that try again": (
        "backoff: {",
        (
            "  a: {owner: maker, boundary: radio-broker, kind: retry, attempts: 4, value: 1 s}\n"
            "  b: {owner: cloud, boundary: radio-broker, kind: retry, attempts: «SL212»3, value: 1 s}\nbackoff: {"
        ),
    ),
    "one layer that tries for ever": (
        "backoff: {",
        (
            "  a: {owner: maker, boundary: radio-broker, kind: retry, attempts: «SL212»11, value: 1 s}\n"
            "  nat: {owner: maker, boundary: radio-broker, kind: idle, value: 9 min}\nbackoff: {"
        ),
    ),
    "a network that forgets": (
        "value: 240 s}",
        "value: «SL213»240 s}\n  nat: {owner: maker, boundary: radio-broker, kind: idle, value: 60 s}",
    ),
    "a broker and a network that forget": (
        "value: 240 s}",
        (
            "value: «SL213»«SL213»240 s}\n  nat: {owner: maker, boundary: radio-broker, kind: idle, value: 30 s}\n"
            "  lb: {owner: cloud, boundary: radio-broker, kind: idle, value: 50 s}"
        ),
    ),
    "values that are to be fresher than their way": (
        "window: 7 d, within: 2 s}",
        "window: 7 d, within: 2 s, fresh: «SL214»«SL214»«SL214»1 s}",
    ),
    "a presence that is to be fresher than anyone knows": (
        "consumers:\n",
        "consumers:\n  app: {reads: [state], within: 1 s, fresh: «SL214»2 min}\n",
    ),
    "a flash worn out in days": (
        "buffer: {outage: 1 h, capacity: 16 KiB, store: ram",
        (
            "device: {ram: 1 MiB, flash: 8 MiB, page: 4 KiB, erase_cycles: 1000}\n"
            "buffer: {outage: 1 h, capacity: «SL215»16 KiB, store: flash"
        ),
    ),
    "a flash that must last longer": (
        "buffer: {outage: 1 h, capacity: 16 KiB, store: ram",
        (
            "device: {ram: 1 MiB, flash: 8 MiB, page: 256 B, erase_cycles: 100000, life: 360 months}\n"
            "buffer: {outage: 1 h, capacity: «SL215»16 KiB, store: flash"
        ),
    ),
    "numbers that come back in the window": (
        *("sample: 10 s", "sample: «SL216»1 ms", "capacity: 16 KiB", "capacity: 1 GiB"),
        *("window: 7 d", "window: 50 d"),
    ),
    "numbers that come back in the outage": (
        *("sample: 10 s", "sample: «SL216»1 ms", "outage: 1 h, capacity: 16 KiB", "outage: 50 d, capacity: 900 GiB"),
    ),
    "an uptime of a minute": ("clock: {", "device: {ram: 1 MiB, flash: 8 MiB, uptime_bits: «SL217»16}\nclock: {"),
    "an uptime of a quarter of an hour": ("clock: {", "device: {ram: 1 MiB, flash: 8 MiB, uptime_bits: «SL217»20}\nclock: {"),
    "more data than its budget": ("recovery: 60 s", "recovery: 60 s, data_budget: «SL218»1 MiB/month"),
    "more data than its budget a day": ("recovery: 60 s", "recovery: 60 s, data_budget: «SL218»200 KiB/d"),
    "data that costs too much": (
        "recovery: 60 s",
        "recovery: 60 s, data_cost: 1 EUR/MiB, cost_max: «SL219»1 EUR/month",
    ),
    "data paid in two currencies": (
        "recovery: 60 s",
        "recovery: 60 s, data_cost: 1 EUR/MiB, cost_max: «SL219»100 USD/month",
    ),
    "a link that is too slow": ("recovery: 60 s", "recovery: 60 s, link_rate: «SL220»100 bit/s"),
    "a link in kbit that is too slow": ("recovery: 60 s", "recovery: 60 s, link_rate: «SL220»0.15 kbit/s"),
    "too little RAM": ("clock: {", "device: {ram: «SL221»32 KiB, flash: 8 MiB}\nclock: {"),
    "a firmware that takes the RAM": ("clock: {", "device: {ram: «SL221»1 MiB, flash: 8 MiB, ram_used: 1 MiB}\nclock: {"),
    "too little flash": ("clock: {", "device: {ram: 1 MiB, flash: «SL222»2 MiB}\nclock: {"),
    "a firmware that takes the flash": ("clock: {", "device: {ram: 1 MiB, flash: «SL222»4 MiB, flash_used: 2 MiB}\nclock: {"),
    "a clock alone for a day": ("error_max: 2 s", "error_max: «SL223»2 s, sync_every: 1 d"),
    "a clock that runs away": (
        "drift: 50 ppm, resets: on power loss, error_max: 2 s",
        "drift: 100000 ppm, resets: on power loss, error_max: «SL223»2 s, sync_every: 21 s",
    ),
    "an order closer than the clocks": ("within: 2 s}", "within: 2 s, order: «SL224»3 s}"),
    "the newest by clocks that differ": ("conflict: newest", "conflict: «SL224»newest", "error_max: 2 s", "error_max: 3 min"),
    "a fault without a remedy": ("  0x4F:", "  «SL225»0x4F:", "    support: Replace the lamp\n", ""),
    "a warning without a remedy": (
        "state:\n",
        "  «SL225»5: {name: a, layer: adc, severity: warning, meaning: b}\nstate:\n",
    ),
    "a property without a conflict rule": ("level: {type", "level: «SL226»{type", "conflict: newest, ", ""),
    "another property without a conflict rule": ("state:\n", "state:\n  night: «SL226»{type: bool}\n"),
    "a command shorter than the keep-alive": ("deadline: 5 min", "deadline: «SL227»4 min"),
    "a command that is over at once": ("commands:\n", "commands:\n  stop: {deadline: «SL227»3 s}\n"),
    "a command for a device that sleeps": (
        *("deadline: 5 min", "deadline: «SL227»5 min", "clock: {"),
        (
            "power: {source: mains, states: {on: {may: [measure, publish, update], current: 9 mA},"
            " off: {current: 0 uA, longest: 1 min}}}\nclock: {"
        ),
    ),
    "an image larger than its slot": ("attempts: 2", "attempts: 2\n  image: «SL228»1600 KiB"),
    "an image larger than a smaller slot": (
        "size: 1.5 MiB}\n  healthy_when: [boots]",
        "size: 512 KiB}\n  image: «SL228»1 MiB\n  healthy_when: [boots]",
    ),
    "attempts that cost too much": ("attempts: 2", "attempts: 5\n  image: «SL229»1.25 MiB"),
    "a budget for one attempt": ("200 KiB/d", "1 MiB/month", "attempts: 2", "attempts: 2\n  image: «SL229»1 MiB"),
    "an update that takes the battery": (
        *("recovery: 60 s", "recovery: 60 s, link_rate: 20 kbit/s", "  power: mains\n"),
        (
            "  power: «SL230»any\n  image: 1 MiB\npower: {source: both, battery: {capacity: 1000 mAh, life: 1 h},"
            " states: {on: {may: [measure, publish, update], current: 300 mA}}}\n"
        ),
    ),
    "an update over a slow link": (
        *("recovery: 60 s", "recovery: 60 s, link_rate: 8 kbit/s", "  power: mains\n"),
        (
            "  power: «SL230»battery\n  image: 1 MiB\npower: {source: battery, battery: {capacity: 2 Ah, life: 1 h},"
            " states: {on: {may: [measure, publish, update], current: 200 mA}}}\n"
        ),
    ),
    "a certificate that ends offline": (
        "renew_at: 12 months, claim: factory",
        "renew_at: «SL231»12 months, claim: factory, offline_max: 6 months",
    ),
    "a certificate of hours": ("lifetime: 18 months, renew_at: 12 months", "lifetime: 2 h, renew_at: «SL231»1 h"),
    "a standard message nobody reads": ("  vitals: {", "  «SL232»vitals: {", "[light, vitals, state]", "[light, state]"),
    "a message nobody reads": ("  light:\n", "  «SL232»light:\n", "[light, vitals, state]", "[vitals, state]"),
    "a range finer than the scale": ("range: [0, 20]", "range: «SL233»[0.005, 20]"),
    "a property finer than its scale": ("range: [0, 100]", "range: «SL233»[0, 99.9]"),
    "a property finer than integers": ('scale: 0.5, unit: "%", range: [0, 100]', "range: «SL233»[0.5, 100]"),
    "a device lost by one message": ("after: 3 publishes", "after: «SL234»1 publish"),
    "a device lost within a timeout": (
        *("publish: {every: 60 s", "publish: {every: 10 s", "after: 3 publishes", "after: «SL234»3 publishes"),
    ),
    "no slot to fall back to": ("count: 2", "count: «SL235»1"),
    "one large slot": ("{count: 2, size: 1.5 MiB}", "{count: «SL235»1, size: 3 MiB}"),
    "a confirmation sooner than its way": ("confirm_within: 2 min", "confirm_within: «SL236»9 s"),
    "a value that expires unconfirmed": ("expires: 1 d", "expires: «SL236»1 min"),
    "a confirmation from a device that sleeps": (
        *("confirm_within: 2 min", "confirm_within: «SL236»30 s", "clock: {"),
        (
            "power: {source: mains, states: {on: {may: [measure, publish, update], current: 9 mA},"
            " off: {current: 0 uA, longest: 25 s}}}\nclock: {"
        ),
    ),
    "only a source that is blocked": ("[hub, ntp]", "«SL237»[ntp]"),
    "a clock chip that forgets": ("[hub, ntp]", "«SL237»[rtc, ntp]"),
    "a boundary that raises what nobody knows": ("promise: custody,", "promise: custody, on_failure: «SL238»fault dark,"),
    "a boundary that raises and goes on": (
        "promise: custody,",
        'promise: custody, on_failure: «SL238»"fault dark, then off",',
    ),
    "personal data in the open": (
        "promise: custody,",
        "promise: custody, security: {authentication: password, encryption: «SL239»none, data: personal},",
    ),
    "secrets for anybody": (
        "promise: custody,",
        "promise: custody, security: {authentication: «SL239»none, encryption: TLS 1.3, data: secret},",
    ),
    "a broker that takes nothing": ("recovery: 60 s", "recovery: 60 s, messages_rate: «SL240»1/s"),
    "a fleet too large for the broker": (
        "{devices_max: 1000, accept_rate: 100/s, recovery: 60 s}",
        "{devices_max: 100000, accept_rate: 10000/s, recovery: 60 s, messages_rate: «SL240»1000/s}",
    ),
    "a cloud busy for the outage": ("clock: {", "busy: {wait_max: «SL241»1 h}\nclock: {"),
    "a cloud busy for days": ("clock: {", "busy: {wait_max: «SL241»2 d}\nclock: {"),
    "a back-off as long as the outage": ("cap: 10 min", "cap: «SL242»1 h"),
    "a back-off of a month": ("cap: 10 min", "cap: «SL242»1 month"),
    "a battery for hours": (
        "clock: {",
        (
            "power: {source: both, battery: {capacity: 100 mAh, life: «SL243»2 d},"
            " states: {on: {may: [measure, publish, update], current: 10 mA}}}\nclock: {"
        ),
    ),
    "a battery for a year of two": (
        "clock: {",
        (
            "power: {source: both, battery: {capacity: 2600 mAh, life: «SL243»24 months}, states:"
            " {on: {may: [measure, publish, update], current: 80 mA, daily: 5 min}, off: {current: 20 uA}}}\nclock: {"
        ),
    ),
    "no power for updates": (
        "clock: {",
        "power: {source: mains, states: «SL244»{on: {may: [measure, publish], current: 1 mA}}}\nclock: {",
    ),
    "power for updates only": (
        "clock: {",
        "power: {source: mains, states: «SL244»«SL244»{on: {may: [update], current: 1 mA}}}\nclock: {",
    ),
    "an app less patient than its query": (
        "backoff: {",
        (
            "  wait: {owner: maker, boundary: radio-broker, kind: timeout, value: «SL245»2 s}\n"
            "  query: {owner: cloud, boundary: radio-broker, kind: budget, p99: 2 s}\nbackoff: {"
        ),
    ),
    "an app less patient than two queries": (
        "backoff: {",
        (
            "  wait: {owner: maker, boundary: radio-broker, kind: timeout, value: «SL245»3 s}\n"
            "  one: {owner: cloud, boundary: radio-broker, kind: budget, p99: 2 s}\n"
            "  two: {owner: cloud, boundary: radio-broker, kind: budget, p99: 2 s}\nbackoff: {"
        ),
    ),
    "a durable buffer in RAM": ("store: ram", "store: ram, durable: «SL246»true"),
    "a buffer in RAM that is durable": ("{outage: 1 h,", "{durable: «SL246»true, outage: 1 h,"),
    "a fault that holds and does not latch": ("layer: adc\n", "layer: adc\n    holds: «SL247»the output\n"),
    "a fault that is cleared and does not latch": ("layer: adc\n", "layer: adc\n    clears: «SL247»by hand\n"),
    "an update that waits for mains": (
        "  power: mains\n",
        "  power: «SL248»mains\npower: {source: battery, states: {on: {may: [measure, publish, update], current: 1 mA}}}\n",
    ),
    "an update that waits for a battery": (
        "  power: mains\n",
        "  power: «SL248»battery\npower: {source: mains, states: {on: {may: [measure, publish, update], current: 1 mA}}}\n",
    ),
    "a back-off that forgets at once": ("reset_after: 60 s", "reset_after: «SL251»1 s"),
    "a back-off that forgets before the answer": ("reset_after: 60 s", "reset_after: «SL251»11999 ms"),
    "a deadline within the clock's error": (
        "error_max: 2 s",
        "error_max: 5 min",
        "deadline: 5 min",
        "deadline: «SL252»5 min",
        "conflict: newest",
        "conflict: cloud_wins",
    ),
    "a wish that expires within the clock's error": (
        *("error_max: 2 s", "error_max: 6 min", "deadline: 5 min", "deadline: 1 d", "conflict: newest", "conflict: cloud_wins"),
        *("expires: 1 d", "expires: «SL252»6 min"),
    ),
    "an update with a single attempt": ("attempts: 2", "attempts: «SL253»1"),
    "an image with a single attempt": ("attempts: 2", "attempts: «SL253»1\n  image: 1 MiB"),
}
