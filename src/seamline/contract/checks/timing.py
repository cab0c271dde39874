"""Waits of the two sides of a boundary: who gives up before whom."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from seamline.contract.checks.words import spoken

if TYPE_CHECKING:
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report

KEEP_ALIVE_GRACE = 1.5
"""A broker gives a connection up after one and a half keep-alives (MQTT 3.1.1 section 3.1.2.10)."""


def _answer_timeout(contract: Contract, report: Report) -> None:
    timing = contract.timing
    need_ms = timing.network_ms + timing.commit_budget_ms
    if timing.answer_timeout_ms > need_ms:
        return
    places = [(report.place("timing.commit_budget"), "the time the hub may take")]
    if "network" in timing.owners:
        places.append((report.place("timing.network"), "the time the network may take"))
    report.add(
        "SL203",
        report.place("timing.answer_timeout.value"),
        f"answer_timeout {spoken(timing.answer_timeout_ms)} does not exceed network {spoken(timing.network_ms)}"
        f" + commit_budget {spoken(timing.commit_budget_ms)}: the device gives up on answers that are on their way",
        fix=f"raise it above {spoken(need_ms)}, or lower the budgets",
        related=tuple(places),
    )


def _backoff(contract: Contract, report: Report) -> None:
    backoff = contract.backoff
    if backoff.cap_ms < backoff.base_ms:
        text = f"cap {spoken(backoff.cap_ms)} is below base {spoken(backoff.base_ms)}"
        report.add("SL207", report.place("backoff.cap"), text, fix="raise the cap: waits grow from base to cap")


def _reset_after(contract: Contract, report: Report) -> None:
    """A session that ended before its first answer was due proves nothing: the count of tries stays."""
    reset_ms, answer_ms = contract.backoff.reset_after_ms, contract.timing.answer_timeout_ms
    if reset_ms < answer_ms:
        text = (
            f"after {spoken(reset_ms)} a session counts as good, before the first answer is due (answer_timeout {spoken(answer_ms)}):"
            " with a hub that fails at once, every wait would start from base again"
        )
        related = ((report.place("timing.answer_timeout.value"), "how long an answer may take"),)
        report.add(
            "SL251", report.place("backoff.reset_after"), text, fix=f"reset_after: {spoken(answer_ms)} or more", related=related
        )


def _retries(contract: Contract, report: Report) -> None:
    """Layers that each try again multiply."""
    retries = [wait for wait in contract.timing.further.values() if wait.kind == "retry"]
    tries = prod(wait.attempts for wait in retries)
    if tries <= contract.fleet.tries_max:
        return
    factors = " x ".join(str(wait.attempts) for wait in retries)
    last = retries[-1]
    related = [
        (report.place(f"timing.{wait.name}.attempts"), f"{wait.attempts} tries of '{wait.owner}'") for wait in retries[:-1]
    ]
    report.add(
        "SL212",
        report.place(f"timing.{last.name}.attempts"),
        f"retries multiply: {factors} = {tries} tries of one action, more than {contract.fleet.tries_max} (fleet.tries_max)",
        fix="let one layer try again, and the others report the failure to it",
        related=tuple(related),
    )


def _idle(contract: Contract, report: Report) -> None:
    """What travels keeps a NAT's entry: the keep-alive, or the most frequent message if that is more often; no event does."""
    keep_alive_ms = contract.timing.keep_alive_ms
    publish_ms = contract.heartbeat_ms
    quiet_ms = min(keep_alive_ms, publish_ms)
    for wait in contract.timing.further.values():
        if wait.kind == "idle" and quiet_ms >= wait.value_ms:
            text = (
                f"nothing is sent for {spoken(quiet_ms)} (keep_alive {spoken(keep_alive_ms)}, messages every {spoken(publish_ms)}),"
                f" but '{wait.name}' forgets an idle connection after {spoken(wait.value_ms)}: the device would be deaf"
            )
            related = ((report.place(f"timing.{wait.name}.value"), "the idle time"),)
            fix = f"keep_alive below {spoken(wait.value_ms)}, with a margin"
            report.add("SL213", report.place("timing.keep_alive.value"), text, fix=fix, related=related)


