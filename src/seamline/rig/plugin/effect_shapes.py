"""What each effect of a core carries, and what is wrong with one that carries something else."""

from __future__ import annotations

from typing import Final, cast

SHAPES: Final[dict[str, tuple[tuple[str, type], ...]]] = {
    "persist": (("key", str), ("data", bytes)),
    "forget": (("key", str),),
    "connect": (("will", bytes),),
    "close": (("reason", str),),
    "publish": (("kind", str), ("data", bytes)),
    "apply": (("setting", str), ("value", object), ("version", int)),
}
"""The parts after an effect's name."""
NEEDED: Final = {str: "a str is", bytes: "bytes are", int: "an int is"}


def fault_of(effect: object) -> str:
    """What is wrong with an effect, in words that follow it; empty: nothing."""
    if type(effect) is not tuple:
        return f"which is a {type(effect).__name__}; a tuple is needed"
    name, *parts = cast("tuple[object, ...]", effect) or (None,)
    shape = SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        return f"which is no effect; there are {', '.join(SHAPES)}"
    if len(parts) != len(shape):
        return f"with {len(parts)} of what follows its name; needed are {', '.join(part for part, _ in shape)}"
    for value, (part, kind) in zip(parts, shape, strict=True):
        if not isinstance(value, kind):
            return f"whose {part} is of type {type(value).__name__}; {NEEDED[kind]} needed"
    return ""
