"""Hold the device core to what MicroPython can run: `python tools/device_lint.py PATH…`, one finding a line.

A finding is `file:line:col CODE message`. Exit code 0: none; 1: some; 2: a path that is no Python source.

    DL1  imports        only struct, json, hashlib.sha256, binascii, collections, array, heapq, errno, math and own modules
    DL2  syntax         MicroPython's compiler refuses it, or takes it and does something else
    DL3  whole numbers  floats are 32 bits wide on an ESP32: none at all
    DL4  library        a name that MicroPython does not have, or has with other behaviour
    DL5  order          dictionaries keep no order and sorts are unstable there
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODULES = frozenset({"struct", "json", "hashlib", "binascii", "collections", "array", "heapq", "errno", "math"})
"""What may be imported: both interpreters have it, and it does what it says on both."""
SHIM_MODULES = frozenset({"micropython", "deflate", "zlib"})
"""What compat.py alone may import, behind a try."""
SHIM_NAME = "compat.py"
DECORATORS = frozenset({"property", "staticmethod", "classmethod"})
NAMES = {
    "aiter": "async iteration is missing",
    "anext": "async iteration is missing",
    "ascii": "is missing",
    "breakpoint": "is missing",
    "complex": "gives floats",
    "float": "gives floats, 32 bits wide on an ESP32",
    "format": "is missing; use an f-string",
    "input": "reaches for the outside: the core is sans-IO",
    "open": "reaches for the outside: the core is sans-IO",
    "print": "reaches for the outside: the core is sans-IO",
    "vars": "is missing",
}
METHODS = {
    "bit_count": "is missing",
    "bit_length": "is missing",
    "capitalize": "is missing",
    "casefold": "is missing",
    "expandtabs": "is missing",
    "format_map": "is missing",
    "hexdigest": "is missing; use digest().hex()",
    "isalnum": "is missing",
    "isascii": "is missing",
    "isdecimal": "is missing",
    "isidentifier": "is missing",
    "isnumeric": "is missing",
    "isprintable": "is missing",
    "ljust": "is missing; use an f-string's width",
    "maketrans": "is missing",
    "removeprefix": "is missing; use a slice",
    "removesuffix": "is missing; use a slice",
    "rjust": "is missing; use an f-string's width",
    "swapcase": "is missing",
    "title": "is missing",
    "translate": "is missing",
    "zfill": "is missing; use an f-string's width",
    "__cause__": "is missing",
    "__context__": "is missing",
    "__dict__": "cannot be relied on",
    "__init_subclass__": "is never called",
    "__set_name__": "is never called",
    "__traceback__": "is missing",
}
QUALIFIED = {
    ("struct", "Struct"): "is missing; use pack and unpack_from",
    ("json", "dumps"): "writes keys in another order; use control.write",
    ("json", "dump"): "writes keys in another order; use control.write",
    ("json", "JSONDecodeError"): "is missing; it is a ValueError",
    ("collections", "Counter"): "is missing",
    ("collections", "defaultdict"): "is missing",
    ("collections", "ChainMap"): "is missing",
    ("heapq", "merge"): "is missing",
    ("heapq", "nlargest"): "is missing",
    ("heapq", "nsmallest"): "is missing",
    ("heapq", "heappushpop"): "is missing",
    ("heapq", "heapreplace"): "is missing",
}
SYNTAX: dict[type[ast.AST], str] = {
    ast.Match: "match is a syntax error",
    ast.TryStar: "except* is a syntax error",
    ast.AsyncFor: "async for is not for a core that never awaits",
    ast.AsyncWith: "async with is not for a core that never awaits",
    ast.AsyncFunctionDef: "a core never awaits",
    ast.Await: "a core never awaits",
}
GENERIC_TYPES = frozenset({"dict", "list", "set", "frozenset", "tuple", "type"})
VALUE_TYPES = frozenset({"int", "str", "bytes", "bool", "bytearray", "memoryview", "object"}) | GENERIC_TYPES
ORDERLESS = frozenset({"sorted", "set", "frozenset", "len", "sum", "min", "max", "any", "all"})
"""What may take a dictionary's items in any order without showing it."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One line that MicroPython would not run, or would run otherwise."""

    file: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        """`file:line:col CODE message`."""
        return f"{self.file}:{self.line}:{self.column} {self.code} {self.message}"


