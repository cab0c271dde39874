"""The generated C under the rig, for any contract.

    SEAMLINE_CONTRACTS=products/pump seamline rig run --contract products/pump --core firmware/rig/compiled.py:Compiled

SEAMLINE_CONTRACTS has the folders that `--contract` names, separated as in PATH; without it the heater's is taken.
The custody is the Python core's; what C has so far is C's: each record is read and packed by the compiled codec of its contract version, each
frame is opened by the compiled reader before it leaves, and every wait before a connect is the compiled back-off's. A firmware that has
more of its core in C replaces more of these methods; one that has all of it in C is a program of its own (serve.py).
"""

import ctypes
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from seamline.contract import load_family
from seamline.contract.codegen import target
from seamline.device import Core

HEATER = Path(__file__).parents[2] / "examples" / "heater"
CONTRACTS = "SEAMLINE_CONTRACTS"
FLAGS = ("-std=c99", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror")
ROOM = 4096
"""Bytes of a message's struct, at most: a contract's limit of 256 columns, 16 each with what says whether it is there."""


def version_of(reference):
    """The family and the version that are meant by `heater/1.3.0`."""
    product, _, version = reference.partition("/")
    folders = os.environ.get(CONTRACTS, str(HEATER)).split(os.pathsep)
    for family in map(load_family, folders):
        if family.current.product == product and version in family.versions:
            return family, family.versions[version]
    raise ValueError(f"{reference} is not in {', '.join(folders)}: write the folder of {product} into {CONTRACTS}")


@cache
def library(reference):
    """The code of a contract version (`heater/1.3.0`), compiled. What is loaded stays when its file goes."""
    family, version = version_of(reference)
    with tempfile.TemporaryDirectory(prefix="seamline-rig-") as folder:
        for path, text in target("c")(family, version).items():
            Path(folder, path).write_text(text)
        made = Path(folder, "core.so")
        subprocess.run(["cc", *FLAGS, "-o", made, *Path(folder).glob("*.c")], check=True)
        return ctypes.CDLL(str(made))


def function(code, name, gives=ctypes.c_bool):
    """A function of a library, and what it gives."""
    found = getattr(code, name)
    found.restype = gives
    return found


class CBackoff(ctypes.Structure):
    """`heater_backoff_t`, with the methods that the session asks for."""

    _fields_ = (("spread_ms", ctypes.c_uint32), ("tries", ctypes.c_uint8))

    def bind(self, code, product, policy, random):
        """Take the functions of a library."""
        self._of = lambda name: function(code, f"{product}_backoff_{name}", ctypes.c_uint32)
        self._policy, self._random = policy, random
        self.spread_ms = policy.spread_ms
        return self

    def uniform(self, window_ms):
        """Evenly from 0..window_ms."""
        return self._of("uniform")(ctypes.c_uint32(window_ms), ctypes.c_uint32(self._random()))

    def at_boot(self, *, together):
        """Before the first connect."""
        return self.uniform(self.spread_ms if together else self._policy.backoff_base_ms)

    def after_failure(self):
        """After a connect that failed."""
        return self._of("after_failure")(ctypes.byref(self), ctypes.c_uint32(self._random()))

    def after_session(self):
        """After a connection that ended."""
        return self._of("after_session")(ctypes.byref(self), ctypes.c_uint32(self._random()))

    def stable(self, live_ms):
        """A session ended that was live so long."""
        self._of("stable")(ctypes.byref(self), ctypes.c_uint64(live_ms))


class Compiled(Core):
    """A core whose codecs and back-off are C."""

    def __init__(self, policy, name, random, stored):
        """As a core is made, once a boot."""
        super().__init__(policy, name, random, stored)
        self._c = library(policy.contract)
        self._product = policy.contract.partition("/")[0]
        self._session.backoff = CBackoff().bind(self._c, self._product, policy, random)

    def record(self, now_ms, channel, body):
        """Number a record, as C packs it."""
        return super().record(now_ms, channel, self._packed(self.policy.channels[channel].name, body))

    def effects(self):
        """What to do now; C reads each frame first."""
        effects = super().effects()
        for effect in effects:
            if effect[:2] == ("publish", "data"):
                head = ctypes.create_string_buffer(ROOM)
                if not function(self._c, f"{self._product}_frame_open")(head, effect[2], ctypes.c_size_t(len(effect[2]))):
                    raise ValueError(f"C does not read the frame {effect[2].hex()}")
        return effects

    def _packed(self, message, body):
        value, offset_ms, packed = (
            ctypes.create_string_buffer(ROOM),
            ctypes.c_uint32(),
            ctypes.create_string_buffer(4 + len(body)),
        )
        code, name = self._c, f"{self._product}_{message}"
        if not function(code, f"{name}_unpack")(value, ctypes.byref(offset_ms), bytes(4) + body):
            raise ValueError(f"C says that {message} {body.hex()} could not have been sent")
        function(code, f"{name}_pack")(packed, ctypes.c_uint32(0), value)
        return packed.raw[4:]
