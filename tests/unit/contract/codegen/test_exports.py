"""Sparkplug metrics, TypeScript types, SQL texts."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from tests.unit.contract.codegen.specimens import EVERYTHING, FAMILIES, HEATER, ROOT

from seamline.contract import FieldType, Layout
from seamline.contract.codegen.sparkplug import DATATYPES, sparkplug
from seamline.contract.codegen.sql import KEY_COLUMNS, column_name, column_type, sql
from seamline.contract.codegen.typescript import typescript
from seamline.hub.reading_columns import READING_COLUMNS, field_column, reading_table
from seamline.hub.tables import SQL_TYPES


def metrics(family):
    return json.loads(sparkplug(family, family.current)["sparkplug.json"])["DBIRTH"]["metrics"]


def test_metrics_have_names_aliases_and_datatypes_of_the_specification(family):
    found = metrics(family)
    assert len({metric["name"] for metric in found}) == len({metric["alias"] for metric in found}) == len(found)
    assert all(DATATYPES[metric["datatype"]] == metric["datatypeId"] for metric in found)
    assert all(0 <= metric["alias"] < 1 << 64 for metric in found)


def test_a_node_announces_what_sparkplug_demands(family):
    node = json.loads(sparkplug(family, family.current)["sparkplug.json"])["NBIRTH"]["metrics"]
    assert [(metric["name"], metric["datatype"]) for metric in node] == [("bdSeq", "Int64"), ("Node Control/Rebirth", "Boolean")]


def test_a_metric_carries_unit_and_range_of_the_physical_value():
    found = {metric["name"]: metric for metric in metrics(HEATER)}
    assert found["reading/power"]["properties"] == {"engUnit": "W", "engLow": 0, "engHigh": 3000}
    assert found["reading/power"]["datatype"] == "Double"
    assert "properties" not in found["reading/room"]  # a raw count
    assert found["reading/set_point"]["isNullable"]
    assert found["state/set_point"]["writable"]


@pytest.mark.parametrize(
    ("name", "datatype"),
    [
        ("scan/lamp", "String"),
        ("scan/total", "UInt64"),
        ("scan/boot", "Int64"),
        ("scan/ready", "UInt8"),
        ("light/seen", "Boolean"),
    ],
)
def test_the_datatype_is_the_narrowest_that_holds_the_value(name, datatype):
    assert {metric["name"]: metric["datatype"] for metric in metrics(EVERYTHING)}[name] == datatype


def test_an_older_versions_aliases_stay():
    old = type(HEATER)(
        HEATER.product, HEATER.versions, HEATER.versions["1.2.0"], {k: v for k, v in HEATER.layouts.items() if k[1] < 3}
    )
    before = {metric["name"]: metric["alias"] for metric in metrics(old)}
    after = {metric["name"]: metric["alias"] for metric in metrics(HEATER)}
    assert before.items() <= after.items()


USE = """
import {{ faults, version, type Records, type State, type Commands }} from "./{name}";
const known: string = version;
const record = (value: Records["{message}"]): number => Object.keys(value).length;
export const used = [known, record, Object.values(faults).map((fault) => fault.code + fault.name.length)];
export type Both = [State, Commands];
"""
WRONG = """
import type { RecordReading } from "./heater";
export const record: RecordReading = { room: 1, element: 2, power: 3, mode: "holiday" };
"""
STRICT = ("--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--noUnusedLocals")


def test_the_types_compile_under_the_strictest_rules_and_refuse_what_the_contract_does(tmp_path):
    modules = ROOT / "frontend" / "node_modules"
    node, tsc = shutil.which("node"), modules / "typescript" / "bin" / "tsc"
    if node is None or not tsc.is_file():
        pytest.skip("needs node and the frontend's TypeScript (make web)")
    for name, family in FAMILIES.items():
        (tmp_path / f"{name}.ts").write_text(typescript(family, family.current)["contract.ts"], encoding="utf-8")
        use = USE.format(name=name, message=next(iter(family.current.messages)))
        (tmp_path / f"use_{name}.ts").write_text(use, encoding="utf-8")
    (tmp_path / "wrong.ts").write_text(WRONG, encoding="utf-8")
    files = sorted(path.name for path in tmp_path.glob("*.ts"))
    done = subprocess.run((node, str(tsc), *STRICT, *files), capture_output=True, text=True, check=False, cwd=tmp_path)
    (line,) = done.stdout.splitlines()
    assert line.startswith("wrong.ts(3")
    assert "holiday" in line


def test_what_may_be_missing_may_be_null_in_typescript():
    text = typescript(EVERYTHING, EVERYTHING.current)["contract.ts"]
    assert "  level?: number | null;" in text
    assert "  kept?: string | null;" in text
    assert "  bits?: string[] | null;" in text
    assert '  alarm?: ("hot" | "door open")[] | null;' in text
    assert "  ready: number;" in text


def test_key_columns_and_types_are_the_hubs():
    assert tuple((name, kind) for name, kind, _ in KEY_COLUMNS) == READING_COLUMNS
    assert {kind: column_type(kind) for kind in FieldType} == dict(SQL_TYPES)
    assert (
        [column_name(name) for name in ("boot", "power")]
        == [field_column(name) for name in ("boot", "power")]
        == ["boot_", "power"]
    )


def test_a_newer_version_only_adds_columns():
    assert sql(HEATER, HEATER.current)["evolve/1.2.0-1.3.0.sql"].splitlines() == [
        'ALTER TABLE "r_heater_reading" ADD COLUMN "set_point" int2;',
        'COMMENT ON COLUMN "r_heater_reading"."set_point" IS \'raw × 0.01 Cel; 5 to 30 °C; since 1.3.0\';',
    ]


def test_a_version_that_changes_no_record_says_so():
    newer = replace(HEATER.current, version="1.4.0")
    same = type(HEATER)(HEATER.product, {**HEATER.versions, "1.4.0": newer}, newer, HEATER.layouts)
    assert sql(same, same.current)["evolve/1.3.0-1.4.0.sql"] == "-- Nothing to do.\n"


def test_a_message_that_a_version_drops_keeps_its_table():
    older = type(HEATER)(HEATER.product, dict(reversed(EVERYTHING.versions.items())), EVERYTHING.current, EVERYTHING.layouts)
    found = sql(older, older.current)["evolve/2.1.0-2.0.0.sql"]
    assert found == "-- Nothing to do.\n"


def test_a_new_message_comes_with_its_table():
    found = sql(EVERYTHING, EVERYTHING.current)["evolve/2.0.0-2.1.0.sql"]
    assert f'CREATE TABLE "{reading_table("lamp", "vitals")}"' in found
    assert 'ALTER TABLE "r_lamp_scan" ADD COLUMN "level" int2;' in found
    assert "DROP" not in found


def test_comments_say_what_a_raw_integer_means():
    found = sql(EVERYTHING, EVERYTHING.current)["tables.sql"]
    for words in (
        "'raw × 0.1 + 2 Cel; -50 to 90 °C'",
        "'0 off, 1 bright, 300 far'",
        "'bits; 0 hot, 3 door open'",
        "'0 false, 1 true; since 2.0.0'",
        "'raw count, ntc of the device gives the value'",
    ):
        assert words in found


def test_a_quote_in_a_name_ends_no_text():
    layout = Layout(
        product="o'clock", message="m", message_id=1, version=1, fields=HEATER.current.messages["reading"].layout.fields[:1]
    )
    odd = type(HEATER)("o'clock", {}, HEATER.current, {(1, 1, 2): layout})
    assert "'Message 1 of o''clock, layouts 1" in sql(odd, odd.current)["tables.sql"]
