"""What the generated C says. What it does is in tests/conformance/codegen, on every processor."""

import re
from dataclasses import replace

import pytest
from inline_snapshot import snapshot
from tests.conformance.codegen.layouts import contract
from tests.unit.contract.codegen.awkward import EVIL, awkward

from seamline.contract.codegen import target
from seamline.contract.codegen.c import generate
from seamline.contract.codegen.c.pieces import c_type, comment, literal, string, width
from seamline.contract.codegen.names import C_WORDS, Names
from seamline.contract.layout import FieldType

HEATER = generate(None, contract("heater"))
PRODUCTS = {"heater": contract("heater"), "patchwork": contract("patchwork"), "awkward": awkward()}


def between(text, first, last):
    """The lines from the one that holds `first` up to the one that holds `last`."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if first in line)
    end = next(index for index in range(start, len(lines)) if last in lines[index])
    return "\n".join(lines[start:end]) + "\n"


def code(text):
    """The text without its comments and strings."""
    return re.sub(r'/\*.*?\*/|"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL)


def test_the_target_is_registered():
    assert target("c") is generate


def test_a_message_in_the_header():
    assert between(HEATER["heater.h"], "Message reading", "Message vitals") == snapshot("""\
/* Message reading, layout 3. */
#define HEATER_READING_CHANNEL 1u
#define HEATER_READING_LAYOUT 3u
#define HEATER_READING_FINGERPRINT 0x4fb7872fu
#define HEATER_READING_RECORD_BYTES 16u
#define HEATER_READING_SAMPLE_MS 10000u
#define HEATER_READING_EVERY_MS 60000u
#define HEATER_READING_BATCH_MAX 24u
#define HEATER_READING_PRIORITY 1u
#define HEATER_READING_EXPIRES_MS 0u
#define HEATER_READING_POWER_MIN 0u
#define HEATER_READING_POWER_MAX 30000u
#define HEATER_READING_SET_POINT_MIN 500
#define HEATER_READING_SET_POINT_MAX 3000

typedef struct {
    uint16_t room; /* Cel, raw count */
    uint16_t element; /* Cel, raw count */
    uint16_t power; /* W = raw * 0.1, raw 0 to 30000 */
    uint8_t mode; /* mode */
    int16_t set_point; /* Cel = raw * 0.01, raw 500 to 3000 */
} heater_reading_t;

extern const heater_frame_t heater_reading_frame;
/* Whether every value may be sent. */
bool heater_reading_valid(const heater_reading_t *value);
/* Write a record of 16 bytes; false, and nothing written, when a value may not be sent. */
bool heater_reading_pack(uint8_t *record, uint32_t offset_ms, const heater_reading_t *value);
/* Read a record of 16 bytes; false when a value could not have been sent. */
bool heater_reading_unpack(heater_reading_t *value, uint32_t *offset_ms, const uint8_t *record);

""")


def test_a_message_in_the_source():
    assert between(HEATER["heater.c"], "heater_reading_frame", "heater_vitals_frame") == snapshot("""\
const heater_frame_t heater_reading_frame = {0xa1u, 0, 1u, 3u, 0x4fb7872fu, 0, 0, 0, 0, 0, 0, 0, 16u};

bool heater_reading_valid(const heater_reading_t *value)
{
    if (value->power > 30000u) {
        return false;
    }
    if (value->mode > 3u) {
        return false;
    }
    if (value->set_point < 500 || value->set_point > 3000) {
        return false;
    }
    return true;
}

bool heater_reading_pack(uint8_t *record, uint32_t offset_ms, const heater_reading_t *value)
{
    if (!heater_reading_valid(value)) {
        return false;
    }
    store_le32(record, offset_ms);
    store_le16(record + 4, value->room);
    store_le16(record + 6, value->element);
    store_le16(record + 8, value->power);
    record[10] = value->mode;
    store_le16(record + 11, (uint16_t)value->set_point);
    record[13] = 0;
    record[14] = 0;
    record[15] = 0;
    return true;
}

