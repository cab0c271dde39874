"""Every example product, in every version that was released: real agents send, one hub serves them all, and nothing is read otherwise.

Each message of each version has a device of its own, which runs the released file as it was frozen. What the agents put on the
wire is heard at the broker, so that the generated decoders are asked about the same bytes as the hub.
"""

import asyncio
import json
import random
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql as text
from tests.conformance import interpreters
from tests.conformance.codegen.cases import drawn
from tests.integration.contract.test_generated_tables import COLUMNS, INDEXES
from tests.unit.contract.codegen.test_numpy_codec import module

from seamline.contract import Contract, Layout, OutOfRange, load_family
from seamline.contract.codegen.micropython import generate
from seamline.contract.codegen.sql import sql
from seamline.hub.ingest.nats import connect
from seamline.hub.reading_columns import field_column, reading_table
from seamline.stack import Stack
from seamline.testing.stack import stack

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = {path.parent.name: path.parent for path in sorted((ROOT / "examples").glob("*/contract.yaml"))}
FAMILIES = {name: load_family(folder) for name, folder in FOLDERS.items()}
RECORDS = 6
AT_ONCE = 4
"""Agents at a time: more than the processors, for most of an agent's life is waiting."""
PATIENCE_S = 180
HEAD_BYTES = 32


@dataclass
class Told:
    """What one device was given to send, and what was heard of it."""

    device: str
    contract: Contract
    layout: Layout
    values: list[dict[str, int]]
    frames: list[bytes] = field(default_factory=list)
    said: str = ""

    @property
    def stored(self) -> list[dict[str, int | None]]:
        """What the tables must hold: a value that is absent, or out of a range that makes it missing, is none."""
        return [{place.name: _kept(place.field, given.get(place.name)) for place in self.layout.places} for given in self.values]

    @property
    def lines(self) -> str:
        return "".join(json.dumps(_line(self.layout, given)) + "\n" for given in self.values)


def _kept(item, raw):
    missing = raw is None or (item.out_of_range is OutOfRange.MISSING and not item.allows(raw))
    return None if missing else raw


def _line(layout, given):
    """Columns as a person's JSON: an array as a list, an absent field left out."""
    line = {}
    for item in layout.fields:
        names = [place.name for place in layout.places if place.field is item]
        if names[0] in given:
            line[item.name] = given[names[0]] if item.count is None else [given[name] for name in names]
    return line


def _devices() -> Iterator[Told]:
    for name, family in FAMILIES.items():
        for version, contract in family.versions.items():
            for message in contract.messages.values():
                device = f"{name}-{version.replace('.', '-')}-{message.name}"
                draw = random.Random(device)
                yield Told(device, contract, message.layout, [drawn(draw, message.layout) for _ in range(RECORDS)])


@pytest.fixture(scope="module")
def products() -> Iterator[Stack]:
    with stack(contracts=tuple(FOLDERS.values())) as running:
        yield running


@pytest.fixture(scope="module")
def sent(products: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """Every device by its name, after its agent has delivered all."""
    told = {each.device: each for each in _devices()}
    pems = {name: products.issue(name, [d for d, each in told.items() if each.contract.product == name]) for name in FAMILIES}
    asyncio.run(_all_run(products, told, {d: pem for found in pems.values() for d, pem in found.items()}, tmp_path_factory))
    return told


async def _all_run(products, told, pems, folders):
    broker = await connect(products.nats_url, "listener")
    heard = {f"up.{device}.data".encode(): each.frames for device, each in told.items()}
    broker.subscribe("up.*.data", lambda subject, _, payload: heard[bytes(subject)].append(_without_headers(bytes(payload))))
    await broker.ping()
    room = asyncio.Semaphore(AT_ONCE)

    async def run(each):
        async with room:
            await _run(products, each, pems[each.device], folders.mktemp(each.device))

    try:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for each in told.values():
                group.create_task(run(each))
        await broker.ping()
    finally:
        broker.close()


def _without_headers(payload):
    """What comes from MQTT has NATS headers, which this connection leaves on where there is no reply subject."""
    return payload.partition(b"\r\n\r\n")[2] if payload.startswith(b"NATS/1.0\r\n") else payload


async def _run(products, each, pem, state):
    file = FOLDERS[each.contract.product] / "released" / f"{each.contract.version}.yaml"
    node = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "seamline", "agent", "run", "--stdin", "--raw"),
        *("--contract", str(file), "--device", each.device, "--message", each.layout.message, "--state", str(state)),
        *("--url", f"mqtts://{products.mqtt_host}:{products.mqtt_port}"),
        *("--ca", str(products.ca_file), "--cert", str(pem.cert), "--key", str(pem.key)),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await node.communicate(each.lines.encode())
    except asyncio.CancelledError:
        node.kill()
        await node.wait()
        raise
    each.said = said.decode()
    assert node.returncode == 0, each.said


DEVICES = [each.device for each in _devices()]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_product_has_two_releases_or_more_and_the_newest_is_its_contract(name):
    released = {path.stem for path in (FOLDERS[name] / "released").glob("*.yaml")}
    assert released == set(FAMILIES[name].versions)
    assert len(released) > 1


@pytest.mark.parametrize("device", DEVICES)
def test_the_tables_hold_what_was_sent(products, sent, device):
    each = sent[device]
    names = [place.name for place in each.layout.places]
    table = reading_table(each.contract.product, each.layout.message)
    query = text.SQL(
        "SELECT r.seq, r.layout, {} FROM {} r JOIN device d ON d.no = r.device_no WHERE d.id = %s ORDER BY 1"
    ).format(text.SQL(", ").join(text.Identifier("r", field_column(name)) for name in names), text.Identifier(table))
    with psycopg.connect(products.dsn) as connection:
        rows = connection.execute(query, (device,)).fetchall()
    version = each.layout.version
    assert rows == [(seq, version, *found.values()) for seq, found in enumerate(each.stored)]


