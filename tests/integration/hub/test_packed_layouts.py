"""A packed record in the database: one column an item, NULL where a value is missing, physical values in the view."""

import asyncio
from decimal import Decimal

import numpy as np
import psycopg
from psycopg import AsyncConnection
from tests.unit.contract.corpus.marks import BASE
from tests.unit.hub_decode.test_decode import make

from seamline.contract import load_family
from seamline.hub import decode
from seamline.hub.binary_copy import SIGNATURE, TRAILER, Writer
from seamline.hub.columns import Decoder
from seamline.hub.reading_columns import READING_COLUMNS
from seamline.hub.tables import register

FIELDS = """    encoding: {order: big}
    fields:
      - {name: kind, type: mode, bits: 3, out_of_range: keep}
      - {reserved: 2}
      - {name: samples, type: i12, count: 2, scale: 0.1, unit: mV, quantity: voltage, range: [-100, 100], out_of_range: missing}
      - {name: alarms, type: alarm}
      - {name: wide, type: u64, optional: true}
"""
START, END = BASE.index("    fields:\n"), BASE.index("  vitals:")
PACKED = (BASE[:START] + FIELDS + BASE[END:]).replace("messages:\n", "flags:\n  alarm: {0: hot, 9: open}\nmessages:\n")
RECORDS = [
    {"kind": 1, "samples_0": -1000, "samples_1": 1001, "alarms": 513, "wide": 2**64 - 1},
    {"kind": 7, "samples_0": 5, "samples_1": -5, "alarms": 0},
]


def test_what_is_missing_is_null_and_the_rest_is_exact(hub, tmp_path):
    (tmp_path / "contract.yaml").write_text(PACKED, encoding="utf-8")
    family = load_family(tmp_path)
    layout = family.current.messages["light"].layout
    frames = decode.frames([make(layout, [layout.pack(one) for one in RECORDS])])
    fields = Decoder(layout).fields(decode.records(frames, np.arange(1), layout.record_bytes))
    keys = {name: np.ones(2, np.int64) for name, _ in READING_COLUMNS if name != "layout"} | {"seq": np.arange(2)}
    writer = Writer(layout)

    async def store():
        async with await AsyncConnection.connect(hub.dsn) as connection:
            await register(connection, [family])
            await connection.execute("INSERT INTO device (no, id) OVERRIDING SYSTEM VALUE VALUES (1, 'lamp-1')")
            async with connection.cursor().copy(writer.statement) as copy:
                await copy.write(SIGNATURE + writer.rows(keys, np.array([True, False]), fields) + TRAILER)

    asyncio.run(store())
    with psycopg.connect(hub.dsn) as connection:
        columns = "kind, samples_0, samples_1, alarms, wide"
        stored = connection.execute(f"SELECT {columns} FROM r_lamp_light ORDER BY seq").fetchall()
        shown = connection.execute(f"SELECT {columns} FROM lamp_light ORDER BY seq").fetchall()
    assert stored == [(1, -1000, None, 513, Decimal(2**64 - 1)), (7, 5, -5, 0, None)]
    assert shown == [
        ("bright", Decimal("-100.0"), None, 513, Decimal(2**64 - 1)),
        ("7", Decimal("0.5"), Decimal("-0.5"), 0, None),
    ]
