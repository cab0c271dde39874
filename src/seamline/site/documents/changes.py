"""What two designs differ in, thing by thing, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from seamline.site.documents.summary import SECTIONS, Fields, Figure, Summary

SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is only in the second, only in the first, or different: `fields` with before and after."""

    section: str
    kind: Literal["added", "removed", "changed"]
    what: str
    fields: tuple[tuple[str, Figure, Figure], ...]

    def __str__(self) -> str:
        return f"{SIGNS[self.kind]} {self.what}: {', '.join(self.told())}"

    def told(self) -> Iterator[str]:
        """The fields in words; of what is new or gone those that say something."""
        for name, before, after in self.fields:
            if name in {"unit", "currency"} and self.kind == "changed":
                continue
            if self.kind == "changed":
                yield f"{spoken(name)} {figure(name, before)} -> {figure(name, after)}{gained(name, before, after)}"
            elif (value := after if self.kind == "added" else before) is not None and value is not False and value != "":
                yield f"{spoken(name)} {figure(name, value)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, and the total of both; `cents` is what the second costs more, None where they are in two currencies."""

    changes: tuple[Change, ...]
    before_cents: int
    after_cents: int
    currency: str
    comparable: bool
    at_least: bool

    @property
    def cents(self) -> int | None:
        """What the second costs more than the first."""
        return self.after_cents - self.before_cents if self.comparable else None

    @property
    def verdict(self) -> str:
        """The cost of the change, in words."""
        if self.cents is None:
            return "the two are in different currencies: what the change costs is not known"
        known = " (parts without a price are not in it)" if self.at_least else ""
        if self.cents == 0:
            return f"it costs the same{known}"
        way = "more" if self.cents > 0 else "less"
        told = ", ".join(f"{word} {money(cents)}" for word, cents in (("before", self.before_cents), ("after", self.after_cents)))
        return f"it costs {money(abs(self.cents))} {self.currency} {way}: {told}{known}"

    def lines(self) -> Iterator[str]:
        """Everything in words, section by section."""
        for section in SECTIONS:
            found = [change for change in self.changes if change.section == section]
            if found and section != "total":
                yield section
                yield from (f"  {change}" for change in found)
        yield self.verdict if self.changes else "no difference in any figure"

    def as_json(self) -> dict[str, object]:
        """Everything as JSON."""
        changes = [
            {
                "section": change.section,
                "kind": change.kind,
                "what": change.what,
                "fields": {name: [before, after] for name, before, after in change.fields},
            }
            for change in self.changes
        ]
        return {
            "changes": changes,
            "before_cents": self.before_cents,
            "after_cents": self.after_cents,
            "cents": self.cents,
            "currency": self.currency,
            "at_least": self.at_least,
        }


def difference(first: Summary, second: Summary) -> Difference:
    """What the second has that the first has not, and so on; sections and things in their order."""
    found = [change for section in SECTIONS for change in changes_of(section, first, second)]
    before, after = first["total"].get("all", {}), second["total"].get("all", {})
    return Difference(
        changes=tuple(found),
        before_cents=cents_of(before),
        after_cents=cents_of(after),
        currency=str(after.get("currency", "")),
        comparable=before.get("currency") == after.get("currency"),
        at_least=bool(before.get("at_least") or after.get("at_least")),
    )


def cents_of(fields: Fields) -> int:
    """The total of a summary."""
    value = fields.get("cents")
    return value if isinstance(value, int) else 0


def changes_of(section: str, first: Summary, second: Summary) -> Iterator[Change]:
    """The changes of one section."""
    before, after = first[section], second[section]
    for what in dict.fromkeys((*before, *after)):
        old, new = before.get(what), after.get(what)
        if old is None and new is not None:
            yield Change(section, "added", what, tuple((name, None, value) for name, value in new.items()))
        elif new is None and old is not None:
            yield Change(section, "removed", what, tuple((name, value, None) for name, value in old.items()))
        elif old is not None and new is not None:
            names = dict.fromkeys((*old, *new))
            fields = tuple((name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))
            if fields:
                yield Change(section, "changed", what, fields)


UNITS: Final = {"_m2": "m²", "_m": "m", "_deg": "deg", "_db": "dB", "_wh": "Wh", "_d": "d"}
PLAIN: Final = {"x": "m", "y": "m", "metres": "m"}


def spoken(name: str) -> str:
    """A field's name in words."""
    if name in {"price_cents", "cents", "left_cents"}:
        return {"price_cents": "price", "cents": "together", "left_cents": "left"}[name]
    for ending in (*UNITS, "_share"):
        if name.endswith(ending) and ending != "_share":
            return name.removesuffix(ending).replace("_", " ")
    return name.replace("_", " ")


def figure(name: str, value: Figure) -> str:
    """A field's value with its unit."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or "none"
    if name.endswith("cents"):
        return money(int(value))
    if name.endswith("share"):
        return f"{value * 100:.4g} %"
    unit = PLAIN.get(name) or next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")
    return f"{value:.8g} {unit}".rstrip()


def gained(name: str, before: Figure, after: Figure) -> str:
    """How much more it is, for money and areas."""
    if not isinstance(before, (int, float)) or not isinstance(after, (int, float)) or not name.endswith(("_m2", "cents")):
        return ""
    more = after - before
    told = money(abs(int(more))) if name.endswith("cents") else f"{abs(more):.4g}"
    return f" ({'+' if more > 0 else '-'}{told})"


def money(cents: int) -> str:
    """Cents with a decimal point."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
