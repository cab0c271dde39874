"""Records, frames and the growth of layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.checks.words import rounded, spoken
from seamline.contract.limits import FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES
from seamline.contract.scalars import version_key

if TYPE_CHECKING:
    from seamline.contract.model import Contract, Message
    from seamline.contract.problems import Report

SEQUENCES = 1 << 32
"""A sequence is a u32 in each boot and channel (docs/wire.md)."""


def _messages(contract: Contract, report: Report) -> None:
    for message in contract.messages.values():
        _frame(message, report)
        _expiry(message, report)


def _frame(message: Message, report: Report) -> None:
    size = message.batch_max * message.layout.record_bytes + FRAME_OVERHEAD_BYTES
    if size > FRAME_BYTES_MAX:
        fits = (FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES) // message.layout.record_bytes
        text = f"{message.batch_max} records of {message.layout.record_bytes} bytes make a frame of {size} bytes"
        place = report.place(f"messages.{message.name}.publish.batch_max")
        report.add("SL204", place, f"{text}, more than {FRAME_BYTES_MAX}", fix=f"batch_max: {fits}")


def _expiry(message: Message, report: Report) -> None:
    if message.expires_ms is not None and message.expires_ms <= message.publish_every_ms:
        text = f"records expire after {spoken(message.expires_ms)}, before they are published"
        place = report.place(f"messages.{message.name}.publish.expires")
        report.add("SL211", place, text, fix=f"expires: more than {spoken(message.publish_every_ms)}")


def _heartbeat(contract: Contract, report: Report) -> None:
    if contract.messages and all(message.at_most is not None for message in contract.messages.values()):
        text = "every message waits for an event: a quiet day and a dead device look the same"
        fix = "add a message with a period, such as 'vitals: {id: 9, standard: vitals/1, publish: {every: 15 min}}'"
        report.add("SL249", report.place("messages"), text, fix=fix)


def _events(contract: Contract, report: Report) -> None:
    outage_ms = contract.buffer.outage_ms
    for message in contract.messages.values():
        if message.at_most is not None and message.expires_ms is not None and message.expires_ms < outage_ms:
            text = (
                f"events of '{message.name}' expire after {spoken(message.expires_ms)}, within the outage of {spoken(outage_ms)}"
                " that the buffer bridges: they would be kept, and given up on the way"
            )
            place = report.place(f"messages.{message.name}.publish.expires")
            related = ((report.place("buffer.outage"), "what the buffer bridges"),)
            report.add("SL250", place, text, fix=f"expires: {spoken(outage_ms)} or more, or remove it", related=related)


def _growth(contract: Contract, report: Report) -> None:
    """Fields with `since` come last, in the order of their versions, none from the future."""
    now = version_key(contract.version)
    for message in contract.messages.values():
        latest, before = (0, 0, 0), ""
        for field in message.layout.fields:
            since = (0, 0, 0) if field.since is None else version_key(field.since)
            if since > now:
                place = report.place(f"messages.{message.name}.fields.{field.name}")
                text = f"'{field.name}' is since {field.since}, but this is {contract.version}"
                report.add("SL209", place, text, fix=f"since: {contract.version}")
            if since < latest:
                place = report.place(f"messages.{message.name}.fields.{field.name}")
                text = f"'{field.name}' stands after '{before}', which is newer"
                report.add("SL210", place, text, fix="append new fields at the end: trailing fields are the only growth")
            else:
                latest, before = since, field.name


def _sequence(contract: Contract, report: Report) -> None:
    """A number must not come back while its first record is still asked for."""
    for message in contract.messages.values():
        wrap_ms = SEQUENCES * message.sample_ms
        kept = [(contract.buffer.outage_ms, "buffer.outage", "the outage that is bridged")]
        kept += [
            (consumer.window_ms, f"consumers.{consumer.name}.window", f"what '{consumer.name}' looks back on")
            for consumer in contract.consumers.values()
            if message.name in consumer.reads and consumer.window_ms is not None
        ]
        longest_ms, path, note = max(kept)
        if wrap_ms <= longest_ms:
            path_of = "sample" if message.at_most is None else "at_most"
            text = (
                f"a sequence of 2^32 records, one every {spoken(message.sample_ms)}, starts again after {rounded(wrap_ms)},"
                f" within {spoken(longest_ms)}: two records of '{message.name}' would be one"
            )
            place = report.place(f"messages.{message.name}.{path_of}")
            fix = "sample less often, or put several samples into one record"
            report.add("SL216", place, text, fix=fix, related=((report.place(path), note),))


CHECKS = (
    (("messages",), _messages),
    (("messages",), _heartbeat),
    (("messages", "buffer"), _events),
    (("", "messages"), _growth),
    (("messages", "buffer", "consumers"), _sequence),
)
