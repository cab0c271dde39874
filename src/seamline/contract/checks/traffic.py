"""The fleet's load on the cloud, and a device's data on its link."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from math import ceil
from typing import TYPE_CHECKING

from seamline.contract.checks.words import DAY_MS, size, sizes_apart, spoken
from seamline.contract.limits import FRAME_OVERHEAD_BYTES
from seamline.contract.scalars import BYTES, MONTH_MS, MS

if TYPE_CHECKING:
    from seamline.contract.model import Contract, Message
    from seamline.contract.problems import Report

PACKET_BYTES = 62
"""IPv4 and TCP without options (RFC 791, RFC 9293: 20 each), a TLS 1.3 record (RFC 8446 section 5.2: 5 + 1 + 16)."""
ACK_BYTES = 40
"""A TCP segment without data."""
PUBLISH_BYTES = 48
"""MQTT 3.1.1 section 3.3: fixed header, a topic such as `up/<16 characters>/data`, packet id; rounded up."""
ANSWER_BYTES = 164
"""PUBACK (4), and the hub's mark with the custody of the frame (docs/wire.md: JSON of about 160)."""
EXCHANGE_BYTES = PUBLISH_BYTES + ANSWER_BYTES + 3 * (PACKET_BYTES + ACK_BYTES)
"""What one frame costs besides its own bytes: it, its PUBACK and its mark, each in a packet that is acknowledged."""
PING_BYTES = 2 * (2 + PACKET_BYTES + ACK_BYTES)
"""PINGREQ and PINGRESP (MQTT 3.1.1 sections 3.12, 3.13)."""
CENT = Decimal("0.01")
LINK_SHARE = 0.5
"""Half of the link is for records; the rest is left for the backlog of an outage, updates and lost packets."""


def frames(message: Message, span_ms: int) -> tuple[int, int]:
    """Return how many frames `message` makes in `span_ms`, and how many bytes of frames."""
    records = -(-span_ms // message.sample_ms)
    each = max(1, min(message.batch_max, message.publish_every_ms // message.sample_ms))
    count = -(-records // each)
    return count, records * message.layout.record_bytes + count * FRAME_OVERHEAD_BYTES


def month_bytes(contract: Contract) -> int:
    """Return what one device sends and receives in 30 days when nothing goes wrong, every layer included."""
    total = 0
    for message in contract.messages.values():
        count, data = frames(message, MONTH_MS)
        total += data + count * EXCHANGE_BYTES
    if contract.heartbeat_ms > contract.timing.keep_alive_ms:
        total += MONTH_MS // contract.timing.keep_alive_ms * PING_BYTES
    return total


def _recovery(contract: Contract, report: Report) -> None:
    fleet = contract.fleet
    window_ms = fleet.recovery_ms // 2  # the reconnect spread; the other half is for those who need a second try
    if fleet.devices_max * 1000 > fleet.accept_rate * window_ms:
        need = -(-2 * fleet.devices_max // fleet.accept_rate)
        text = f"{fleet.devices_max} devices cannot come back in half of {spoken(fleet.recovery_ms)} at {fleet.accept_rate}/s"
        report.add("SL206", report.place("fleet.recovery"), text, fix=f"recovery: {need} s or more")


def _messages_rate(contract: Contract, report: Report) -> None:
    fleet = contract.fleet
    if fleet.messages_rate is None:
        return
    a_day = sum(frames(message, DAY_MS)[0] for message in contract.messages.values())
    rate = -(-fleet.devices_max * a_day * MS["s"] // DAY_MS)
    if rate > fleet.messages_rate:
        text = (
            f"{fleet.devices_max} devices with {a_day} frames a day make {rate} messages/s,"
            f" more than {fleet.messages_rate}/s that broker and hub were measured to take"
        )
        related = ((report.place("fleet.devices_max"), "the size of the fleet"),)
        fix = "publish less often, in larger batches"
        report.add("SL240", report.place("fleet.messages_rate"), text, fix=fix, related=related)


def _data(contract: Contract, report: Report) -> None:
    fleet = contract.fleet
    month = month_bytes(contract)
    reckoned = f"a device sends and receives {size(month // 30)} a day"
    if fleet.data_budget is not None and month > fleet.data_budget:
        sent, budget = sizes_apart(month, fleet.data_budget)
        text = f"{reckoned}, {sent} a month, more than its {budget}"
        fix = "publish less often: each frame costs about 500 bytes besides its records"
        report.add("SL218", report.place("fleet.data_budget"), text, fix=fix)
    cost, most = fleet.data_cost, fleet.cost_max
    if cost is not None and most is not None:
        price = cost.amount * month / BYTES["MiB"]
        related = ((report.place("fleet.data_cost"), "the price"),)
        if cost.currency != most.currency:
            text = f"data is paid in {cost.currency}, its limit is in {most.currency}"
            report.add("SL219", report.place("fleet.cost_max"), text, fix=f"write it in {cost.currency}", related=related)
        elif price > most.amount:
            shown = price.quantize(CENT, ROUND_UP)
            text = f"{reckoned}, {size(month)} a month: {shown} {cost.currency}, more than {most.amount} {most.currency} a month"
            report.add("SL219", report.place("fleet.cost_max"), text, fix="publish less often", related=related)


def _link(contract: Contract, report: Report) -> None:
    rate = contract.fleet.link_rate
    if rate is None:
        return
    need = month_bytes(contract) * 8 * MS["s"] / MONTH_MS
    if need > rate * LINK_SHARE:
        text = (
            f"messages take {ceil(need)} bit/s of a link of {rate} bit/s, more than {LINK_SHARE:.0%}:"
            " after an outage the device would not catch up"
        )
        fix = "publish less often, sample less often, or take a faster link"
        report.add("SL220", report.place("fleet.link_rate"), text, fix=fix)


CHECKS = (
    (("fleet",), _recovery),
    (("fleet", "messages"), _messages_rate),
    (("fleet", "messages", "timing"), _data),
    (("fleet", "messages", "timing"), _link),
)
