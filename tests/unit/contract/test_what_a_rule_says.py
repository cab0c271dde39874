"""What a person reads of a rule between sections: its figures, the places that contradict each other, and the remedy.

The cases are the corpus's. A line is what is written at a place, and what is said of it.
"""

import pytest
from tests.unit.contract.corpus import crossing, events
from tests.unit.contract.corpus.marks import edited, unmarked

from seamline.contract import ContractErrors, loads
from seamline.contract.rules import RULES

CASES = crossing.CASES | events.CASES
SAID = {
    "a boundary without owner": """
        {promise: custody, proven_by: [week-offline, drop-mid-publish]} | SL201 'boundaries.radio-broker' has no
            'owner'
        fix | add 'owner: NAME': when this promise breaks, somebody must be told
    """,
    "a renewal after the end": """
        18 months | SL202 renewal at 18 months does not come before the end at 18 months
        fix | renew at two thirds of the lifetime
    """,
    "a batch larger than a frame": """
        600 | SL204 600 records of 16 bytes make a frame of 9636 bytes, more than 8192
        fix | batch_max: 509
    """,
    "a message without a drop rule": """
        [vitals] | SL205 drop_first says nothing about light: a full buffer would have no rule
        fix | drop_first: [vitals, light]
    """,
    "a fleet that cannot come back": """
        19 s | SL206 1000 devices cannot come back in half of 19 s at 100/s
        fix | recovery: 20 s or more
    """,
    "a cap below the base": """
        1 s | SL207 cap 1 s is below base 2 s
        fix | raise the cap: waits grow from base to cap
    """,
    "an outage larger than the buffer": """
        2 KiB | SL208 an outage of 1 h makes 6972 bytes, the buffer holds 2048
        1 h | the outage it must bridge
        fix | raise the capacity, sample less often, or promise a shorter outage
    """,
    "a field from the future": """
        {name: seen, type: bool, since: 3.0.0} | SL209 'seen' is since 3.0.0, but this is 2.1.0
        fix | since: 2.1.0
    """,
    "records that expire unsent": """
        60 s | SL211 records expire after 60 s, before they are published
        fix | expires: more than 60 s
    """,
    "a new field before an old one": """
        {name: seen, type: bool, since: 2.0.0} | SL210 'seen' stands after 'mode', which is newer
        fix | append new fields at the end: trailing fields are the only growth
    """,
    "a network slower than the device is patient": """
        12 s | SL203 answer_timeout 12 s does not exceed network 9 s + commit_budget 4 s: the device gives up on
            answers that are on their way
        {owner: cloud, p99: 4 s} | the time the hub may take
        {owner: maker, p99: 9 s} | the time the network may take
        fix | raise it above 13 s, or lower the budgets
    """,
    "records that are published after a week": """
        7 d | SL211 records expire after 7 d, before they are published
        fix | expires: more than 8 d
    """,
    "two layers that try again": """
        3 | SL212 retries multiply: 4 x 3 = 12 tries of one action, more than 10 (fleet.tries_max)
        4 | 4 tries of 'maker'
        fix | let one layer try again, and the others report the failure to it
    """,
    "a network that forgets": """
        240 s | SL213 nothing is sent for 60 s (keep_alive 240 s, messages every 60 s), but 'nat' forgets an idle
            connection after 60 s: the device would be deaf
        60 s | the idle time
        fix | keep_alive below 60 s, with a margin
    """,
    "values that are to be fresher than their way": """
        1 s | SL214 'support' shows nothing older than 1 s as current, but a device that is gone is noticed after 3
            min
        3 publishes | what makes it old
        fix | fresh: 3 min, or publish more often
        1 s | SL214 'support' shows nothing older than 1 s as current, but 'light' is up to 60 s + 3 s + 4 s = 67 s
            old when it is stored
        60 s | what makes it old
        fix | fresh: 67 s, or publish more often
        1 s | SL214 'support' shows nothing older than 1 s as current, but 'vitals' is up to 15 min + 3 s + 4 s = 907
            s old when it is stored
        15 min | what makes it old
        fix | fresh: 907 s, or publish more often
    """,
    "a flash worn out in days": """
        16 KiB | SL215 years of flash life: 0.0, less than 9.9: 6 MiB a day in pages of 4 KiB go round 16 KiB, which
            bears 1000 erasures
        1000 | what a page bears
        4 KiB | the least that is written
        fix | batch more records, raise the capacity, or keep the buffer in RAM
    """,
    "numbers that come back in the window": """
        1 ms | SL216 a sequence of 2^32 records, one every 1 ms, starts again after 49.7 d, within 50 d: two records
            of 'light' would be one
        50 d | what 'support' looks back on
        fix | sample less often, or put several samples into one record
    """,
    "numbers that come back in the outage": """
        1 ms | SL216 a sequence of 2^32 records, one every 1 ms, starts again after 49.7 d, within 50 d: two records
            of 'light' would be one
        50 d | the outage that is bridged
        fix | sample less often, or put several samples into one record
    """,
    "an uptime of a minute": """
        16 | SL217 an uptime of 16 bits starts again after 66 s, within an outage of 1 h: readings before and after it
            get the same time
        1 h | how long readings wait
        fix | extend the counter in the firmware (uptime_bits: 48), or promise a shorter outage
    """,
    "more data than its budget": """
        1 MiB/month | SL218 a device sends and receives 968.25 KiB a day, 28.37 MiB a month, more than its 1 MiB
        fix | publish less often: each frame costs about 500 bytes besides its records
    """,
    "data that costs too much": """
        1 EUR/month | SL219 a device sends and receives 968.25 KiB a day, 28.37 MiB a month: 28.37 EUR, more than 1
            EUR a month
        1 EUR/MiB | the price
        fix | publish less often
    """,
    "data paid in two currencies": """
        100 USD/month | SL219 data is paid in EUR, its limit is in USD
        1 EUR/MiB | the price
        fix | write it in EUR
    """,
    "a link that is too slow": """
        100 bit/s | SL220 messages take 92 bit/s of a link of 100 bit/s, more than 50%: after an outage the device
            would not catch up
        fix | publish less often, sample less often, or take a faster link
    """,
    "a firmware that takes the RAM": """
        1 MiB | SL221 core 55.1 KiB + buffer 16 KiB + open batches 768 B + frame 8 KiB + firmware 1 MiB need 1.08 MiB
            of RAM, the device has 1 MiB
        16 KiB | the buffer is held in RAM, also with store: flash
        fix | lower the buffer's capacity
    """,
    "a firmware that takes the flash": """
        4 MiB | SL222 slots 3 MiB + firmware 2 MiB need 5 MiB of flash, the device has 4 MiB
        16 KiB | the buffer
        {count: 2, size: 1.5 MiB} | the slots
        fix | make slots or buffer smaller
    """,
    "a clock alone for a day": """
        2 s | SL223 50 ppm x 1 d = 4320 ms of error before the next time source, more than 2 s
        50 ppm | the drift
        1 d | the time without a source
        fix | sync_every: 40000 s or less
    """,
    "an order closer than the clocks": """
        3 s | SL224 'support' orders what is 3 s apart, two devices' times can differ by 2 x 2 s
        2 s | how wrong a clock may be
        fix | order: 4 s, or better clocks
    """,
    "the newest by clocks that differ": """
        newest | SL224 the newest value of 'level' wins, by clocks that may be 3 min wrong: a change made and
            confirmed within 2 min can lose to an older one
        3 min | how wrong a clock may be
        fix | another conflict rule, or better clocks
    """,
    "a fault without a remedy": """
        0x4F | SL225 'lamp_open' is a critical fault, and nobody is told what to do
        fix | add 'user: ...' or 'support: ...', what each can do about it
    """,
    "a property without a conflict rule": """
        {type: u8, scale: 0.5, unit: "%", range: [0, 100], expires: 1 d, confirm_within: 2 min} | SL226 'state.level'
            has no 'conflict'
        fix | add 'conflict: RULE', one of cloud_wins, device_wins, newest, local_override
    """,
    "a command for a device that sleeps": """
        5 min | SL227 'blink' expires after 5 min, its way takes up to sleep 1 min + keep_alive 240 s + answer_timeout
            12 s + connect_timeout 15 s + network 3 s + commit_budget 4 s = 334 s
        240 s | how late a dead connection is noticed
        fix | deadline: 334 s, or a shorter keep_alive
    """,
    "an image larger than its slot": """
        1600 KiB | SL228 an image of 1.56 MiB does not fit a slot of 1.5 MiB
        1.5 MiB | the slot
        fix | a larger slot, or a smaller image
    """,
    "attempts that cost too much": """
        1.25 MiB | SL229 5 attempts x 1.25 MiB = 6.25 MiB, more than 5.86 MiB a month
        200 KiB/d | the budget
        5 | the attempts
        fix | fewer attempts, a smaller image, or a larger budget
    """,
    "an update that takes the battery": """
        any | SL230 2 attempts x 1 MiB at 20000 bit/s take 839 s, at 300 mA 70 mAh: more than 5% of the battery's 1000
            mAh
        1000 mAh | the battery
        20 kbit/s | the link
        fix | power: mains, or a smaller image
    """,
    "a certificate that ends offline": """
        12 months | SL231 lifetime 18 months - renewal at 12 months leaves 180 d, not more than the 6 months that a
            device may be offline
        6 months | the longest time offline
        fix | renew earlier, or let certificates live longer
    """,
    "a certificate of hours": """
        1 h | SL231 lifetime 2 h - renewal at 1 h leaves 1 h, not more than the 1 h that a device may be offline
        1 h | the longest time offline
        fix | renew earlier, or let certificates live longer
    """,
    "a message nobody reads": """
        light | SL232 no consumer reads 'light': it costs data and flash for nobody
        support: {reads: [vitals, state], window: 7 d, within: 2 s} | who reads what
        fix | add light to a consumer's 'reads', or remove the message
    """,
    "a range finer than the scale": """
        [0.005, 20] | SL233 'drive' is promised from 0.005 to 20, but in steps of 0.01 only 0.01 to 20 can be sent
        fix | a finer scale, or a range in its steps
    """,
    "a property finer than integers": """
        [0.5, 100] | SL233 'level' is promised from 0.5 to 100, but in steps of 1 only 1 to 100 can be sent
        fix | a finer scale, or a range in its steps
    """,
    "a device lost by one message": """
        1 publish | SL234 a device is presumed lost after 1 x 60 s = 1 min, but one message that is sent again takes
            60 s + answer_timeout 12 s + connect_timeout 15 s = 87 s
        12 s | how long the device waits before it tries again
        fix | after: 2 publishes
    """,
    "no slot to fall back to": """
        1 | SL235 with one slot the running image is overwritten: a power cut leaves nothing that boots
        fix | count: 2, one to run and one to write
    """,
    "a value that expires unconfirmed": """
        1 min | SL236 'level' expires after 1 min, within the 2 min it has to be confirmed
        2 min | the time for the confirmation
        fix | expires: more than 2 min
    """,
    "a confirmation from a device that sleeps": """
        30 s | SL236 'level' is to be confirmed within 30 s, but there and back takes sleep 25 s + 2 x network 3 s +
            commit_budget 4 s = 35 s
        fix | confirm_within: 35 s or more
    """,
    "a clock chip that forgets": """
        [rtc, ntp] | SL237 rtc and ntp can be blocked or lost: the device may never know the time
        fix | add hub: its time comes with the connection
    """,
    "a boundary that raises and goes on": """
        "fault dark, then off" | SL238 'radio-broker' raises fault 'dark', which 'faults' does not have
        fix | add it to 'faults', with its code and what to do about it
    """,
    "personal data in the open": """
        none | SL239 personal data crosses 'radio-broker' without encryption
        personal | what crosses it
        fix | encryption: TLS 1.3
    """,
    "secrets for anybody": """
        none | SL239 secret data crosses 'radio-broker' without authentication
        secret | what crosses it
        fix | authentication: mutual TLS
    """,
    "a broker that takes nothing": """
        1/s | SL240 1000 devices with 1536 frames a day make 18 messages/s, more than 1/s that broker and hub were
            measured to take
        1000 | the size of the fleet
        fix | publish less often, in larger batches
    """,
    "a cloud busy for the outage": """
        1 h | SL241 a busy cloud may ask for 1 h, not below the outage of 1 h
        1 h | what the buffer bridges
        fix | lower wait_max, or bridge a longer outage
    """,
    "a back-off as long as the outage": """
        1 h | SL242 one wait of 1 h is not below the outage of 1 h: records are dropped while it lasts
        1 h | what the buffer bridges
        fix | lower the cap: minutes are enough to spare a cloud that is down
    """,
    "a battery for a year of two": """
        24 months | SL243 2600 mAh at 7.14 mAh a day last 363.8 d, less than 24 months
        {on: {may: [measure, publish, update], current: 80 mA, daily: 5 min}, off: {current: 20 uA}} | the states and
            their currents
        fix | sleep longer, or take a larger battery
    """,
    "no power for updates": """
        {on: {may: [measure, publish], current: 1 mA}} | SL244 no power state may update, but 'update' promises
            updates
        slots: {count: 2, size: 1.5 MiB} | what needs it
        fix | add update to a state's 'may'
    """,
    "an app less patient than two queries": """
        3 s | SL245 wait 3 s does not exceed one 2 s + two 2 s = 4 s on 'radio-broker'
        2 s | a budget of 'cloud'
        2 s | a budget of 'cloud'
        fix | raise it above 4 s, or lower the budgets
    """,
    "a durable buffer in RAM": """
        true | SL246 a buffer in RAM is empty after a power cut: it is not durable
        ram | where it is kept
        fix | store: flash, or durable: false
    """,
    "a fault that holds and does not latch": """
        the output | SL247 'lamp_open' holds something, but does not latch: it would be let go at once
        fix | latches: true, or remove 'holds'
    """,
    "a fault that is cleared and does not latch": """
        by hand | SL247 'lamp_open' says how it is cleared, but does not latch
        fix | latches: true, or remove 'clears'
    """,
    "an update that waits for mains": """
        mains | SL248 updates wait for mains, but the product is fed by battery only: it would never be updated
        battery | how it is fed
        fix | power: battery
    """,
    "a back-off that forgets at once": """
        1 s | SL251 after 1 s a session counts as good, before the first answer is due (answer_timeout 12 s): with a
            hub that fails at once, every wait would start from base again
        12 s | how long an answer may take
        fix | reset_after: 12 s or more
    """,
    "a deadline within the clock's error": """
        5 min | SL252 'blink' expires after 5 min, by a clock that may be 5 min wrong: it would be obeyed late
        5 min | how wrong a clock may be
        fix | more than 5 min, or better clocks
    """,
    "a wish that expires within the clock's error": """
        6 min | SL252 'level' expires after 6 min, by a clock that may be 6 min wrong: it would be obeyed late
        6 min | how wrong a clock may be
        fix | more than 6 min, or better clocks
    """,
    "an update with a single attempt": """
        1 | SL253 with one attempt, an update that was cut by power or by the link is never tried again
        fix | attempts: 2 or more
    """,
    "a product that says nothing by itself": """
        light: | SL249 every message waits for an event: a quiet day and a dead device look the same
        fix | add a message with a period, such as 'vitals: {id: 9, standard: vitals/1, publish: {every: 15 min}}'
    """,
    "events that expire within the outage": """
        59 min | SL250 events of 'light' expire after 59 min, within the outage of 1 h that the buffer bridges: they
            would be kept, and given up on the way
        1 h | what the buffer bridges
        fix | expires: 1 h or more, or remove it
    """,
    "events that outrun their numbers": """
        1000/s | SL216 a sequence of 2^32 records, one every 1 ms, starts again after 49.7 d, within 60 d: two records
            of 'light' would be one
        60 d | what 'support' looks back on
        fix | sample less often, or put several samples into one record
    """,
    "one layer that tries for ever": """
        11 | SL212 retries multiply: 11 = 11 tries of one action, more than 10 (fleet.tries_max)
        fix | let one layer try again, and the others report the failure to it
    """,
    "a command that is over at once": """
        3 s | SL227 'stop' expires after 3 s, its way takes up to keep_alive 240 s + answer_timeout 12 s + connect_timeout 15 s
            + network 3 s + commit_budget 4 s = 274 s
        240 s | how late a dead connection is noticed
        fix | deadline: 274 s, or a shorter keep_alive
    """,
    "a confirmation sooner than its way": """
        9 s | SL236 'level' is to be confirmed within 9 s, but there and back takes 2 x network 3 s + commit_budget 4 s = 10 s
        fix | confirm_within: 10 s or more
    """,
    "an app less patient than its query": """
        2 s | SL245 wait 2 s does not exceed query 2 s on 'radio-broker'
        2 s | a budget of 'cloud'
        fix | raise it above 2 s, or lower the budgets
    """,
}


def written(text, span):
    """What stands at a place: up to its end, or to the end of its first line."""
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None]


def lines(text):
    """All that is said of a contract, a line each."""
    with pytest.raises(ContractErrors) as caught:
        loads(text, "lamp.yaml")
    for problem in caught.value.problems:
        yield f"{written(text, problem.span)} | {problem.code} {problem.message}"
        yield from (f"{written(text, span)} | {note}" for span, note in problem.related)
        yield f"fix | {problem.fix}"


@pytest.mark.parametrize("name", SAID)
def test_a_contradiction_is_told_with_its_figures_its_places_and_a_remedy(name):
    text, _ = unmarked(edited(*CASES[name]))
    assert " ".join(lines(text)) == " ".join(SAID[name].split())


def test_every_rule_between_sections_is_read_here_once():
    told = " ".join(SAID.values())
    assert [code for code in RULES if code[2] == "2" and code not in told] == []
