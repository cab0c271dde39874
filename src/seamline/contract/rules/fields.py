"""Rules about units, quantities and packed fields, from SL124 on."""

from __future__ import annotations

from seamline.contract.rules.rule import Rule

RULES: dict[str, Rule] = {
    "SL124": Rule(
        "a unit is one of UCUM's",
        "Volt, volts and V are one unit to people and three to programs.",
        "messages: {light: {fields: [{name: drive, type: u16, unit: Volt}]}}",
        "messages: {light: {fields: [{name: drive, type: u16, unit: V}]}}",
    ),
    "SL125": Rule(
        "a quantity is one that is known here",
        "Only a known quantity can be held against its unit.",
        "messages: {light: {fields: [{name: drive, type: u16, unit: V, quantity: volts}]}}",
        "messages: {light: {fields: [{name: drive, type: u16, unit: V, quantity: voltage}]}}",
    ),
    "SL126": Rule(
        "the unit measures the quantity",
        "A power in watt hours is an energy, or a wrong unit: nobody can tell later which.",
        "messages: {light: {fields: [{name: drive, type: u16, unit: W.h, quantity: power}]}}",
        "messages: {light: {fields: [{name: drive, type: u16, unit: W.h, quantity: energy}]}}",
    ),
    "SL127": Rule(
        "optional fields come last",
        "Their presence bits stand in front of them, behind all that is always there.",
        "messages: {light: {fields: [{name: a, type: u8, optional: true}, {name: b, type: u8}]}}",
        "messages: {light: {fields: [{name: b, type: u8}, {name: a, type: u8, optional: true}]}}",
    ),
    "SL128": Rule(
        "enums and flags fit their bits",
        "A member beyond the width could never be sent.",
        "messages: {light: {fields: [{name: code, type: code, bits: 8}]}}",
        "messages: {light: {fields: [{name: code, type: code, bits: 9}]}}",
    ),
    "SL129": Rule(
        "only enums and flags take 'bits'",
        "A number has its width in its type; two widths for one field are one too many.",
        "messages: {light: {fields: [{name: drive, type: u16, bits: 12}]}}",
        "messages: {light: {fields: [{name: drive, type: u12}]}}",
    ),
    "SL130": Rule(
        "a field has the unit that its calibration gives",
        "The formula's result would be shown under another unit.",
        "messages: {light: {fields: [{name: warmth, type: u16, calibration: lux, unit: cd}]}}\n"
        "calibrations: {lux: {kind: table, points: 16, unit: lx}}",
        "messages: {light: {fields: [{name: warmth, type: u16, calibration: lux, unit: lx}]}}\n"
        "calibrations: {lux: {kind: table, points: 16, unit: lx}}",
    ),
    "SL131": Rule(
        "only numbers are calibrated",
        "A formula over an enum, flags or a truth value means nothing.",
        "messages: {light: {fields: [{name: seen, type: bool, calibration: shunt}]}}",
        "messages: {light: {fields: [{name: seen, type: u10, calibration: shunt}]}}",
    ),
    "SL132": Rule(
        "out_of_range says something that can happen",
        "Without a range every value the type holds is in range, and the rule is never obeyed.",
        "messages: {light: {fields: [{name: drive, type: u16, out_of_range: missing}]}}",
        "messages: {light: {fields: [{name: drive, type: u16, range: [0, 1000], out_of_range: missing}]}}",
    ),
    "SL133": Rule(
        "a full batch fits the message's own frame_max",
        "The link was said to carry no more; one of the two numbers is wrong.",
        "messages: {light: {publish: {frame_max: 100 B}}}",
        "messages: {light: {publish: {frame_max: 512 B}}}",
    ),
    "SL134": Rule(
        "a message is sent on a period, or on events with a bound",
        "Budgets need a rate: a period gives one, and an event has none but its bound.",
        "messages: {light: {at_most: 10/h}}",
        "messages: {door: {id: 3, layout: 1, when: event, at_most: 10/h, publish: {}, fields: [{name: open, type: u1}]}}\n"
        "buffer: {drop_first: [vitals, light, door]}\n"
        "consumers: {support: {reads: [light, vitals, door]}}",
    ),
}
