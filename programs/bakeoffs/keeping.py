"""Finished cells on disk: a file of JSON lines that is replaced whole as each is added."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from programs.bakeoffs.records import Cell
from programs.disk import disk_faults, replace_file
from signatures.errors import SetupError, counted

CELLS = "cells.jsonl"
SCHEMA = 1


class Kept:
    """The cells of one bake-off; those that ended in an error are not kept, so that going on tries them again."""

    def __init__(self, folder: Path, header: Mapping[str, Any]) -> None:
        """Reads what is there.

        Args:
            folder: Of the bake-off.
            header: What must be the same for cells to be comparable.

        Raises: SetupError if the file is of another bake-off, damaged, or cannot be read.
        """
        self._path = folder / CELLS
        self._head = json.dumps({"schema": SCHEMA, **header}, sort_keys=True)
        self.notes: list[str] = []
        """What a reader should know of the file."""
        self.cells: dict[tuple[str, int], Cell] = {cell.key: cell for cell in self._read()}

    def check(self, resume: bool) -> None:
        """Refuses to mix a new bake-off with finished cells. Raises: SetupError."""
        if self.cells and not resume:
            raise SetupError(
                f"{str(self._path.parent)!r} holds {counted(len(self.cells), 'finished search', 'finished searches')} "
                "of this bake-off; go on with --resume, or name another folder with --out"
            )

    def add(self, cell: Cell) -> None:
        """Keeps a cell without an error, in one step. Raises: SetupError where the disk refuses."""
        if cell.error is not None:
            return
        self.cells[cell.key] = cell
        lines = [self._head, *(each.model_dump_json() for each in self.cells.values())]
        with disk_faults(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Half a surrogate pair, which models send, is no UTF-8.
            replace_file(self._path, "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))

    def _read(self) -> list[Cell]:
        try:
            content = self._path.read_text("utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as fault:
            raise SetupError(f"cannot read {str(self._path)!r}: {fault}; move it away and begin again") from fault
        head, *lines = content.split("\n")
        self._check_head(head)
        if lines and not lines[-1]:
            lines.pop()
        return self._cells(lines)

    def _cells(self, lines: Sequence[str]) -> list[Cell]:
        cells = []
        for number, line in enumerate(lines, 2):
            try:
                cells.append(Cell.model_validate_json(line))
            except ValidationError as fault:
                if number <= len(lines):
                    where = f"line {number} of {str(self._path)!r}"
                    raise SetupError(f"{where} is damaged; delete the line, and its search is run again") from fault
                # Written whole, a file is cut off only by whoever copied it.
                self.notes.append(f"the last line of {CELLS} is cut off: its search is run again")
        return cells

    def _check_head(self, head: str) -> None:
        wanted = json.loads(self._head)
        try:
            found = json.loads(head)
        except ValueError as fault:
            raise SetupError(f"{str(self._path)!r} is damaged; move it away and begin again") from fault
        if found == wanted:
            return
        found = found if isinstance(found, dict) else {}
        other = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))[0]
        raise SetupError(
            f"{str(self._path)!r} is of another bake-off: {other} is {found.get(other)!r} there and "
            f"{wanted.get(other)!r} here; name another folder with --out"
        )
