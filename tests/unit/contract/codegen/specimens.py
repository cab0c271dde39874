"""Contracts to generate from: the examples, the smallest one, and one with something in every part of the model."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from seamline.contract import Field, FieldType, Layout, Order, OutOfRange, load, load_family
from seamline.contract.family import Family
from seamline.contract.hardware import Power, PowerState
from seamline.contract.inferred import Inferred
from seamline.contract.model import Boundary, Busy, Command, Consumer, Owner, Security, Wait
from seamline.contract.quantities import EventRate

ROOT = Path(__file__).resolve().parents[4]
HEATER, LABMETER, TRAILCAM = (load_family(ROOT / "examples" / name) for name in ("heater", "labmeter", "trailcam"))
MODE = {0: "off", 1: "bright", 300: "far"}
ALARM = {0: "hot", 3: "door open"}


def family_of(*contracts):
    """A family of versions, without the checks between them."""
    layouts = {
        (item.layout.message_id, item.layout.version, item.layout.fingerprint): item.layout
        for contract in contracts
        for item in contract.messages.values()
    }
    newest = contracts[-1]
    return Family(newest.product, {item.version: item for item in contracts}, newest, layouts)


def bare():
    """The smallest contract, without any section that may be left out."""
    found = load(ROOT / "tests" / "unit" / "contract" / "base.yaml")
    empty = {"state": {}, "commands": {}, "faults": {}, "consumers": {}, "enums": {}, "calibrations": {}}
    clock = replace(found.clock, drift_ppm=0)
    boundary = Boundary("everything", "maker", "maker@example.com", "it works")
    messages = {"vitals": found.messages["vitals"]}
    changed = {"update": None, "identity": None, "clock": clock, "boundaries": {"everything": boundary}, "messages": messages}
    return replace(found, **empty, **changed)


def scan(version, *, more):
    """The layout of `scan`: big-endian bits, an array, an enum, flags, every rule, and from layout 2 on optional fields."""
    fields = [
        Field(
            name="spread",
            type=FieldType("i12"),
            scale=Decimal("0.1"),
            offset=Decimal(2),
            unit="Cel",
            range=(Decimal(-50), Decimal(90)),
        ),
        Field(name="lamp", type=FieldType.U16, enum=MODE, enum_name="lamp"),
        Field(name="alarm", type=FieldType("u4"), flags=ALARM, flags_name="alarm", out_of_range=OutOfRange.MISSING),
        Field(name="counts", type=FieldType("u10"), count=3, range=(Decimal(0), Decimal(1000)), out_of_range=OutOfRange.KEEP),
        Field(name="ready", type=FieldType("u1")),
        Field(name="total", type=FieldType.U64),
        Field(name="boot", type=FieldType("i33"), range=(Decimal(-9), Decimal(9)), out_of_range=OutOfRange.MISSING),
    ]
    if more:
        fields += [
            Field(name="level", type=FieldType.U8, unit="dB", since="2.1.0", optional=True),
            Field(name="kept", type=FieldType.U8, enum={1: "one"}, enum_name="kept", out_of_range=OutOfRange.KEEP, optional=True),
            Field(name="bits", type=FieldType.U8, flags=ALARM, flags_name="alarm", out_of_range=OutOfRange.KEEP, optional=True),
            Field(
                name="shade",
                type=FieldType.U8,
                enum={1: "warm", 2: "cold"},
                enum_name="shade",
                inferred=Inferred("shades", "1.4.0", "level"),
                optional=True,
            ),
            Field(name="temperature", type=FieldType.U16, calibration="ntc", calibrated=True, optional=True),
        ]
    return Layout(product="lamp", message="scan", message_id=7, version=version, fields=tuple(fields), order=Order.BIG)


def everything():
    """A family of two versions that uses every part of the model."""
    found = load(ROOT / "tests" / "unit" / "contract" / "base.yaml")
    owners = {**found.owners, **{f"team-{n}": Owner(f"team-{n}", f"Team {n}", f"team{n}@example.com") for n in range(12)}}
    safe = Security("mutual TLS", "TLS 1.3", "personal")
    names = (
        "sensor-firmware",
        "radio-broker",
        "broker-hub",
        "hub-app",
        "factory-device",
        "hub-weather-service",
        "field-firmware",
    )
    boundaries = {
        name: Boundary(
            name, f"team-{at}", "a@example.com", f"promise {at} & more", "it <fails> by the book", ("week-offline",), safe
        )
        for at, name in enumerate(names)
    }
    further = {"warm_up": Wait("warm_up", "maker", "sensor-firmware", "retry", 1500, attempts=3)}
    further["flush"] = Wait("flush", "cloud", "hub-app", "budget", 90_000)
    states = {"awake": PowerState("awake", ("publish",), 12_000, 60_000, 5000), "asleep": PowerState("asleep", (), 9)}
    light = found.messages["light"]
    old = replace(light, name="scan", id=7, layout=scan(1, more=False), priority="low", sample_ms=60_000)
    level = found.state["level"]
    state = {
        "level": level,
        "on": replace(level, name="on", type=FieldType.BOOL, scale=None, unit=None, range=None, expires_ms=None),
        "lamp": replace(level, name="lamp", type=FieldType.U16, scale=None, unit=None, range=None, enum=MODE, enum_name="lamp"),
        "alarm": replace(
            level, name="alarm", scale=None, unit=None, range=None, flags=ALARM, flags_name="alarm", confirm_within_ms=None
        ),
    }
    commands = {**found.commands, "reset": Command("reset", {}, 60_000, {"clean": "bool"}, idempotent=True)}
    fault = replace(found.faults[0x4F], holds="the lamp", clears="a restart", related=("light",), latches=True)
    first = replace(
        found,
        version="2.0.0",
        owners=owners,
        boundaries=boundaries,
        messages={"light": light, "scan": old},
        flags={"alarm": ALARM},
        timing=replace(found.timing, further=further, boundaries={"answer_timeout": "hub-app"}),
        busy=Busy(60_000),
        power=Power("battery", None, states),
        faults={0x4F: fault},
        state={},
        commands={},
        consumers={"watch": Consumer("watch", ("light",), 1000, by=("device",), fresh_ms=60_000)},
    )
    door = replace(light, name="door", id=8, layout=replace(scan(1, more=False), message="door", message_id=8))
    door = replace(door, at_most=EventRate(10, 3_600_000), sample_ms=360_000, publish_every_ms=0, batch_max=1)
    gate = replace(door, name="gate", id=10, layout=replace(door.layout, message="gate", message_id=10))
    gate = replace(gate, publish_every_ms=600_000, batch_max=4)
    messages = {**first.messages, "scan": replace(old, layout=scan(2, more=True)), "vitals": found.messages["vitals"]}
    messages |= {"door": door, "gate": gate}
    codes = {0x4F: fault, 0x50: replace(found.faults[0x4F], code=0x50, name="lamp_dim", support=None)}
    enums = {**found.enums, "mode": {**found.enums["mode"], 2: "dim"}}
    newest = replace(first, version="2.1.0", messages=messages, state=state, commands=commands, faults=codes, enums=enums)
    return family_of(first, newest)


EVERYTHING = everything()
BARE = family_of(bare())
FAMILIES = {"heater": HEATER, "labmeter": LABMETER, "trailcam": TRAILCAM, "everything": EVERYTHING, "bare": BARE}