def lint(source: str, file: str) -> list[Finding]:
    """Return the findings in one module's source, sorted. Raises SyntaxError when it is no Python."""
    checker = _Checker(file)
    checker.visit(ast.parse(source, file))
    return sorted(checker.findings)


class _Checker(ast.NodeVisitor):
    """Walks a module; annotations and `if TYPE_CHECKING:` blocks are never evaluated and so are free."""

    def __init__(self, file: str) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._is_shim = Path(file).name == SHIM_NAME
        self._unordered: set[ast.AST] = set()
        self._functions: set[str] = set()

    def _find(self, node: ast.AST, code: str, message: str) -> None:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.findings.append(Finding(self._file, line, column, code, message))

    def generic_visit(self, node: ast.AST) -> None:
        """Report what is forbidden wherever it stands."""
        if type(node) in SYNTAX:
            self._find(node, "DL201", SYNTAX[type(node)])
        self._check_type_parameters(node)
        super().generic_visit(node)

    def _check_type_parameters(self, node: ast.AST) -> None:
        """Parsers before 3.12 refuse them by themselves."""
        if getattr(node, "type_params", None):
            self._find(node, "DL202", "type parameters are a syntax error")

    def visit_Module(self, node: ast.Module) -> None:
        self._functions = {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check_module(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level > 1:
            self._find(node, "DL102", "imports go down only: nothing above the device core")
        if node.level == 0:
            self._check_module(node, node.module or "")
            for alias in node.names:
                self._check_member(node, node.module or "", alias.name)
        if any(alias.name == "*" for alias in node.names):
            self._find(node, "DL103", "name what you import")

    def _check_module(self, node: ast.AST, name: str) -> None:
        allowed = MODULES | SHIM_MODULES if self._is_shim else MODULES
        if name not in allowed:
            self._find(node, "DL101", f"{name} is not for the device core; allowed: {', '.join(sorted(MODULES))}")

    def _check_member(self, node: ast.AST, module: str, name: str) -> None:
        if module == "hashlib" and name not in {"sha256", "*"}:
            self._find(node, "DL401", f"hashlib.{name}: only sha256 is everywhere")
        elif (module, name) in QUALIFIED:
            self._find(node, "DL401", f"{module}.{name} {QUALIFIED[module, name]}")

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for child in node.orelse:
                self.visit(child)
            return
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._check_type_parameters(node)
        if node.args.posonlyargs:
            self._find(node, "DL203", "positional-only arguments are a syntax error")
        for decorator in node.decorator_list:
            setter = isinstance(decorator, ast.Attribute) and decorator.attr == "setter"
            if not setter and not (isinstance(decorator, ast.Name) and decorator.id in DECORATORS):
                self._find(decorator, "DL204", f"only {', '.join(sorted(DECORATORS))} decorate here")
        if node.name in METHODS:
            self._find(node, "DL401", f"{node.name} {METHODS[node.name]}")
        for default in [*node.args.defaults, *[default for default in node.args.kw_defaults if default]]:
            self.visit(default)
        for child in node.body:
            self.visit(child)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.keywords:
            self._find(node, "DL205", "metaclasses and class keywords do not work")
        if node.decorator_list:
            self._find(node, "DL204", "classes are not decorated here")
        if len(node.bases) > 1:
            self._find(node, "DL206", "several bases have another resolution order there")
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        if len(node.items) > 1:
            self._find(node, "DL207", "one manager a with: the parenthesised form is a syntax error")
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        if None in node.keys:
            self._find(node, "DL208", "{**a} is a syntax error; use update")
        self.generic_visit(node)

    def _check_elements(self, node: ast.List | ast.Tuple | ast.Set) -> None:
        if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            for element in node.elts:
                if isinstance(element, ast.Starred):
                    self._find(element, "DL209", "[*a] is a syntax error; use + or extend")
        self.generic_visit(node)

    visit_List = visit_Tuple = visit_Set = _check_elements  # noqa: N815  # names that NodeVisitor looks for

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self._find(node.target, "DL201", "async comprehensions are a syntax error")
        self._check_order(node.iter)
        self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> None:
        if node.step is not None:
            self._find(node, "DL210", "a slice with a step raises NotImplementedError")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.value, ast.Name) and node.value.id in GENERIC_TYPES:
            self._find(node, "DL211", f"{node.value.id}[…] runs here and types cannot be subscripted; move it to shapes.py")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            self._find(node, "DL302", "/ gives a float; use //")
        if isinstance(node.op, ast.BitOr) and (_is_type(node.left) or _is_type(node.right)):
            self._find(node, "DL211", "a union of types runs here and types have no |; move it to shapes.py")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Div):
            self._find(node, "DL302", "/= gives a float; use //=")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, (float, complex)):
            self._find(node, "DL301", f"{node.value!r} is no whole number")

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            owner = target.value if isinstance(target, ast.Attribute) else None
            if isinstance(owner, ast.Name) and owner.id in self._functions:
                self._find(target, "DL212", "functions carry no attributes there")
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in NAMES:
            self._find(node, "DL401", f"{node.id} {NAMES[node.id]}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in METHODS:
            self._find(node, "DL401", f"{node.attr} {METHODS[node.attr]}")
        if isinstance(node.value, ast.Name):
            self._check_member(node, node.value.id, node.attr)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._check_order(node.iter)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        self._check_sort(node, name)
        if name == "isinstance" and not self._is_shim and any(_names(node.args[-1], {"int"})):
            self._find(node, "DL402", "isinstance(True, int) differs; use compat.is_int")
        if name in ORDERLESS:
            for argument in node.args:
                self._unordered.update(ast.walk(argument))
        elif name in {"list", "tuple", "enumerate", "iter"}:
            for argument in node.args:
                self._check_order(argument)
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"join", "extend"}:
            for argument in node.args:
                self._check_order(argument)
        self.generic_visit(node)

    def _check_order(self, iterated: ast.expr) -> None:
        """A dictionary's view, walked where the order shows."""
        if iterated in self._unordered or not isinstance(iterated, ast.Call):
            return
        method = iterated.func.attr if isinstance(iterated.func, ast.Attribute) else ""
        if method in {"items", "keys", "values"}:
            self._find(iterated, "DL501", f"{method}() come in any order there; walk sorted(…)")

    def _check_sort(self, node: ast.Call, name: str) -> None:
        """A key that is one member of the sorted things leaves ties to stability."""
        if name != "sorted" and not (isinstance(node.func, ast.Attribute) and node.func.attr == "sort"):
            return
        for keyword in node.keywords:
            key = keyword.value if keyword.arg == "key" else None
            if isinstance(key, ast.Lambda) and not isinstance(key.body, ast.Tuple):
                self._find(key, "DL502", "sorts are unstable there: the key must break every tie; use a tuple")


def _is_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in VALUE_TYPES


def _names(node: ast.expr, wanted: set[str]) -> Iterator[bool]:
    return (isinstance(child, ast.Name) and child.id in wanted for child in ast.walk(node))


def sources(paths: list[str]) -> list[Path]:
    """Return the Python files of `paths` (files and folders), sorted. Raises FileNotFoundError for one that is not there."""
    found: set[Path] = set()
    for name in paths:
        path = Path(name)
        if not path.exists():
            raise FileNotFoundError(name)
        found.update(path.rglob("*.py") if path.is_dir() else [path])
    return sorted(found)


def main(paths: list[str]) -> int:
    """Lint `paths`, print the findings, return the exit code."""
    try:
        findings = [finding for path in sources(paths) for finding in lint(path.read_text("utf-8"), str(path))]
    except (FileNotFoundError, SyntaxError, UnicodeDecodeError) as error:
        print(f"device_lint: {error}: name Python files or folders of them", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
