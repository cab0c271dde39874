"""What a product may say besides its messages, and what holds where it is silent."""

from dataclasses import replace

import pytest
from tests.unit.contract.corpus.marks import edited
from tests.unit.contract.large_contract import large_contract

from seamline.contract import ContractErrors, loads
from seamline.contract.checks.words import rounded, size
from seamline.contract.hardware import Battery, Power, PowerState
from seamline.contract.inferred import Inferred
from seamline.contract.limits import NODES_MAX
from seamline.contract.model import Busy, Wait
from seamline.contract.problems import Report
from seamline.contract.quantities import Money
from seamline.contract.reader import read_text

POWER = """power:
  source: both
  battery: {capacity: 2600 mAh, life: 12 months}
  states:
    awake: {may: [measure, publish, update, infer], current: 80 mA, daily: 2 min, longest: 30 s}
    asleep: {current: 20 uA, longest: 20 s}
"""


def test_what_is_not_said_has_a_default_that_changes_nothing():
    contract = loads(edited())
    assert (contract.busy, contract.power, contract.device, contract.timing.further) == (None, None, None, {})
    assert (contract.fleet.tries_max, contract.fleet.messages_rate, contract.buffer.durable) == (10, None, False)
    assert contract.commands["blink"].outcomes == ("done", "refused", "failed")
    assert not contract.commands["blink"].idempotent
    assert contract.faults[0x4F].related == ()


def test_power_states_say_what_may_be_done_and_for_how_long():
    power = loads(edited("clock: {", POWER + "clock: {")).power
    assert power == Power(
        "both",
        Battery(2_600_000, 360 * 86_400_000),
        {
            "awake": PowerState("awake", ("measure", "publish", "update", "infer"), 80_000, 120_000, 30_000),
            "asleep": PowerState("asleep", (), 20, None, 20_000),
        },
    )
    assert power.deaf_ms() == 20_000


def test_a_device_that_draws_nothing_lasts():
    text = POWER.replace("80 mA", "0 mA").replace("20 uA", "0 uA")
    assert loads(edited("clock: {", text + "clock: {")).power is not None


def test_an_update_from_a_battery_that_can_bear_it_is_fine():
    pieces = (
        "recovery: 60 s",
        "recovery: 60 s, link_rate: 10 Mbit/s",
        "  power: mains\n",
        "  power: any\n  image: 1 MiB\n" + POWER,
    )
    assert loads(edited(*pieces)).update.image_bytes == 1 << 20


def test_an_update_without_a_battery_is_not_judged_by_one():
    pieces = ("recovery: 60 s", "recovery: 60 s, link_rate: 10 Mbit/s", "  power: mains\n", "  power: any\n  image: 1 MiB\n")
    assert loads(edited(*pieces)).power is None


def test_a_product_that_is_never_updated_needs_no_power_for_it():
    update = edited()[edited().index("update:") : edited().index("identity:")]
    power = "power: {source: mains, states: {on: {may: [measure, publish], current: 1 mA}}}\n"
    contract = loads(edited(update, power))
    assert (contract.update, contract.power.source) == (None, "mains")


def test_a_product_without_declared_consumers_is_not_judged_by_them():
    text = edited()
    assert loads(text[: text.index("consumers:")]).consumers == {}


def test_further_timings_belong_to_a_boundary():
    timing = loads(
        edited(
            "keep_alive: {",
            "tries: {owner: maker, boundary: radio-broker, kind: retry, attempts: 3, value: 12 s}\n"
            "  keep_alive: {boundary: radio-broker, ",
        )
    ).timing
    assert timing.further == {"tries": Wait("tries", "maker", "radio-broker", "retry", 12_000, 3)}
    assert timing.boundaries == {"keep_alive": "radio-broker"}


def test_a_fleet_has_measured_limits_and_prices():
    text = edited("recovery: 60 s", "recovery: 60 s, messages_rate: 200/s, data_cost: 0.10 EUR/MiB, cost_max: 9.5 EUR/month")
    fleet = loads(text).fleet
    assert (fleet.messages_rate, str(fleet.data_cost.amount), fleet.cost_max.currency) == (200, "0.10", "EUR")
    assert isinstance(fleet.cost_max, Money)


def test_rare_messages_are_kept_alive_by_pings_that_cost_data():
    pieces = ("publish: {every: 60 s", "publish: {every: 1 h", "recovery: 60 s", "recovery: 60 s, data_budget: 20 MiB/month")
    assert loads(edited(*pieces, "{every: 15 min}", "{every: 1 h}")).fleet.data_budget == 20 << 20


