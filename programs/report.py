"""Rebuilds the report of an evaluation from its ledger, without a model.

uv run python -m programs.report artifacts/authorship/default/ledger.parquet --out /tmp/report
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from programs import entry
from programs.evaluations.run import summarised
from programs.ledger import LedgerAbout, read_all
from programs.references import LEDGER
from programs.reports import write_report
from programs.reports.tables import show_summary
from programs.summary import Summary


def parser() -> entry.Parser:
    """The command line."""
    p = entry.Parser(
        "python -m programs.report",
        "uv run python -m programs.report artifacts/authorship/default/ledger.parquet --out /tmp/report",
        "Count all numbers of an evaluation again from its ledger, print them, and write report.html with its plots. "
        "The same ledger gives the same bytes.",
    )
    p.add_argument("ledger", type=Path, metavar="LEDGER", help="a ledger.parquet, or a folder that holds one")
    p.add_argument("--out", type=Path, metavar="DIR", help="where report.html and plots/ go (default: beside LEDGER)")
    p.add_argument("--json", action="store_true", help="print the numbers as JSON and nothing else on stdout")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; its exit code.

    Raises: SetupError for a ledger that cannot be read or counted, or a folder that cannot be written.
    """
    args = parser().parse_args(arguments)
    ledger = args.ledger / LEDGER if args.ledger.is_dir() else args.ledger
    rows, about = read_all(ledger)
    summary = summarised(rows, about)
    path = write_report(args.out or ledger.parent, rows, about, summary)
    if args.json:
        print(json.dumps(as_json(summary, about, path), ensure_ascii=False))
        return entry.DONE
    console = entry.results_console()
    show_summary(console, summary, about)
    console.print(f"report: {path}", highlight=False, markup=False, soft_wrap=True)
    return entry.DONE


def as_json(summary: Summary, about: LedgerAbout, path: Path) -> dict[str, Any]:
    """All numbers, what they are of, and where the report is."""
    plain = {name: value for name, value in asdict(summary).items() if name not in ("results", "measures")}
    results = [row.model_dump() for row in summary.results]
    counted = {"measures": [each.model_dump() for each in summary.measures]} if summary.measures else {}
    return {"report": str(path), "about": about.model_dump(mode="json"), "results": results, **plain, **counted}


if __name__ == "__main__":
    entry.run(lambda: main(sys.argv[1:]))