@pytest.mark.parametrize("device", DEVICES)
def test_the_api_shows_each_record_by_its_own_layout(products, sent, device):
    """Calibrated values are left out: what is shown of them is a matter of the coefficients."""
    each = sent[device]
    found = _ask(products, f"devices/{device}/readings?message={each.layout.message}&order=asc")
    plain = {place.name: place.field for place in each.layout.places if place.field.calibration is None}
    shown = {row["seq"]: {name: value for name, value in row["values"].items() if name in plain} for row in found["rows"]}
    expected = {
        seq: {name: _shown(plain[name], raw) for name, raw in stored.items() if name in plain and raw is not None}
        for seq, stored in enumerate(each.stored)
    }
    assert shown == expected
    assert {row["layout"] for row in found["rows"]} == {each.layout.version}
    assert found["missing"] == []


def _shown(item, raw):
    if item.enum is not None:
        return item.enum.get(raw, str(raw))
    if item.flags is not None:
        return ", ".join(name for bit, name in sorted(item.flags.items()) if raw >> bit & 1)
    return float(item.physical(raw))


def _ask(products, path):
    with urllib.request.urlopen(f"{products.url}/api/{path}", timeout=10) as answer:
        return json.load(answer)


@pytest.mark.parametrize("device", DEVICES)
def test_the_hub_knows_which_version_a_device_has(products, sent, device):
    assert [boot["contract"] for boot in _ask(products, f"devices/{device}")["boots"]] == [sent[device].contract.reference]


def test_nothing_was_set_aside_or_refused(products, sent):
    with psycopg.connect(products.dsn) as connection:
        tables = ("quarantine", "refused", "loss")
        counts = [
            connection.execute(text.SQL("SELECT count(*) FROM {}").format(text.Identifier(name))).fetchone() for name in tables
        ]
    assert len(sent) == len(DEVICES)
    assert counts == [(0,), (0,), (0,)]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_generated_numpy_codec_reads_the_frames_of_all_versions_together(sent, name):
    codec = module(FAMILIES[name])
    told = [each for each in sent.values() if each.contract.product == name]
    frames = [(each, frame) for each in told for frame in each.frames]
    batch = codec["decode_list"]([frame for _, frame in frames])
    assert batch.refused.tolist() == []
    read = {each.device: {} for each in told}
    for records in batch.records.values():
        for at, (frame, seq) in enumerate(zip(records.frame.tolist(), records.seq.tolist(), strict=True)):
            each = frames[frame][0]
            read[each.device][seq] = {
                place.name: _column(records, place.name, at) for place in each.layout.places
            }  # a frame that came twice says the same twice
    assert read == {each.device: dict(enumerate(each.stored)) for each in told}


def _column(records, name, at):
    missing = records.missing.get(name)
    return None if missing is not None and missing[at] else int(records.values[name][at])


PROGRAM = """
import json
import sys
sys.path.append("/")
import %s as product

for line in open("/records.jsonl"):
    name, body = json.loads(line)
    print(json.dumps(getattr(product, name).unpack(bytes.fromhex(body))))
"""


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name, family in FAMILIES.items() for version in family.versions]
)
def test_the_generated_micropython_module_of_each_version_reads_its_own_records(sent, name, version):
    result = interpreters.install()
    if result == interpreters.NO_NODE:
        pytest.skip("install the package nodejs")
    assert result == 0, "run python tests/conformance/interpreters.py"
    told = [each for each in sent.values() if each.contract is FAMILIES[name].versions[version]]
    asked, expected = [], []
    for each in told:
        for seq, body in sorted({record for frame in each.frames for record in _records(each.layout, frame)}):
            asked.append(json.dumps([each.layout.message.upper(), body.hex()]) + "\n")
            expected.append(each.values[seq])
    assert len(asked) == RECORDS * len(told)
    files = {f"/{path}": code for path, code in generate(None, FAMILIES[name].versions[version]).items()}
    said = interpreters.run(interpreters.VERSIONS[0], {**files, "/records.jsonl": "".join(asked)}, PROGRAM % name)
    assert [json.loads(line) for line in said.splitlines()] == expected


def _records(layout, frame):
    """Each record of a frame without its offset, with its sequence number."""
    first, count = int.from_bytes(frame[16:20], "little"), int.from_bytes(frame[20:22], "little")
    for at in range(count):
        start = HEAD_BYTES + at * layout.record_bytes
        yield first + at, frame[start + 4 : start + layout.record_bytes]


def test_the_generated_tables_are_those_that_the_hub_made_for_all_products(products):
    name = "generated"
    with psycopg.connect(products.dsn, autocommit=True) as connection:
        connection.execute(text.SQL("CREATE DATABASE {}").format(text.Identifier(name)))
    generated = psycopg.conninfo.make_conninfo(products.dsn, dbname=name)
    with psycopg.connect(generated) as connection:
        for family in FAMILIES.values():
            connection.execute(sql(family, family.current)["tables.sql"])
    assert _shape(generated) == _shape(products.dsn)


def _shape(dsn):
    with psycopg.connect(dsn) as connection:
        return [connection.execute(query).fetchall() for query in (COLUMNS, INDEXES)]
