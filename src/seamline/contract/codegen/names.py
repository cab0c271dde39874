"""Names in generated code: none is a word of the language, none is given twice, and each is the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_C99 = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while"
)
_C_LATER = "alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual"
_CPP = (
    "and and_eq asm bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl concept const_cast "
    "consteval constinit decltype delete dynamic_cast explicit export friend mutable namespace new noexcept not not_eq operator "
    "or or_eq private protected public reinterpret_cast requires static_cast template this throw try typeid typename using "
    "virtual wchar_t xor xor_eq"
)
_C_MACROS = "arm assert errno far huge i386 interrupt linux mips near offsetof setjmp sparc stderr stdin stdout unix"
"""What compilers and the headers of boards define in lower case."""
C_WORDS = frozenset(f"{_C99} {_C_LATER} {_CPP} {_C_MACROS}".split())
"""What no member of a struct may be called, in C and in C++ that includes the header."""


class Names:
    """Names of one scope. Whoever comes first gets the name as wanted, a later one with `_` behind it."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def claim(self, wanted: str) -> str:
        """Return `wanted`, with as many `_` behind it as make it free, and take it."""
        name = wanted
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def claim_all(self, wanted: Iterable[str], form: Callable[[str], str] = str) -> dict[str, str]:
        """Claim `form(each)` for each, in their order; return them by what they stand for."""
        return {each: self.claim(form(each)) for each in wanted}
