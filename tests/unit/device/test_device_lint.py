"""The lint that holds the device core to MicroPython finds what it must, and nothing in the core."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_SPEC = importlib.util.spec_from_file_location("device_lint", ROOT / "tools" / "device_lint.py")
device_lint = importlib.util.module_from_spec(_SPEC)
sys.modules["device_lint"] = device_lint
_SPEC.loader.exec_module(device_lint)

FORBIDDEN = {
    "import os": "DL101",
    "import struct, random": "DL101",
    "from dataclasses import dataclass": "DL101",
    "from ..contract import load": "DL102",
    "from .frame import *": "DL103",
    "match a:\n    case 1: pass": "DL201",
    "try: pass\nexcept* ValueError: pass": "DL201",
    "async def f(): pass": "DL201",
    "def f(a, /): pass": "DL203",
    "@cached\ndef f(): pass": "DL204",
    "@frozen\nclass A: pass": "DL204",
    "class A(metaclass=B): pass": "DL205",
    "class A(B, C): pass": "DL206",
    "with a as b, c as d: pass": "DL207",
    "x = {**a}": "DL208",
    "x = [*a]": "DL209",
    "f((*a, 1))": "DL209",
    "x = a[::2]": "DL210",
    "Wish = dict[str, int]": "DL211",
    "Wish = int | None": "DL211",
    "def f(): pass\nf.count = 1": "DL212",
    "x = 1.5": "DL301",
    "x = 2j": "DL301",
    "x = a / b": "DL302",
    "x /= 2": "DL302",
    "x = float(3)": "DL401",
    "print(3)": "DL401",
    "x = (5).bit_length()": "DL401",
    "x = 'a'.zfill(3)": "DL401",
    "import struct\nx = struct.Struct('<I')": "DL401",
    "import json\nx = json.dumps({})": "DL401",
    "from hashlib import md5": "DL401",
    "from collections import defaultdict": "DL401",
    "import hashlib\nx = hashlib.sha1(b'')": "DL401",
    "class A:\n    def __init_subclass__(cls): pass": "DL401",
    "x = isinstance(a, int)": "DL402",
    "x = isinstance(a, (str, int))": "DL402",
    "for a in b.items(): pass": "DL501",
    "x = [a for a in b.values()]": "DL501",
    "x = list(b.keys())": "DL501",
    "x = ''.join(b.keys())": "DL501",
    "x = sorted(a, key=lambda b: b.age)": "DL502",
    "a.sort(key=lambda b: b.age)": "DL502",
}
if sys.version_info >= (3, 12):  # older parsers refuse them by themselves
    FORBIDDEN["def f[T](a: T): pass"] = "DL202"
ALLOWED = [
    "import struct\nfrom .frame import pack",
    "from hashlib import sha256",
    "def f(a: dict[str, int], *, b: int | None = None) -> list[int]: pass",
    "x: dict[str, int] = {}",
    "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any\n    Wish = dict[str, Any]\nelse:\n    Wish = object",
    "x = sorted(a.items())\ny = sum([b for b in a.values()])\nz = set(a.keys())",
    "x = sorted(a, key=lambda b: (b.age, b.name))\na.sort(key=age)",
    "x = a[1:]\ny = a // b\nx //= 2",
    "class A(B):\n    @property\n    def x(self): return 1\n    @x.setter\n    def x(self, y): pass",
    "with a as b: pass",
    "a, *b = c\nf(*a, **b)",
    "x = isinstance(a, str)",
    "class A: pass\na.count = 1",
]


@pytest.mark.parametrize(("source", "code"), FORBIDDEN.items(), ids=list(FORBIDDEN))
def test_what_micropython_cannot_do_is_found(source, code):
    assert [finding.code for finding in device_lint.lint(source, "a.py")] == [code]


@pytest.mark.parametrize("source", ALLOWED)
def test_what_it_can_do_is_left_alone(source):
    assert device_lint.lint(source, "a.py") == []


def test_only_the_shim_may_ask_for_the_interpreter_s_own_modules():
    source = "from micropython import const\nx = isinstance(a, int)"
    assert device_lint.lint(source, "compat.py") == []
    assert [finding.code for finding in device_lint.lint(source, "frame.py")] == ["DL101", "DL402"]


def test_a_finding_says_where_and_what(tmp_path, capsys):
    path = tmp_path / "core.py"
    path.write_text("x = 1\ny = x / 2\n")
    assert device_lint.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{path}:2:5 DL302 / gives a float; use //\n"


def test_a_path_that_is_not_there_or_no_python_is_an_error(tmp_path, capsys):
    assert device_lint.main([str(tmp_path / "gone")]) == 2
    (tmp_path / "a.py").write_text("x = (")
    assert device_lint.main([str(tmp_path)]) == 2
    assert "device_lint:" in capsys.readouterr().err


def test_the_device_core_is_clean(capsys):
    assert device_lint.main([str(ROOT / "src" / "seamline" / "device")]) == 0
    assert capsys.readouterr().out == ""
