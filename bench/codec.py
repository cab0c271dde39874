"""How fast the generated NumPy codec is: `python bench/codec.py [--quick]`, beside the row codecs of `codec_peers` in the same run.

    batch_decode    records of one layout, one after the other, to columns; against the fastest that makes a row of each
    mixed_decode    a list of frames of mixed messages and versions, one record each, to columns with masks; against a loop
                    over the same frames with `struct`, one compiled format a layout
    encode          columns to frames, one record each, ranges checked; against the fastest that packs rows, which checks nothing

A reading has ten numbers, 36 bytes; with its offset a record is 40. Rates are the best of several runs, in rows a second. Every peer
first shows that it gives back the same numbers. The last line is JSON. Peers whose package is missing are named and left out; they are
in the dependency group `bench`.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from codec_peers import PEERS, READ_ONLY, Peer

from seamline.contract import Field, FieldType, Layout, load_family
from seamline.contract.codegen import target
from seamline.contract.family import Family

ROOT = Path(__file__).parent.parent
KINDS = ("u32", "i32", "u16", "i16", "u64", "u32", "u8", "i8", "u16", "u64")
HEAD = struct.Struct("<BBBBIIIIHHIHH")
DAY_MS = 86_400_000
ROWS_FEW = 2_000  # for the peers: with more, `struct` waits for the memory of its tuples and makes half as many


def layout(version: int, fields: int) -> Layout:
    """The benchmark's message: so many of its ten fields."""
    chosen = tuple(Field(name=f"f{at}", type=FieldType(kind)) for at, kind in enumerate(KINDS[:fields]))
    return Layout(product="bench", message="sample", message_id=9, version=version, fields=chosen)


WIDE, OLDER = layout(2, 10), layout(1, 8)
NAMES = tuple(place.name for place in WIDE.places)
CODES = "".join(place.field.type.code for place in WIDE.places)


def codec() -> ModuleType:
    """The generated module for the benchmark's message and the heater's."""
    heater = load_family(ROOT / "examples" / "heater")
    added = {(one.message_id, one.version, one.fingerprint): one for one in (OLDER, WIDE)}
    family = Family(heater.product, heater.versions, heater.current, {**heater.layouts, **added})
    ((path, text),) = target("numpy")(family, family.current).items()
    module = ModuleType(path.removesuffix(".py"))
    sys.modules[module.__name__] = module
    exec(compile(text, path, "exec"), vars(module))  # noqa: S102 - what it measures
    return module


def drawn(of: Layout, rng: random.Random) -> dict[str, int]:
    """Values of a record, evenly over what may be sent; below 2**63, since Avro has nothing wider."""
    limits = {place.name: place.field.raw_range for place in of.places}
    return {name: rng.randint(low, min(high, (1 << 63) - 1)) for name, (low, high) in limits.items()}


def frame(of: Layout, first: int, values: dict[str, int]) -> bytes:
    """A frame of one record."""
    ids = (of.message_id, of.version, of.fingerprint)
    head = HEAD.pack(0xA1, 0, *ids, 7, 1, first, 1, 0, first * 1000 % DAY_MS, 0, of.record_bytes)
    return head + of.pack_record(0, values)


def same(got: object, expected: object, what: str) -> None:
    """Stop the benchmark where a codec does not give back what it was given."""
    if got != expected:
        sys.exit(f"codec: {what} gives back other values than it was given")


def rate(work: Callable[[], object], rows: int, runs: int) -> float:
    """Rows a second of CPU time (one thread works, and others may share the machine), the best of several runs.

    As in `timeit`, garbage is not looked for meanwhile: lists of rows would suffer from it, columns would not.
    """
    best = float("inf")
    gc.disable()
    for _ in range(runs):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    gc.enable()
    return rows / best


def peers() -> tuple[dict[str, Peer], list[str]]:
    """The peers that are installed, and the names of those that are not."""
    found: dict[str, Peer] = {}
    missing: list[str] = []
    for name, make in PEERS.items():
        try:
            found[name] = make(NAMES, CODES)
        except ImportError:
            missing.append(name)
    return found, missing


def row_rates(found: dict[str, Peer], rows: list[dict[str, int]], runs: int) -> dict[str, tuple[float, float]]:
    """(decode, encode) rates of each peer; an encode rate of 0 says that it cannot."""
    rates: dict[str, tuple[float, float]] = {}
    for name, peer in found.items():
        packed = [peer.pack(row) for row in rows]
        for data, row in zip(packed[:100], rows, strict=False):
            same(peer.shown(peer.unpack(data)), row, name)
        unpack, pack = peer.unpack, peer.pack
        decode = rate(lambda packed=packed, unpack=unpack: [unpack(data) for data in packed], len(rows), runs)
        encode = 0.0 if name in READ_ONLY else rate(lambda pack=pack: [pack(row) for row in rows], len(rows), runs)
        rates[name] = decode, encode
    return rates


