"""How far hypotheses carry, as data: each kind of transfer with its rows, columns and cells, by judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from programs.evaluations.transfer import Cell, CellResult, cell_results, listed_cells
from programs.ledger import LedgerAbout
from programs.reports.headline import Headline, Report
from programs.summary import Summary

KINDS = {
    "models": ("From model to model", "inferred by", "written by"),
    "domains": ("From one kind of writing to another", "samples of", "targets of"),
    "samples": ("By number of samples", "samples", "win rate"),
}
"""Kind of transfer to its title, what its rows are and what its columns are."""


@dataclass(frozen=True)
class Transfer:
    """One kind of transfer."""

    kind: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    """One empty name for a curve."""
    results: tuple[CellResult, ...]
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return KINDS[self.kind][0]

    def at(self, judge: str, row: str, column: str) -> CellResult | None:
        """A cell's win rate by a judge; None where no pair has one."""
        places = {(each.judge, each.row, each.column): each for each in self.results}
        return places.get((judge, row, column))

    def cell(self, row: str, column: str) -> Cell | None:
        """The system in a place; None where none was tried."""
        return next((each for each in self.cells if each.row == row and each.column in ("", column)), None)

    def judged_by(self, headlines: Sequence[Headline]) -> list[Headline]:
        """The judges that a cell has a win rate by."""
        judges = {each.judge for each in self.results}
        return [headline for headline in headlines if headline.judge in judges]


def transfers(report: Report) -> list[Transfer]:
    """The kinds of transfer that were tried, with all cells, those without a win rate too."""
    return found_transfers(report.summary, report.about)


def found_transfers(summary: Summary, about: LedgerAbout) -> list[Transfer]:
    """The same, from what a report is made of."""
    cells = listed_cells(about)
    results = cell_results(summary, about)
    found = []
    for kind in KINDS:
        mine = tuple(each for each in results if each.kind == kind)
        tried = tuple(cell for cell in cells if cell.kind == kind)
        if tried:
            columns = [cell.column for cell in tried if kind != "domains"] or [each.column for each in mine]
            rows = tuple(dict.fromkeys(cell.row for cell in tried))
            found.append(Transfer(kind, rows, tuple(dict.fromkeys(columns)), mine, tried))
    return found
