"""What a board said on its console, kept as the truth to hold the hub against; and what it did that it should not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from seamline.contract import Contract, Layout
from seamline.contract.layout import OFFSET_BYTES, LayoutError
from seamline.rig.board.errors import LinesLostError, StrangerError
from seamline.rig.board.lines import Booted, Hello, Numbered, Said, Torn, parse
from seamline.rig.board.manners import Manners, Pace
from seamline.rig.truth import DeviceTruth, Stream, StreamKey

LINES: Final = 1
"""The version of the lines that is read here."""
BUCKET_MS: Final = 60_000
"""The clock offset is found anew in each minute of uptime: 100 ppm of drift are 6 ms in it."""
DRAINED: Final = frozenset({"sent", "dial", "closed", "declared"})
"""Words that are said before the effects of the call before are carried out: they prove nothing about it."""


@dataclass(slots=True)
class Boot:
    """One boot as the console told it. `ahead_ms`: by minute of uptime, the least (Unix time of reading a line - its uptime)."""

    incarnation: int
    boot: int
    reset: str
    ahead_ms: dict[int, int] = field(default_factory=dict[int, int])
    unproved: list[tuple[Stream, int]] = field(default_factory=list[tuple[Stream, int]])
    """Records whose line is the last one: their effects may not have been carried out."""
    records: int = 0
    last_ms: int = 0
    """Uptime of the last line."""

    def note(self, at_ms: int, read_ms: int) -> None:
        """A line said at uptime `at_ms` was read at `read_ms`: the least difference is the clock's offset, the rest is the line's delay."""
        self.last_ms = at_ms
        minute, ahead_ms = at_ms // BUCKET_MS, read_ms - at_ms
        self.ahead_ms[minute] = min(ahead_ms, self.ahead_ms.get(minute, ahead_ms))

    def unix_ms(self, at_ms: int) -> int:
        """The Unix time at an uptime, by the fastest line of that minute and its neighbours."""
        minute = at_ms // BUCKET_MS
        near = [self.ahead_ms[each] for each in (minute - 1, minute, minute + 1) if each in self.ahead_ms]
        return at_ms + min(near or self.ahead_ms.values())


class Witness:
    """Hears every line of one board's console."""

    def __init__(self, device: str, contracts: Mapping[str, Contract]) -> None:
        """`contracts`: those the board may run, by reference (`heater/1.3.0`); its hello says which."""
        self.truth = DeviceTruth(device)
        self.truth.begun = {}
        self.manners: Manners | None = None
        self.contract: Contract | None = None
        self.hello: Hello | None = None
        self.boots: list[Boot] = []
        self.counts: dict[str, int] = {}
        """Lines by word; `torn` and `other` are those that say nothing."""
        self.held: int | None = None
        """Records the board keeps, by its last word; None after anything that may have changed it."""
        self.live = False
        """Whether the board has said in this boot that the hub answered, and no end since."""
        self.expect_erased = False
        """Whether the next incarnation may be a new one."""
        self.noise = ""
        """The last line that was not ours: often a traceback's."""
        self.problems: list[str] = []
        self._contracts = contracts
        self._layouts: Mapping[int, Layout] = {}
        self._lost = ""
        self._garbled = False
        """Whether a line since the boot's beginning was not whole: it may have been the next boot's."""

    @property
    def boot(self) -> Boot | None:
        """The running or last boot."""
        return self.boots[-1] if self.boots else None

    def heard(self, text: str, read_ms: int) -> None:
        """Take one line, read at this Unix time. Raises StrangerError for a board that is not the one meant."""
        said = parse(text)
        match said:
            case None:
                if text.strip():
                    self.noise = text.strip()
                    self._count("other")
            case Torn():
                self._garbled = True
                self._count("torn")
            case Hello():
                self._count("hello")
                self._introduced(said)
            case Booted():
                self._count("boot")
                if self.hello is None:
                    return  # its hello was garbled: it is told to say it again
                self._booted(said)
                self._timed(said.at_ms, read_ms)
            case Numbered():
                self._count("numbered")
                if self._timed(said.at_ms, read_ms):
                    self._numbered(said, read_ms)
            case Said():
                self._count(said.word)
                if self._timed(said.at_ms, read_ms):
                    self._said(said)

    def settle(self) -> DeviceTruth:
        """The truth, dated by the fastest lines. Raises LinesLostError when the console does not tell all of it."""
        if self._lost:
            raise LinesLostError(
                f"the console lost lines: {self._lost}; use a lower --baud, a better cable, or an adapter with power of its own"
            )
        by_key = {(boot.incarnation, boot.boot): boot for boot in self.boots}
        for key, stream in self.truth.streams.items():
            boot = by_key[key.incarnation, key.boot]
            for index, at_ms in enumerate(stream.uptime_ms):
                stream.true_ms[index] = boot.unix_ms(at_ms)
        for boot in self.boots[:-1]:
            for stream, sequence in boot.unproved:
                stream.unsure = min(sequence, sequence if stream.unsure is None else stream.unsure)
        return self.truth

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _introduced(self, hello: Hello) -> None:
        if hello.lines != LINES:
            raise StrangerError(
                f"the board speaks version {hello.lines} of the console's lines, this Seamline reads {LINES}: "
                "put the same Seamline onto both"
            )
        if hello.device != self.truth.device:
            raise StrangerError(
                f"the board says that it is {hello.device}, not {self.truth.device}: name it with --device, or plug in the other"
            )
        contract = self._contracts.get(hello.contract)
        if contract is None:
            raise StrangerError(
                f"the board runs {hello.contract}, --contract has {', '.join(self._contracts)}: "
                "flash the board with one of these, or name the folder that has the board's"
            )
        if self.hello is None:
            self.contract = contract
            self.manners = Manners(Pace.of(contract))
            self._layouts = {message.id: message.layout for message in contract.messages.values()}
        elif hello.contract != self.hello.contract:
            raise StrangerError(
                f"the board began as {self.hello.contract} and now runs {hello.contract}: a run is about one firmware"
            )
        self.hello = hello

    def _booted(self, said: Booted) -> None:
        before = self.boot
        if before is not None and (before.incarnation, before.boot) == (said.incarnation, said.boot):
            self._booted_again(before, said)
            return
        self.live = self._garbled = False
        self.held = None
        known = self.truth.begun or {}
        if before is not None and said.incarnation == before.incarnation and said.boot < before.boot:
            self._problem(f"boot {said.boot} of incarnation {said.incarnation:08x} comes after boot {before.boot}")
        if before is not None and said.incarnation != before.incarnation:
            if not self.expect_erased:
                self._problem(
                    f"incarnation {said.incarnation:08x} comes after {before.incarnation:08x}, and nobody erased the flash"
                )
            self.expect_erased = False
        # Of an incarnation that begins under our eyes all is known: it counts its boots from 1.
        self.truth.begun = {said.incarnation: said.boot} | known
        self.boots.append(Boot(said.incarnation, said.boot, said.reset))
        if self.manners is not None:
            self.manners.booted(said.at_ms)

    def _booted_again(self, boot: Boot, said: Booted) -> None:
        """The boot we know: said again because we asked, or begun anew by a power that went before its number was kept."""
        if said.at_ms >= boot.last_ms:
            self._proved()
            return
        if boot.records:
            self._problem(f"boot {said.boot} of incarnation {said.incarnation:08x} began twice")
        self.live = False
        boot.ahead_ms.clear()
        boot.last_ms = 0
        if self.manners is not None:
            self.manners.booted(said.at_ms)

    def _timed(self, at_ms: int, read_ms: int) -> bool:
        """Note how late the line came; False before the first boot, when nothing can be understood."""
        if self.boot is not None:
            self.boot.note(at_ms, read_ms)
        return self.boot is not None

    def _numbered(self, said: Numbered, read_ms: int) -> None:
        boot = self.boots[-1]
        self.held = None
        layout = self._layouts.get(said.channel)
        if layout is None:
            raise StrangerError(f"the board fills channel {said.channel}, which its contract does not have")
        key = StreamKey(boot.incarnation, boot.boot, said.channel)
        stream = self.truth.stream(key, layout, self.contract.version if self.contract is not None else "")
        if said.sequence < stream.numbered and self._garbled:
            self._lost = self._lost or f"a line after boot {boot.boot} began was garbled, perhaps the next boot's first"
            return
        if said.sequence < stream.numbered:
            self._problem(f"channel {said.channel} gave number {said.sequence} twice in boot {boot.boot}")
            return
        if said.sequence > stream.numbered:
            self._lost = self._lost or (
                f"records {stream.numbered} to {said.sequence - 1} of channel {said.channel} in boot {boot.boot} were never said"
            )
            return
        self._proved()
        stream.append(said.at_ms, read_ms, _body(said, layout))
        boot.records += 1
        boot.unproved.append((stream, said.sequence))

    def _said(self, said: Said) -> None:
        if said.word not in DRAINED:
            self._proved()
        match said.word:
            case "declared":
                boot = self.boots[-1]
                self.truth.declared[boot.incarnation, boot.boot] = said.number
            case "held":
                self.held = said.number
            case "live":
                self.live = True
            case "ended" | "closed" | "failed":
                self.live = False
            case _:
                pass
        if self.manners is not None:
            self.manners.heard(said.word, said.at_ms, said.number)

    def _proved(self) -> None:
        """A line of a later call: everything that followed from the records before has been carried out."""
        self.boots[-1].unproved.clear()

    def _count(self, word: str) -> None:
        self.counts[word] = self.counts.get(word, 0) + 1

    def _problem(self, text: str) -> None:
        self.problems.append(text)


def _body(said: Numbered, layout: Layout) -> bytes:
    """The record's bytes, as the contract packs what was said. Raises StrangerError for what it cannot mean."""
    why = ""
    try:
        body = layout.pack(said.values) if said.values is not None else said.body or b""
    except LayoutError as error:
        why, body = str(error), b""
    else:
        wanted = layout.record_bytes - OFFSET_BYTES
        if len(body) != wanted:
            why = f"a body of {len(body)} bytes; {wanted} are needed"
    if why:
        raise StrangerError(
            f"the board numbered a record of channel {said.channel} that the contract does not allow: {why}; "
            "was its firmware generated from this version?"
        )
    return body
