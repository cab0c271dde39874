"""Messages that are sent on events: SL134, SL249, SL250, and what else is wrong with a bound. What of base.yaml, and what instead."""

PACE = "    sample: 10 s\n"
PUBLISH = "{every: 60 s, batch_max: 12, priority: high, expires: 7 d}"
EVENT = "    when: event\n    at_most: 10/h\n"
VITALS = "  vitals: {id: 9, standard: vitals/1, publish: {every: 15 min}}\n"
WITHOUT_VITALS = (VITALS, "", "[vitals, oldest light]", "[oldest light]", "[light, vitals, state]", "[light, state]")

CASES = {
    "an event with a period": (PACE, f"{EVENT}    sample: «SL134»10 s\n"),
    "a bound beside a period": (PACE, f"{PACE}    at_most: «SL134»10/h\n"),
    "a bound instead of a period": (PACE, "    at_most: «SL134»1/min\n"),
    "a standard message on events": ("publish: {every: 15 min}", "when: «SL134»event, publish: {every: 15 min}"),
    "an event without a bound": ("    id: 1\n    layout: 4\n    sample: 10 s\n", "    «SL102»id: 1\n    layout: 4\n    when: event\n"),
    "an occasion that nobody knows": (PACE, "    when: «SL111»sometimes\n    at_most: 10/h\n"),
    "a bound a week": (PACE, "    when: event\n    at_most: «SL110»10/week\n"),
    "a bound of nothing": (PACE, "    when: event\n    at_most: «SL110»0/h\n"),
    "a bound in words": (PACE, "    when: event\n    at_most: «SL110»ten an hour\n"),
    "more events than milliseconds": (PACE, "    when: event\n    at_most: «SL110»1001/s\n"),
    "a product that says nothing by itself": ("  light:\n    id: 1", "  «SL249»light:\n    id: 1", PACE, EVENT, *WITHOUT_VITALS),
    "a product of rare events": (
        *("  light:\n    id: 1", "  «SL249»light:\n    id: 1", PACE, "    when: event\n    at_most: 1/d\n"),
        *(PUBLISH, "{priority: high}", *WITHOUT_VITALS),
    ),
    "events that expire within the outage": (PACE, EVENT, PUBLISH, "{priority: high, expires: «SL250»59 min}"),
    "gathered events that expire within the outage": (PACE, EVENT, PUBLISH, "{every: 10 s, expires: «SL250»30 min}"),
    "events that outrun their numbers": (
        *(PACE, "    when: event\n    at_most: «SL216»1000/s\n", "capacity: 16 KiB", "capacity: 2 GiB", "window: 7 d", "window: 60 d"),
    ),
    "events that outgrow the buffer": (PACE, "    when: event\n    at_most: 30/min\n", "capacity: 16 KiB", "capacity: «SL208»15 KiB"),
    "events that nobody reads": ("  light:\n    id: 1", "  «SL232»light:\n    id: 1", PACE, EVENT, "[light, vitals, state]", "[vitals, state]"),
}  # fmt: skip