def _fresh(contract: Contract, report: Report) -> None:
    """What is shown as current can be no younger than the way it takes."""
    timing = contract.timing
    presumed_ms = timing.presumed_lost_publishes * contract.heartbeat_ms
    gone_ms, gone_path = min(
        (int(timing.keep_alive_ms * KEEP_ALIVE_GRACE), "timing.keep_alive.value"), (presumed_ms, "timing.presumed_lost.after")
    )
    for consumer in contract.consumers.values():
        if consumer.fresh_ms is None:
            continue
        ways = [("state", gone_ms, f"a device that is gone is noticed after {spoken(gone_ms)}", gone_path)]
        for message in contract.messages.values():
            ms = message.publish_every_ms + timing.network_ms + timing.commit_budget_ms
            sum_ = f"{spoken(message.publish_every_ms)} + {spoken(timing.network_ms)} + {spoken(timing.commit_budget_ms)}"
            text = f"'{message.name}' is up to {sum_} = {spoken(ms)} old when it is stored"
            ways.append((message.name, ms, text, f"messages.{message.name}.publish.every"))
        for name, ms, why, path in ways:
            if name in consumer.reads and ms > consumer.fresh_ms:
                place = report.place(f"consumers.{consumer.name}.fresh")
                related = ((report.place(path), "what makes it old"),)
                text = f"'{consumer.name}' shows nothing older than {spoken(consumer.fresh_ms)} as current, but {why}"
                report.add("SL214", place, text, fix=f"fresh: {spoken(ms)}, or publish more often", related=related)


def _presumed_lost(contract: Contract, report: Report) -> None:
    """One lost message must not make a device lost: it comes again after an answer timeout and a new connection."""
    timing = contract.timing
    every_ms = contract.heartbeat_ms
    waits_ms = timing.answer_timeout_ms + timing.connect_timeout_ms
    need_ms = every_ms + waits_ms
    presumed_ms = timing.presumed_lost_publishes * every_ms
    if presumed_ms <= need_ms:
        text = (
            f"a device is presumed lost after {timing.presumed_lost_publishes} x {spoken(every_ms)} = {spoken(presumed_ms)}, but one"
            f" message that is sent again takes {spoken(every_ms)} + answer_timeout {spoken(timing.answer_timeout_ms)}"
            f" + connect_timeout {spoken(timing.connect_timeout_ms)} = {spoken(need_ms)}"
        )
        related = ((report.place("timing.answer_timeout.value"), "how long the device waits before it tries again"),)
        fix = f"after: {need_ms // every_ms + 1} publishes"
        report.add("SL234", report.place("timing.presumed_lost.after"), text, fix=fix, related=related)


def _outlasted(contract: Contract, report: Report) -> None:
    """Nobody waits longer than the buffer lasts: for a back-off, or for a busy cloud."""
    outage_ms = contract.buffer.outage_ms
    related = ((report.place("buffer.outage"), "what the buffer bridges"),)
    cap_ms = contract.backoff.cap_ms
    if cap_ms >= outage_ms:
        text = f"one wait of {spoken(cap_ms)} is not below the outage of {spoken(outage_ms)}: records are dropped while it lasts"
        fix = "lower the cap: minutes are enough to spare a cloud that is down"
        report.add("SL242", report.place("backoff.cap"), text, fix=fix, related=related)
    if contract.busy is not None and contract.busy.wait_max_ms >= outage_ms:
        text = f"a busy cloud may ask for {spoken(contract.busy.wait_max_ms)}, not below the outage of {spoken(outage_ms)}"
        fix = "lower wait_max, or bridge a longer outage"
        report.add("SL241", report.place("busy.wait_max"), text, fix=fix, related=related)


