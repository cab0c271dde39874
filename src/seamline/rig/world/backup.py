"""A backup of the database in memory, and what a restore makes of the tables: everything as it was, identity numbers too."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final, cast

from seamline.rig.world.tables import Table
from seamline.rig.world.tables_hub import Tables
from seamline.rig.world.tables_readings import Kept


class Backup:
    """The tables as they are now. Rows are never changed in place, so a table is kept by its rows; readings keep their dates."""

    def __init__(self, tables: Tables) -> None:
        """No transaction may be open."""
        self._rows: Final = {name: dict(table.rows) for name, table in _tables(tables).items()}
        self._numbers: Final = {name: numbers.last for name, numbers in tables.numbers.items()}
        self._readings: Final[dict[tuple[str, tuple[int, int]], Kept]] = {
            (name, key): sheet.keep() for name, table in tables.readings.items() for key, sheet in table.sheets.items()
        }

    def restore(self, tables: Tables) -> None:
        """Have everything as it was."""
        for name, table in _tables(tables).items():
            table.replace_all(self._rows[name])
        for name, numbers in tables.numbers.items():
            numbers.last = self._numbers[name]
        for name, readings in tables.readings.items():
            for key, sheet in readings.sheets.items():
                sheet.go_back(self._readings.get((name, key)))
        tables.journal.undo.clear()


def _tables(tables: Tables) -> Mapping[str, Table[Hashable, object]]:
    return {name: cast("Table[Hashable, object]", table) for name, table in vars(tables).items() if isinstance(table, Table)}
