"""SL2xx: sections against each other. The examples are laid over a small valid contract."""

from __future__ import annotations

from seamline.contract.rules.rule import Rule

RULES: dict[str, Rule] = {
    "SL201": Rule(
        "every boundary has an owner",
        "When its promise breaks, somebody with a name must be told.",
        "boundaries: {broker-hub: {promise: committed before acknowledged}}",
        "boundaries: {broker-hub: {owner: cloud, promise: committed before acknowledged}}",
    ),
    "SL202": Rule(
        "certificates renew before they end",
        "A date must never lock a device out.",
        "identity: {lifetime: 12 months, renew_at: 12 months}",
        "identity: {lifetime: 12 months, renew_at: 8 months}",
    ),
    "SL203": Rule(
        "answer_timeout exceeds network + commit_budget",
        "A device that gives up on an answer that is on its way sends again, and loads the hub that was slow.",
        "timing: {answer_timeout: {value: 5 s}, commit_budget: {p99: 8 s}}",
        "timing: {answer_timeout: {value: 12 s}, commit_budget: {p99: 8 s}}",
    ),
    "SL204": Rule(
        "a full batch fits a frame",
        "A device builds a frame in RAM: at most 8 KiB.",
        "messages: {light: {publish: {batch_max: 600}}}",
        "messages: {light: {publish: {batch_max: 60}}}",
    ),
    "SL205": Rule(
        "drop_first names every message",
        "A full buffer needs a rule for each; no rule is data loss.",
        "buffer: {drop_first: [light]}",
        "buffer: {drop_first: [vitals, light]}",
    ),
    "SL206": Rule(
        "the fleet can come back in time",
        "Spread over half the recovery, connects must stay acceptable.",
        "fleet: {devices_max: 10000, accept_rate: 100/s, recovery: 60 s}",
        "fleet: {devices_max: 10000, accept_rate: 400/s, recovery: 60 s}",
    ),
    "SL207": Rule(
        "the back-off's cap is not below its base",
        "Waits grow from base to cap.",
        "backoff: {base: 2 s, cap: 1 s}",
        "backoff: {base: 2 s, cap: 10 min}",
    ),
    "SL208": Rule(
        "the buffer holds the outage it promises",
        "Sampling rate, record size and outage must agree.",
        "buffer: {outage: 7 d, capacity: 16 KiB}",
        "buffer: {outage: 1 h, capacity: 16 KiB}",
    ),
    "SL209": Rule(
        "no field comes from the future",
        "`since` is at most the contract's version.",
        "version: 2.1.0\nmessages: {light: {fields: [{name: drive, type: u8, since: 2.2.0}]}}",
        "version: 2.1.0\nmessages: {light: {fields: [{name: drive, type: u8, since: 2.1.0}]}}",
    ),
    "SL210": Rule(
        "new fields come last",
        "Trailing fields are the only growth that old readers survive.",
        "messages: {light: {fields: [{name: seen, type: bool, since: 2.0.0}, {name: drive, type: u8}]}}",
        "messages: {light: {fields: [{name: drive, type: u8}, {name: seen, type: bool, since: 2.0.0}]}}",
    ),
    "SL211": Rule(
        "records live until they are published",
        "Otherwise every one of them is declared lost.",
        "messages: {light: {publish: {every: 60 s, expires: 30 s}}}",
        "messages: {light: {publish: {every: 60 s, expires: 7 d}}}",
    ),
    "SL212": Rule(
        "retries do not multiply beyond a bound",
        "Three layers with three tries each make 27 of one, just when the cloud is slow.",
        (
            "timing:\n"
            "  publish_tries: {owner: maker, boundary: radio-broker, kind: retry, attempts: 4, value: 12 s}\n"
            "  commit_tries: {owner: cloud, boundary: radio-broker, kind: retry, attempts: 4, value: 2 s}"
        ),
        (
            "timing:\n"
            "  publish_tries: {owner: maker, boundary: radio-broker, kind: retry, attempts: 4, value: 12 s}\n"
            "  commit_tries: {owner: cloud, boundary: radio-broker, kind: retry, attempts: 2, value: 2 s}"
        ),
    ),
    "SL213": Rule(
        "something is sent before the network forgets the connection",
        "A NAT that forgot drops what comes down: the device publishes and hears nothing.",
        "timing: {nat: {owner: maker, boundary: radio-broker, kind: idle, value: 30 s}}",
        "timing: {nat: {owner: maker, boundary: radio-broker, kind: idle, value: 30 s}, keep_alive: {value: 20 s}}",
    ),
    "SL214": Rule(
        "a consumer's freshness can be kept",
        "A value on its way for a minute cannot be shown as ten seconds old.",
        "consumers: {app: {reads: [light], within: 1 s, fresh: 10 s}}",
        "consumers: {app: {reads: [light], within: 1 s, fresh: 2 min}}",
    ),
    "SL215": Rule(
        "the flash lasts as long as the product",
        "Each page bears so many erasures, and every batch is written to it.",
        "device: {ram: 128 KiB, flash: 4 MiB, page: 4 KiB, erase_cycles: 1000}\nbuffer: {store: flash}",
        "device: {ram: 128 KiB, flash: 4 MiB, page: 256 B, erase_cycles: 100000}\nbuffer: {store: flash}",
    ),
    "SL216": Rule(
        "sequence numbers do not come back too soon",
        "Two records with one number are one record to the hub.",
        "messages: {light: {sample: 1 ms}}\nbuffer: {capacity: 1 GiB}\nconsumers: {support: {window: 60 d}}",
        "messages: {light: {sample: 10 ms}}\nbuffer: {capacity: 1 GiB}\nconsumers: {support: {window: 60 d}}",
    ),
    "SL217": Rule(
        "the uptime does not start again in an outage",
        "Readings are timed by uptime: two of them at one count get one time.",
        "device: {ram: 128 KiB, flash: 4 MiB, uptime_bits: 16}",
        "device: {ram: 128 KiB, flash: 4 MiB, uptime_bits: 32}",
    ),
    "SL218": Rule(
        "a month's data fits its budget",
        "Records are a part of it: each frame costs packets, and answers.",
        "fleet: {data_budget: 5 MiB/month}",
        "fleet: {data_budget: 50 MiB/month}",
    ),
    "SL219": Rule(
        "a month's data may cost what it costs",
        "A metered link turns a sampling rate into a bill.",
        "fleet: {data_cost: 0.10 EUR/MiB, cost_max: 0.50 EUR/month}",
        "fleet: {data_cost: 0.10 EUR/MiB, cost_max: 5 EUR/month}",
    ),
    "SL220": Rule(
        "the link carries the messages twice over",
        "A device that fills its link never catches up after an outage.",
        "fleet: {link_rate: 100 bit/s}",
        "fleet: {link_rate: 40 kbit/s}",
    ),
    "SL221": Rule(
        "core, buffer and firmware fit the RAM",
        "A board that runs out of heap in the field restarts, and loses what it held.",
        "device: {ram: 64 KiB, flash: 4 MiB}",
        "device: {ram: 128 KiB, flash: 4 MiB}",
    ),
    "SL222": Rule(
        "slots, buffer and firmware fit the flash",
        "What overlaps in flash is found by the first update.",
        "device: {ram: 128 KiB, flash: 2 MiB}",
        "device: {ram: 128 KiB, flash: 4 MiB}",
    ),
    "SL223": Rule(
        "the clock stays within its error between two sources",
        "Drift grows with the time without a source.",
        "clock: {drift: 50 ppm, sync_every: 3 d, error_max: 2 s}",
        "clock: {drift: 50 ppm, sync_every: 6 h, error_max: 2 s}",
    ),
    "SL224": Rule(
        "clocks are as exact as the order that is asked for",
        "Cause and effect change places when two clocks differ by more than lies between them.",
        "clock: {error_max: 2 s}\nconsumers: {support: {order: 1 s}}",
        "clock: {error_max: 500 ms}\nconsumers: {support: {order: 1 s}}",
    ),
    "SL225": Rule(
        "every fault has a remedy",
        "A code on a screen without a next step is a support call.",
        "faults: {0x50: {name: door_open, layer: gpio, severity: warning, meaning: The door is open}}",
        "faults: {0x50: {name: door_open, layer: gpio, severity: warning, meaning: The door is open, user: Close the door}}",
    ),
    "SL226": Rule(
        "every twin property has a conflict rule",
        "Cloud and device both change it while they cannot talk; who wins must be written.",
        "state: {night: {type: bool}}",
        "state: {night: {type: bool, conflict: device_wins}}",
    ),
    "SL227": Rule(
        "a command lives as long as its way takes",
        "Otherwise it expires whenever the connection has to be found dead first.",
        "commands: {blink: {deadline: 30 s}}",
        (
            "commands: {blink: {deadline: 30 s}}\n"
            "timing: {keep_alive: {value: 10 s}, answer_timeout: {value: 8 s}, connect_timeout: {value: 5 s}}"
        ),
    ),
    "SL228": Rule(
        "an image fits its slot",
        "It is written in the field, where nobody can make room.",
        "update: {image: 1600 KiB}",
        "update: {image: 1200 KiB}",
    ),
    "SL229": Rule(
        "an update with all its attempts fits its budget",
        "A download that starts over must end before the data does.",
        "update: {image: 1200 KiB, attempts: 6}",
        "update: {image: 1200 KiB, attempts: 4}",
    ),
    "SL230": Rule(
        "an update with all its attempts spares the battery",
        "A device that updates itself flat never comes back.",
        (
            "fleet: {link_rate: 20 kbit/s}\n"
            "update: {image: 1200 KiB, power: any}\n"
            "power:\n"
            "  source: both\n"
            "  battery: {capacity: 1000 mAh, life: 1 d}\n"
            "  states: {awake: {may: [measure, publish, update], current: 200 mA}}"
        ),
        (
            "fleet: {link_rate: 1 Mbit/s}\n"
            "update: {image: 1200 KiB, power: any}\n"
            "power:\n"
            "  source: both\n"
            "  battery: {capacity: 1000 mAh, life: 1 h}\n"
            "  states: {awake: {may: [measure, publish, update], current: 200 mA}}"
        ),
    ),
    "SL231": Rule(
        "a certificate outlives the longest time offline",
        "Who was away at the renewal must still get in afterwards.",
        "identity: {lifetime: 90 d, renew_at: 60 d, offline_max: 60 d}",
        "identity: {lifetime: 12 months, renew_at: 4 months, offline_max: 60 d}",
    ),
    "SL232": Rule(
        "every message has a reader",
        "What nobody reads costs data, flash and battery all the same.",
        "consumers: {support: {reads: [light, state]}}",
        "consumers: {support: {reads: [light, vitals, state]}}",
    ),
    "SL233": Rule(
        "the scale resolves the range",
        "A range written in tenths and sent in halves loses what somebody meant.",
        "state: {level: {type: u8, scale: 0.5, range: [0.2, 100]}}",
        "state: {level: {type: u16, scale: 0.1, range: [0.2, 100]}}",
    ),
    "SL234": Rule(
        "one lost message is not a lost device",
        "It is sent again, after an answer timeout and a new connection.",
        "timing: {presumed_lost: {after: 1 publish}}",
        "timing: {presumed_lost: {after: 2 publishes}}",
    ),
    "SL235": Rule(
        "there is a slot to fall back to",
        "Overwriting the running image turns a power cut into a brick.",
        "update: {slots: {count: 1}}",
        "update: {slots: {count: 2}}",
    ),
    "SL236": Rule(
        "a property can be confirmed in time",
        "A time shorter than the way shows every change as unconfirmed.",
        "state: {level: {confirm_within: 5 s}}",
        "state: {level: {confirm_within: 30 s}}",
    ),
    "SL237": Rule(
        "one time source cannot be blocked",
        "Networks that block NTP are common, and clocks restart at 1970.",
        "clock: {sources: [ntp, rtc]}",
        "clock: {sources: [hub, ntp, rtc]}",
    ),
    "SL238": Rule(
        "a fault that a boundary raises is declared",
        "The failure must have a code, a meaning and a remedy.",
        "boundaries: {radio-broker: {on_failure: fault lamp_lost}}",
        "boundaries: {radio-broker: {on_failure: fault lamp_open}}",
    ),
    "SL239": Rule(
        "data is protected where it crosses",
        "What is personal or secret is so on every hop.",
        "boundaries: {radio-broker: {security: {authentication: mutual TLS, encryption: none, data: personal}}}",
        "boundaries: {radio-broker: {security: {authentication: mutual TLS, encryption: TLS 1.3, data: personal}}}",
    ),
    "SL240": Rule(
        "broker and hub take what the fleet sends",
        "A measured limit is worth nothing until it is held against the sum.",
        "fleet: {messages_rate: 10/s}",
        "fleet: {messages_rate: 200/s}",
    ),
    "SL241": Rule(
        "a busy cloud asks for less than the buffer bridges",
        "A device that waits longer drops records because it was polite.",
        "busy: {wait_max: 2 h}",
        "busy: {wait_max: 15 min}",
    ),
    "SL242": Rule(
        "the back-off's cap is below the outage",
        "A wait that outlasts the buffer loses records while the cloud is back.",
        "backoff: {cap: 2 h}",
        "backoff: {cap: 10 min}",
    ),
    "SL243": Rule(
        "the battery lasts",
        "Currents and times of a day add up, or do not.",
        (
            "power:\n"
            "  source: battery\n"
            "  battery: {capacity: 2600 mAh, life: 24 months}\n"
            "  states:\n"
            "    awake: {may: [measure, publish, update], current: 80 mA, daily: 2 h}\n"
            "    asleep: {current: 20 uA}\n"
            "update: {power: any}"
        ),
        (
            "power:\n"
            "  source: battery\n"
            "  battery: {capacity: 2600 mAh, life: 24 months}\n"
            "  states:\n"
            "    awake: {may: [measure, publish, update], current: 80 mA, daily: 2 min}\n"
            "    asleep: {current: 20 uA}\n"
            "update: {power: any}"
        ),
    ),
    "SL244": Rule(
        "a power state allows what is promised",
        "A device that may not update in any state never does.",
        "power: {source: mains, states: {on: {may: [measure, publish], current: 80 mA}}}",
        "power: {source: mains, states: {on: {may: [measure, publish, update], current: 80 mA}}}",
    ),
    "SL245": Rule(
        "on a boundary, a timeout exceeds the budgets",
        "Who waits must be more patient than those he waits for are slow.",
        (
            "timing:\n"
            "  app_timeout: {owner: maker, boundary: radio-broker, kind: timeout, value: 2 s}\n"
            "  query: {owner: cloud, boundary: radio-broker, kind: budget, p99: 3 s}"
        ),
        (
            "timing:\n"
            "  app_timeout: {owner: maker, boundary: radio-broker, kind: timeout, value: 5 s}\n"
            "  query: {owner: cloud, boundary: radio-broker, kind: budget, p99: 3 s}"
        ),
    ),
    "SL246": Rule(
        "a durable buffer is not in RAM",
        "A power cut empties it.",
        "buffer: {store: ram, durable: true}",
        "buffer: {store: flash, durable: true}",
    ),
    "SL247": Rule(
        "only a fault that latches holds something",
        "A fault that goes by itself has nothing to clear.",
        "faults: {0x4F: {holds: the output stays off}}",
        "faults: {0x4F: {latches: true, holds: the output stays off}}",
    ),
    "SL248": Rule(
        "updates can happen on the power there is",
        "A battery product that waits for mains waits for ever.",
        "power: {source: battery, states: {on: {may: [measure, publish, update], current: 80 mA}}}\nupdate: {power: mains}",
        "power: {source: battery, states: {on: {may: [measure, publish, update], current: 80 mA}}}\nupdate: {power: battery}",
    ),
    "SL249": Rule(
        "something is sent also when nothing happens",
        "Without it a quiet day and a dead device look the same, and nobody can presume a device lost.",
        "# with these messages alone\n"
        "messages: {door: {id: 3, layout: 1, when: event, at_most: 10/h, publish: {priority: high}, fields: [{name: open, type: u1}]}}\n"
        "buffer: {drop_first: [door]}\n"
        "consumers: {support: {reads: [door]}}",
        "# with these messages alone\n"
        "messages:\n"
        "  door: {id: 3, layout: 1, when: event, at_most: 10/h, publish: {priority: high}, fields: [{name: open, type: u1}]}\n"
        "  vitals: {id: 2, standard: vitals/1, publish: {every: 15 min}}\n"
        "buffer: {drop_first: [vitals, door]}\n"
        "consumers: {support: {reads: [door, vitals]}}",
    ),
    "SL250": Rule(
        "an event outlives the outage that is bridged",
        "Nobody measures an event again: one that expires before the connection is back is gone.",
        "messages: {door: {id: 3, layout: 1, when: event, at_most: 10/h, publish: {expires: 30 min}, fields: [{name: open, type: u1}]}}\n"
        "buffer: {drop_first: [vitals, light, door]}\n"
        "consumers: {support: {reads: [light, vitals, door]}}",
        "messages: {door: {id: 3, layout: 1, when: event, at_most: 10/h, publish: {expires: 7 d}, fields: [{name: open, type: u1}]}}\n"
        "buffer: {drop_first: [vitals, light, door]}\n"
        "consumers: {support: {reads: [light, vitals, door]}}",
    ),
    "SL251": Rule(
        "a back-off grows until a session was answered",
        "A hub that drops everybody at once would be asked again at the base's pace, by all, for as long as it cannot cope.",
        "backoff: {reset_after: 5 s}",
        "backoff: {reset_after: 60 s}",
    ),
    "SL252": Rule(
        "what expires outlives the clock's error",
        "A clock as wrong as a deadline is long obeys orders that are over, or none.",
        "clock: {error_max: 10 min}\ncommands: {blink: {deadline: 5 min}}",
        "clock: {error_max: 1 min}\ncommands: {blink: {deadline: 5 min}}",
    ),
    "SL253": Rule(
        "an update that was cut is tried again",
        "Power and links fail in the middle: with a single attempt that device keeps its old firmware for ever.",
        "update: {attempts: 1}",
        "update: {attempts: 2}",
    ),
}