def batch_decode(module: ModuleType, rows: list[dict[str, int]], runs: int) -> float:
    """Records of one layout to columns."""
    blob = b"".join(WIDE.pack_record(0, row) for row in rows)
    got = module.decode_records(blob, WIDE.message_id, WIDE.version, WIDE.fingerprint)
    same(
        {name: got.values[name].tolist() for name in NAMES}, {name: [row[name] for row in rows] for name in NAMES}, "batch_decode"
    )
    return rate(lambda: module.decode_records(blob, WIDE.message_id, WIDE.version, WIDE.fingerprint), len(rows), runs)


def mixed(count: int) -> list[bytes]:
    """Frames of three messages in five layouts, shuffled."""
    heater = load_family(ROOT / "examples" / "heater")
    layouts = [OLDER, WIDE, *(one for (number, _, _), one in sorted(heater.layouts.items()) if number)]
    rng = random.Random(3)
    return [frame(one, at, drawn(one, rng)) for at, one in enumerate(rng.choices(layouts, k=count))]


def by_struct() -> Callable[[list[bytes]], list[tuple[int, ...]]]:
    """The loop one would write: read the header, look the layout's format up, read the record."""
    heater = load_family(ROOT / "examples" / "heater")
    formats = {
        one.fingerprint: struct.Struct(f"<I{(one.format or '').removeprefix('<')}").unpack_from
        for one in (OLDER, WIDE, *heater.layouts.values())
    }
    head = HEAD.unpack_from

    def decode(frames: list[bytes]) -> list[tuple[int, ...]]:
        return [formats[head(data)[4]](data, 32) for data in frames]

    return decode


def mixed_decode(module: ModuleType, frames: list[bytes], runs: int) -> tuple[float, float]:
    """(ours, struct's) rates for a list of mixed frames."""
    batch, loop = module.decode_list(frames), by_struct()
    same(len(batch.refused), 0, "mixed_decode")
    sums = {name: sum(int(column.astype(object).sum()) for column in one.values.values()) for name, one in batch.records.items()}
    same(sum(sums.values()), sum(sum(row[1:]) for row in loop(frames)), "mixed_decode")
    return rate(lambda: module.decode_list(frames), len(frames), runs), rate(lambda: loop(frames), len(frames), runs)


def encode(module: ModuleType, rows: list[dict[str, int]], runs: int) -> float:
    """Columns to frames of one record each."""
    frames = [frame(WIDE, at, row) for at, row in enumerate(rows)]
    batch = module.decode_list(frames)
    same(module.encode(batch)[0], b"".join(frames), "encode")
    return rate(lambda: module.encode(batch), len(rows), runs)


def main() -> None:
    """Measure everything; print a table, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rows and runs: a few seconds")
    quick = parser.parse_args().quick
    rows_many, runs, batch_runs = (20_000, 3, 15) if quick else (100_000, 20, 40)
    module, (found, missing) = codec(), peers()
    rng = random.Random(2)
    rows = [drawn(WIDE, rng) for _ in range(rows_many)]
    ours = batch_decode(module, rows, batch_runs), encode(module, rows[:10_000], batch_runs)
    several, loop = mixed_decode(module, mixed(10_000), batch_runs)
    rates = row_rates(found, rows[:ROWS_FEW], runs)
    print(f"{'':16}{'decode, M rows/s':>18}{'encode, M rows/s':>18}")
    print(f"{'seamline':16}{ours[0] / 1e6:18.2f}{ours[1] / 1e6:18.2f}")
    for name, (read, wrote) in rates.items():
        print(f"{name:16}{read / 1e6:18.2f}{wrote / 1e6:18.2f}" if wrote else f"{name:16}{read / 1e6:18.2f}{'-':>18}")
    print(f"mixed frames: {several / 1e6:.2f} M/s; the same with a loop over struct: {loop / 1e6:.2f} M/s")
    if missing:
        print(f"not measured, for their packages are not installed: {', '.join(missing)}")
    fastest = max(rates, key=lambda name: rates[name][0])
    writer = max(rates, key=lambda name: rates[name][1])
    figures = {
        "batch_decode": (ours[0], fastest, ours[0] / rates[fastest][0]),
        "mixed_decode": (several, "struct", several / loop),
        "encode": (ours[1], writer, ours[1] / rates[writer][1]),
    }
    told = {
        name: {"value": round(v), "unit": "rows/s", "against": a, "ratio": round(r, 2)} for name, (v, a, r) in figures.items()
    }
    print(json.dumps({"bench": "codec", "figures": told}))


if __name__ == "__main__":
    main()
