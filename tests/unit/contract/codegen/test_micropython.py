"""The generated module, as a desk's Python runs it. On MicroPython it runs in tests/conformance/codegen."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st
from inline_snapshot import snapshot
from tests.conformance.codegen.cases import drawn
from tests.conformance.codegen.layouts import contract, random_layout
from tests.unit.contract.codegen.awkward import awkward
from tools.device_lint import lint

from seamline.contract import policy
from seamline.contract.codegen import target
from seamline.contract.codegen.micropython import generate
from seamline.contract.layout import LayoutError
from seamline.device import Policy

PRODUCTS = {"heater": contract("heater"), "patchwork": contract("patchwork"), "awkward": awkward()}


def module(product):
    """Run the module's text; return its names."""
    names = {}
    for text in generate(None, product).values():
        exec(compile(text, "module", "exec"), names)
    return names


HEATER = module(contract("heater"))
READING = {"room": 2048, "element": 17, "power": 30_000, "mode": 2, "set_point": 2150}


def test_the_target_is_registered():
    assert target("micropython") is generate


def test_a_message():
    text = generate(None, contract("heater"))["heater.py"]
    assert text[text.index("READING =") : text.index("\nVITALS")] == snapshot("""\
READING = Message('reading', 1, 3, 0x4FB7872F, 16, False, (
    ('room', 0, 16, False, None, ((0, 65535),), None),
    ('element', 16, 16, False, None, ((0, 65535),), None),
    ('power', 32, 16, False, None, ((0, 30000),), None),
    ('mode', 48, 8, False, None, ((0, 3),), None),
    ('set_point', 56, 16, True, None, ((500, 3000),), None),
))
""")


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_module_keeps_within_micropython(product):
    for name, text in generate(None, PRODUCTS[product]).items():
        assert lint(text, name) == []
        assert text.isascii()


@pytest.mark.parametrize("product", PRODUCTS)
def test_generating_again_gives_the_same_text(product):
    assert generate(None, PRODUCTS[product]) == generate(None, PRODUCTS[product])


def test_the_device_core_takes_the_policy():
    assert HEATER["POLICY"] == policy(contract("heater"))
    assert Policy(HEATER["POLICY"]).contract == "heater/1.3.0"


def test_what_is_agreed_stands_in_the_module():
    assert HEATER["MODE_HOLDING"] == 2
    assert HEATER["FAULTS"][HEATER["FAULT_SENSOR_OPEN"]] == ("sensor_open", "adc", HEATER["SEVERITY_CRITICAL"], True)
    assert HEATER["COMMANDS"] == {"boost": 300_000}
    assert HEATER["NETWORK_MS"] == 3000


def test_no_name_takes_anothers_place():
    names = module(awkward())
    assert names["FAST8"].name == "fast8"
    assert names["FAULT_SENSOR"] == 0
    assert names["TOPIC_TWIN"] == "up/+/twin"
    assert names["TOPIC_TWIN_"] == 1 << 11
    assert names["READING_OFF"] == 1
    assert names["READING_OFF_"] == 5


def test_a_record_is_what_the_layout_packs():
    layout = contract("heater").messages["reading"].layout
    reading = HEATER["READING"]
    assert reading.pack(READING) == layout.pack(READING)
    assert reading.unpack(layout.pack(READING)) == READING
    assert (reading.channel, reading.layout, reading.fingerprint) == (1, 3, layout.fingerprint)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_any_layout_packs_and_unpacks_as_in_the_cloud(seed):
    draw = random.Random(seed)
    layout = random_layout(draw, 1)
    heater = contract("heater")
    message = replace(heater.messages["reading"], name="m1", layout=layout)
    device = module(replace(heater, messages={"m1": message}, buffer=replace(heater.buffer, drop_first=("m1",))))["M1"]
    values = drawn(draw, layout)
    body = layout.pack(values)
    assert device.pack(values) == body
    assert device.unpack(body) == values
    noise = draw.randbytes(layout.body_bytes)
    assert device.unpack(noise) == layout.unpack(noise)
    name = draw.choice(layout.places).name
    wild = {**values, name: draw.randint(-(1 << 64), 1 << 64)}
    try:
        expected = layout.pack(wild)
    except LayoutError:
        with pytest.raises(ValueError, match="m1: "):
            device.pack(wild)
    else:
        assert device.pack(wild) == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"power": 30_001}, "power is 30001"),
        ({"mode": 4}, "mode is 4"),
        ({"room": "1"}, "room is '1'"),
        ({"room": None}, "room is None"),
        ({"other": 1}, "a value that the message does not have"),
    ],
)
def test_what_may_not_be_sent_is_refused_by_name(change, said):
    with pytest.raises(ValueError, match=said):
        HEATER["READING"].pack({**READING, **change})


def test_a_missing_value_is_refused_by_name():
    with pytest.raises(ValueError, match="mode is missing"):
        HEATER["READING"].pack({name: raw for name, raw in READING.items() if name != "mode"})


def test_half_an_optional_field_is_refused():
    layout = awkward().messages["fast8"].layout
    values = {place.name: 2 for place in layout.places} | {
        "class_": 1,
        "unix_0": 1,
        "unix_1": 1,
        "unix_2": 1,
        "true": 1,
        "has_if": 0,
    }
    message = module(awkward())["FAST8"]
    assert message.unpack(message.pack(values)) == values
    del values["if_1"]
    with pytest.raises(ValueError, match="if_1 is missing"):
        message.pack(values)
    del values["if_0"]
    assert message.pack(values) == layout.pack(values)


def test_true_and_false_are_one_and_zero():
    vitals = HEATER["LOSSES"].pack({"channel": True, "reason": True, "boot": 1, "first": False, "count": 1})
    assert vitals[:2] == b"\x01\x01"


def test_a_body_of_another_length_is_refused():
    with pytest.raises(ValueError, match="11 bytes are no body of 12"):
        HEATER["READING"].unpack(bytes(11))


def test_topics_have_the_devices_id():
    assert HEATER["topic"](HEATER["TOPIC_DATA"], "heater-1") == "up/heater-1/data"
    for wrong in ("", "a/b", "x" * 65, "ü", "+"):
        with pytest.raises(ValueError, match="no device id"):
            HEATER["topic"](HEATER["TOPIC_DOWN"], wrong)


def test_waits_grow_to_the_cap():
    waits = [HEATER["backoff_ms"](tries, 0xFFFF_FFFF) for tries in (0, 1, 8, 9, 1000)]
    assert waits == [2000, 4000, 512_000, 600_000, 600_000]
    assert HEATER["backoff_ms"](5, 0) == 0