bool heater_reading_unpack(heater_reading_t *value, uint32_t *offset_ms, const uint8_t *record)
{
    *offset_ms = load_le32(record);
    value->room = load_le16(record + 4);
    value->element = load_le16(record + 6);
    value->power = load_le16(record + 8);
    value->mode = record[10];
    value->set_point = (int16_t)load_le16(record + 11);
    return heater_reading_valid(value);
}

""")


def test_what_is_agreed_stands_in_the_header_once():
    header = HEATER["heater.h"]
    for line in (
        '#define HEATER_CONTRACT "heater/1.3.0"',
        "#define HEATER_ANSWER_TIMEOUT_MS 12000u /* owner: firmware */",
        "#define HEATER_BACKOFF_CAP_MS 600000u",
        "#define HEATER_STORE_FLASH 1u /* what waits for custody survives a reset */",
        "#define HEATER_DROP_FIRST {2u, 1u} /* channels, the first to be dropped first */",
        "#define HEATER_FAULT_SENSOR_OPEN 0x4fu /* The room sensor's circuit is open */",
        "#define HEATER_MODE_HOLDING 2u",
        '#define HEATER_TOPIC_DATA "up/+/data" /* frames */',
        "#define HEATER_COMMAND_BOOST_MINUTES_MAX 120u",
    ):
        assert header.count(line + "\n") == 1, line


def test_an_event_states_its_bound_and_a_message_with_a_period_none():
    header = generate(None, contract("trailcam"))["trailcam.h"]
    assert "#define TRAILCAM_SIGHTING_EVENTS_MAX 96u" in header
    assert "#define TRAILCAM_SIGHTING_EVENTS_PER_MS 86400000u" in header
    assert "TRAILCAM_WATCH_EVENTS" not in header
    assert "#define HEATER_READING_EVENTS" not in HEATER["heater.h"]


def test_packed_places_are_written_bit_by_bit():
    source = generate(None, awkward())["int.c"]
    assert between(source, "bool int_fast8_pack", "bool int_fast8_unpack") == snapshot("""\
bool int_fast8_pack(uint8_t *record, uint32_t offset_ms, const int_fast8_t_ *value)
{
    if (!int_fast8_valid(value)) {
        return false;
    }
    clear(record + 4, 28u);
    store_le32(record, offset_ms);
    store_be64(record + 4, (uint64_t)value->class_);
    store_be16(record + 12, value->class__);
    store_be_bits(record + 4, 80u, 5u, (uint64_t)value->int_);
    for (unsigned i = 0; i < 3u; i++) {
        store_be_bits(record + 4, 85u + 12u * i, 12u, (uint64_t)value->unix_[i]);
    }
    store_be_bits(record + 4, 121u, 8u, (uint64_t)value->true_);
    if (value->has_has_if) {
        store_be_bits(record + 4, 129u, 1u, 1u);
        store_be_bits(record + 4, 137u, 8u, (uint64_t)value->has_if);
    }
    if (value->has_if_) {
        store_be_bits(record + 4, 130u, 1u, 1u);
        for (unsigned i = 0; i < 2u; i++) {
            store_be_bits(record + 4, 145u + 33u * i, 33u, (uint64_t)value->if_[i]);
        }
    }
    return true;
}

""")
    assert between(source, "bool int_frame_unpack", "int_h_frame") == snapshot("""\
bool int_frame_unpack(int_frame_t_ *value, uint32_t *offset_ms, const uint8_t *record)
{
    clear(value, sizeof *value);
    *offset_ms = load_le32(record);
    value->class_ = (int64_t)load_le64(record + 4);
    value->class__ = load_le16(record + 12);
    value->int_ = (int8_t)((int32_t)(load_le_bits(record + 4, 80u, 5u) ^ 16u) - 16);
    for (unsigned i = 0; i < 3u; i++) {
        value->unix_[i] = (uint16_t)load_le_bits(record + 4, 85u + 12u * i, 12u);
    }
    value->true_ = (uint8_t)load_le_bits(record + 4, 121u, 8u);
    value->has_has_if = load_le_bits(record + 4, 129u, 1u) != 0u;
    if (value->has_has_if) {
        value->has_if = (uint8_t)load_le_bits(record + 4, 137u, 8u);
    }
    return int_frame_valid(value);
}

