"""What the gate says: stages, criteria, judgements with their evidence, answers to the seven questions, the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from seamline.contract.problems import Span


class Stage(StrEnum):
    """How far a product has come. Each stage asks what those before it ask, and more."""

    MAP = "map"
    BUILD = "build"
    HARDEN = "harden"
    LAUNCH = "launch"
    LOCK = "lock"

    @property
    def order(self) -> int:
        """Its place, from 0."""
        return list(Stage).index(self)

    @property
    def asks(self) -> str:
        """What it asks, in a line."""
        return ASKS[self]


ASKS: Final = {
    Stage.MAP: "owners named, seams mapped, every failure has a behaviour",
    Stage.BUILD: "the contract holds, codecs agree, budgets fit",
    Stage.HARDEN: "the bad days that the rig makes, over seeds",
    Stage.LAUNCH: "every bad day of the contract, and the storm of the whole fleet",
    Stage.LOCK: "what is in the field is frozen and unharmed",
}


class Outcome(StrEnum):
    """What became of a criterion."""

    PASSED = "passed"
    IN_PART = "passed in part"
    """What could be asked of it holds; a part of it nobody can ask yet."""
    FAILED = "failed"
    NOT_JUDGED = "not judged"
    NOT_APPLICABLE = "not applicable"
    """The contract itself rules out what is asked: nobody owes it."""


SELDOM: Final = frozenset({Outcome.IN_PART, Outcome.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was looked at. `place` is where a file says it, `code` the rule it is about, `replay` the line that repeats it."""

    text: str
    place: Span | None = None
    code: str = ""
    replay: str = ""

    @property
    def where(self) -> str:
        """`file:line:col`, or nothing."""
        return "" if self.place is None else str(self.place)

    def __str__(self) -> str:
        head = f"{self.where} " if self.place is not None else ""
        return f"{head}{f'{self.code} ' if self.code else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is asked: by an id that stays, at a stage, for the sake of one of the seven questions (1 to 7)."""

    id: str
    stage: Stage
    question: int
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A criterion's outcome. What passed has evidence, and what did not has a reason: the constructor refuses anything else."""

    criterion: Criterion
    outcome: Outcome
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    mend: str = ""
    """What would help here, where that is not the criterion's own remedy."""
    part: tuple[str, ...] = ()
    """What is missing, of what passed in part."""
    scale: str = ""
    """Of how many devices of the fleet it was asked: `8 of 20,000 devices`; empty where no device took part."""

    @property
    def holds(self) -> bool:
        """Whether nothing that was asked failed, and something was asked."""
        return self.outcome in {Outcome.PASSED, Outcome.IN_PART}

    @property
    def missing(self) -> str:
        """What is missing, in words; empty where nothing is."""
        return f"missing: {'; '.join(self.part)}" if self.part else ""

    @property
    def remedy(self) -> str:
        """What would help."""
        return self.mend or self.criterion.remedy

    def __post_init__(self) -> None:
        if self.holds and not self.evidence:
            raise ValueError(f"{self.criterion.id} would pass without evidence")
        if (self.outcome is Outcome.IN_PART) != bool(self.part):
            raise ValueError(f"{self.criterion.id} is {self.outcome}, and of it {len(self.part)} things are missing")
        if not self.holds and not self.reason:
            raise ValueError(f"{self.criterion.id} is {self.outcome} without a reason")


def passed(criterion: Criterion, *evidence: Evidence, part: tuple[str, ...] = ()) -> Judgement:
    """The criterion is met, but for `part`, which nobody can ask yet. Raises ValueError without evidence."""
    return Judgement(criterion, Outcome.IN_PART if part else Outcome.PASSED, evidence, part=part)


def failed(criterion: Criterion, reason: str, *evidence: Evidence) -> Judgement:
    """The criterion is not met."""
    return Judgement(criterion, Outcome.FAILED, evidence, reason)


def not_judged(criterion: Criterion, reason: str, *evidence: Evidence, mend: str = "") -> Judgement:
    """Nobody knows whether the criterion is met. Where its stage is asked for, that is not enough; `mend` says what to do first."""
    return Judgement(criterion, Outcome.NOT_JUDGED, evidence, reason, mend)