def _boundary_budgets(contract: Contract, report: Report) -> None:
    """On one boundary, who waits must be more patient than those he waits for are slow."""
    waits = contract.timing.further.values()
    for wait in waits:
        budgets = [other for other in waits if other.kind == "budget" and other.boundary == wait.boundary]
        need_ms = sum(other.value_ms for other in budgets)
        if wait.kind == "timeout" and wait.value_ms <= need_ms:
            names = " + ".join(f"{other.name} {spoken(other.value_ms)}" for other in budgets)
            total = f" = {spoken(need_ms)}" if len(budgets) > 1 else ""
            text = f"{wait.name} {spoken(wait.value_ms)} does not exceed {names}{total} on '{wait.boundary}'"
            related = tuple((report.place(f"timing.{other.name}.p99"), f"a budget of '{other.owner}'") for other in budgets)
            fix = f"raise it above {spoken(need_ms)}, or lower the budgets"
            report.add("SL245", report.place(f"timing.{wait.name}.value"), text, fix=fix, related=related)


def _delivery(contract: Contract, report: Report) -> None:
    """A command waits for a sleeping device, and for a dead connection to be noticed and opened again."""
    timing = contract.timing
    parts = [
        ("sleep", 0 if contract.power is None else contract.power.deaf_ms()),
        ("keep_alive", timing.keep_alive_ms),
        ("answer_timeout", timing.answer_timeout_ms),
        ("connect_timeout", timing.connect_timeout_ms),
        ("network", timing.network_ms),
        ("commit_budget", timing.commit_budget_ms),
    ]
    need_ms = sum(ms for _, ms in parts)
    path = " + ".join(f"{name} {spoken(ms)}" for name, ms in parts if ms)
    for command in contract.commands.values():
        if command.deadline_ms < need_ms:
            text = f"'{command.name}' expires after {spoken(command.deadline_ms)}, its way takes up to {path} = {spoken(need_ms)}"
            related = ((report.place("timing.keep_alive.value"), "how late a dead connection is noticed"),)
            fix = f"deadline: {spoken(need_ms)}, or a shorter keep_alive"
            report.add("SL227", report.place(f"commands.{command.name}.deadline"), text, fix=fix, related=related)


def _twin(contract: Contract, report: Report) -> None:
    """A property can be confirmed before it is called unconfirmed, and before it expires."""
    timing = contract.timing
    asleep_ms = 0 if contract.power is None else contract.power.deaf_ms()
    need_ms = asleep_ms + 2 * timing.network_ms + timing.commit_budget_ms
    for item in contract.state.values():
        confirm_ms, expires_ms = item.confirm_within_ms, item.expires_ms
        place = report.place(f"state.{item.name}.confirm_within")
        if confirm_ms is not None and confirm_ms < need_ms:
            sleep = f"sleep {spoken(asleep_ms)} + " if asleep_ms else ""
            text = (
                f"'{item.name}' is to be confirmed within {spoken(confirm_ms)}, but there and back takes {sleep}"
                f"2 x network {spoken(timing.network_ms)} + commit_budget {spoken(timing.commit_budget_ms)} = {spoken(need_ms)}"
            )
            report.add("SL236", place, text, fix=f"confirm_within: {spoken(need_ms)} or more")
        elif confirm_ms is not None and expires_ms is not None and expires_ms <= confirm_ms:
            text = f"'{item.name}' expires after {spoken(expires_ms)}, within the {spoken(confirm_ms)} it has to be confirmed"
            related = ((place, "the time for the confirmation"),)
            fix = f"expires: more than {spoken(confirm_ms)}"
            report.add("SL236", report.place(f"state.{item.name}.expires"), text, fix=fix, related=related)


CHECKS = (
    (("timing",), _answer_timeout),
    (("timing", "boundaries"), _boundary_budgets),
    (("timing", "fleet"), _retries),
    (("timing", "messages"), _idle),
    (("timing", "messages"), _presumed_lost),
    (("timing", "messages", "consumers"), _fresh),
    (("timing", "power", "commands"), _delivery),
    (("timing", "power", "state"), _twin),
    (("backoff",), _backoff),
    (("backoff", "timing"), _reset_after),
    (("backoff", "busy", "buffer"), _outlasted),
)