""")


@pytest.mark.parametrize("product", PRODUCTS)
def test_generating_again_gives_the_same_text(product):
    assert generate(None, PRODUCTS[product]) == generate(None, PRODUCTS[product])


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_name_is_given_twice(product):
    for name, text in generate(None, PRODUCTS[product]).items():
        defined = re.findall(r"^#define (\w+)", text, re.MULTILINE)
        twice = {each for each in defined if defined.count(each) > 1}
        assert twice <= {"LITTLE_FIRST", "BIG_FIRST"}, name  # one for each kind of compiler
        declared = re.findall(r"^(?:extern )?(?:const )?\w+ \*?(\w+)\(.*\);$", text, re.MULTILINE)
        assert len(declared) == len(set(declared)), name
        structs = re.findall(r"^} (\w+);", text, re.MULTILINE)
        assert len(structs) == len(set(structs)), name


@pytest.mark.parametrize("product", PRODUCTS)
def test_there_are_no_floats_and_no_heap(product):
    for text in generate(None, PRODUCTS[product]).values():
        assert not re.search(r"\b(float|double|malloc|free|printf)\b|\d\.\d", code(text))


def test_no_text_of_a_contract_leaves_its_comment_or_string():
    for text in generate(None, awkward()).values():
        assert "??" not in text
        rest = code(text)
        assert rest.isascii()
        assert '"' not in rest
        assert "*/" not in rest


def test_a_message_that_may_say_anything_asks_for_nothing():
    heater = contract("heater")
    vitals = heater.messages["vitals"]
    free = replace(vitals, layout=replace(vitals.layout, fields=vitals.layout.fields[:2]))
    source = generate(None, replace(heater, messages={**heater.messages, "vitals": free}))["heater.c"]
    assert "    (void)value;\n    return true;\n" in between(source, "bool heater_vitals_valid", "bool heater_vitals_pack")


def test_a_product_without_faults_and_commands_has_no_table():
    texts = generate(None, replace(contract("heater"), faults={}, commands={}))
    assert "#define HEATER_FAULTS 0u" in texts["heater.h"]
    assert "fault_t" not in "".join(texts.values())


def test_no_member_of_a_struct_is_a_word_of_the_language():
    header = generate(None, awkward())["int.h"]
    members = re.findall(r"^    \w+ (\w+)(?:\[\d+\])?;", header, re.MULTILINE)
    assert {"class__", "class_", "int_", "unix_", "has_if", "has_if_", "has_has_if", "if_"} <= set(members)
    assert not C_WORDS & set(members)


def test_names_are_claimed_once_and_in_order():
    names = Names(["taken"])
    assert [names.claim(wanted) for wanted in ("a", "a", "a_", "taken")] == ["a", "a_", "a__", "taken_"]
    assert names.claim_all(["x", "a"], str.upper) == {"x": "X", "a": "A"}


def test_strings_keep_their_bytes():
    text = string(EVIL)
    assert text.isascii()
    assert eval(f"b{text}").decode() == EVIL  # C's octal escapes are Python's too
    assert "?" not in text


def test_comments_end_where_they_end():
    said = comment(EVIL)
    assert said.count("*/") == 1
    assert said.endswith(" */")
    assert said.count("/*") == 1
    assert "\t" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("number", "signed", "text"),
    [(0, False, "0u"), (1 << 40, False, "1099511627776u"), (-5, True, "-5"), (-(1 << 63), True, "(-9223372036854775807 - 1)")],
)
def test_literals(number, signed, text):
    assert literal(number, signed=signed) == text


@pytest.mark.parametrize(("word", "text"), [("u1", "uint8_t"), ("i9", "int16_t"), ("u33", "uint64_t"), ("bool", "uint8_t")])
def test_members_have_the_narrowest_type(word, text):
    assert c_type(FieldType(word)) == text
    assert width(FieldType(word).bits) in {8, 16, 32, 64}