def not_applicable(criterion: Criterion, reason: str, *evidence: Evidence) -> Judgement:
    """The product cannot have what is asked, by its contract. That fails nothing, and proves nothing."""
    return Judgement(criterion, Outcome.NOT_APPLICABLE, evidence, reason)


class Standing(StrEnum):
    """How well a question is answered."""

    PROVEN = "proven"
    PARTLY = "proven in part"
    OPEN = "not proven yet"
    UNPROVABLE = "not provable yet"
    """Nothing of it exists in this version."""
    BROKEN = "fails"


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the seven questions: what the contract says (`says`), what was judged (`proof`), what cannot be proved yet (`open`)."""

    number: int
    question: str
    says: tuple[Evidence, ...]
    proof: tuple[Judgement, ...]
    open: tuple[str, ...] = ()
    is_absent: bool = False
    """What is open is all of it."""

    @property
    def failing(self) -> tuple[str, ...]:
        """The ids of the criteria that fail it."""
        return tuple(each.criterion.id for each in self.proof if each.outcome is Outcome.FAILED)

    @property
    def open_is(self) -> str:
        """How `open` is introduced: what fails was judged, what is open is another part of the question."""
        return "apart from what fails, not provable yet" if self.failing else "not provable yet"

    @property
    def standing(self) -> Standing:
        """A failure beats everything; proven needs every proof, and nothing open."""
        outcomes = [each.outcome for each in self.proof]
        if Outcome.FAILED in outcomes:
            return Standing.BROKEN
        if self.is_absent:
            return Standing.UNPROVABLE
        if not any(each.holds for each in self.proof):
            return Standing.OPEN
        whole = not self.open and not {Outcome.NOT_JUDGED, Outcome.IN_PART} & set(outcomes)
        return Standing.PROVEN if whole else Standing.PARTLY


@dataclass(frozen=True, slots=True)
class SeedRun:
    """One world: its seed, faults drawn, simulated hours of all devices, readings, whether every promise held, and its devices."""

    number: int
    faults: int
    device_hours: float
    readings: int
    held: bool
    devices: int = 0


@dataclass(frozen=True, slots=True)
class DayLine:
    """A bad day's worlds, beside its judgement."""

    name: str
    happens: str
    judgement: Judgement
    seeds: tuple[SeedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that was judged of one product, and whether it passes the stage that was asked for.

    `when` is a date or time as text, given by who asks; `command` repeats the verdict; `figures` are of the rig's runs; `system_map`
    is an SVG, empty where the contract could not be read.
    """

    product: str
    version: str
    summary: str
    stage: Stage
    judgements: tuple[Judgement, ...]
    answers: tuple[Answer, ...] = ()
    when: str = ""
    command: str = ""
    code: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    system_map: str = ""
    days: tuple[DayLine, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    """Caption and SVG of each further picture."""
    took: tuple[tuple[Stage, float], ...] = ()
    """Seconds of each stage that was asked, where a clock was given."""

    @property
    def reference(self) -> str:
        """`heater/1.3.0`."""
        return f"{self.product}/{self.version}"

    @property
    def passes(self) -> bool:
        """Whether everything that the stage demands has passed."""
        return not self.lacking

    @property
    def demanded(self) -> tuple[Judgement, ...]:
        """What counts at the stage that was asked for."""
        return tuple(each for each in self.judgements if each.criterion.stage.order <= self.stage.order)

    @property
    def lacking(self) -> tuple[Judgement, ...]:
        """What is demanded, is the product's to pass, and did not."""
        return tuple(each for each in self.demanded if not each.holds and each.outcome is not Outcome.NOT_APPLICABLE)

    @property
    def told(self) -> tuple[Outcome, ...]:
        """The outcomes to count for people: what passed in part or does not apply only where there is such a thing."""
        return tuple(each for each in Outcome if each not in SELDOM or self.count(each))

    def at(self, stage: Stage) -> tuple[Judgement, ...]:
        """The judgements of one stage."""
        return tuple(each for each in self.judgements if each.criterion.stage is stage)

    def count(self, outcome: Outcome) -> int:
        """How many of those demanded came out so."""
        return sum(each.outcome is outcome for each in self.demanded)