def test_a_guess_names_its_model_and_its_confidence():
    text = "{name: mode, type: mode, inferred: {model: glow, version: 1.0.0, confidence: seen}}"
    fields = loads(edited("{name: mode, type: mode}", text)).messages["light"].layout.fields
    assert [field.inferred for field in fields] == [None, None, Inferred("glow", "1.0.0", "seen"), None]


def test_a_guess_has_another_fingerprint_than_a_measured_value_and_than_another_versions_guess():
    """What is stored must be told apart for ever; only the layout of a record can do that."""
    texts = [f"{{name: mode, type: mode, inferred: {{model: glow, version: {n}.0.0, confidence: seen}}}}" for n in (1, 2)]
    found = [loads(edited(*change)) for change in ((), *(("{name: mode, type: mode}", text) for text in texts))]
    assert len({contract.messages["light"].layout.fingerprint for contract in found}) == 3


def test_a_boundary_may_have_a_contact_of_its_own():
    contract = loads(edited("promise: custody,", "promise: custody, contact: radio@example.com,"))
    assert contract.boundaries["radio-broker"].contact == "radio@example.com"
    assert contract.owners["maker"].contact == "maker@example.com"


def test_data_for_everybody_needs_no_protection():
    security = "security: {authentication: none, encryption: none, data: public},"
    assert (
        loads(edited("promise: custody,", f"promise: custody, {security}")).boundaries["radio-broker"].security.data == "public"
    )


def test_a_latching_fault_says_what_it_holds_and_how_it_is_cleared():
    text = "layer: adc\n    latches: true\n    holds: the output\n    clears: by hand\n    related: [light]\n"
    fault = loads(edited("layer: adc\n", text)).faults[0x4F]
    assert (fault.holds, fault.clears, fault.related) == ("the output", "by hand", ("light",))


def test_a_busy_cloud_is_waited_for_at_most_so_long():
    assert loads(edited("clock: {", "busy: {wait_max: 15 min}\nclock: {")).busy == Busy(900_000)


def test_a_flash_buffer_without_known_pages_is_not_judged_by_wear():
    contract = loads(
        edited("store: ram", "store: flash, durable: true", "clock: {", "device: {ram: 1 MiB, flash: 8 MiB}\nclock: {")
    )
    assert contract.device.life_ms == 120 * 30 * 86_400_000
    assert replace(contract.device, page_bytes=256).erase_cycles is None


@pytest.mark.parametrize(
    ("count", "text"), [(3, "3 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (3 << 20, "3 MiB"), (5 << 30, "5 GiB")]
)
def test_sizes_are_written_in_their_largest_unit(count, text):
    assert size(count) == text


@pytest.mark.parametrize(("ms", "text"), [(1, "1 s"), (65_536, "66 s"), (4_294_967_296, "49.7 d")])
def test_computed_durations_are_rounded_for_people(ms, text):
    assert rounded(ms) == text


def test_a_contract_of_3500_lines_is_valid_and_far_below_the_limits():
    text = large_contract()
    report = Report("large.yaml")
    root = read_text(text, report)
    assert 3400 <= text.count("\n") <= 3700
    assert len(text) < 400_000
    assert root is not None
    assert nodes(root) < NODES_MAX // 2
    assert len(loads(text).messages) == 46


def nodes(node):
    entries = getattr(node, "entries", ())
    return 1 + sum(1 + nodes(value) for _, value in entries) + sum(map(nodes, getattr(node, "items", ())))


@pytest.mark.parametrize(
    ("unit", "text", "fix"),
    [
        (
            "unit: mS, ",
            "mS measures conductance (L-2 M-1 Q2 T), not conductivity (L-3 M-1 Q2 T)",
            "take a unit of conductivity, or write 'quantity: conductance'",
        ),
        (
            "",
            "a value without a unit measures a plain number, not conductivity (L-3 M-1 Q2 T)",
            "take a unit of conductivity, or write no quantity",
        ),
    ],
)
def test_a_unit_that_does_not_fit_its_quantity_is_told_by_name(unit, text, fix):
    with pytest.raises(ContractErrors) as errors:
        loads(edited("{name: mode, type: mode}", f"{{name: cell, type: u16, {unit}quantity: conductivity}}"))
    (problem,) = errors.value.problems
    assert (problem.code, problem.message, problem.fix) == ("SL126", text, fix)
