"""Writes a report: the page and its pictures, whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from programs.disk import disk_faults, replace_file
from programs.ledger import LedgerAbout, LedgerRow
from programs.reports.headline import Report
from programs.reports.page import page
from programs.summary import Summary, summarise

REPORT = "report.html"
PLOTS = "plots"


def write_report(folder: Path, rows: Sequence[LedgerRow], about: LedgerAbout, summary: Summary | None = None) -> Path:
    """Writes report.html and plots/*.png into `folder`, which is made; the same rows give the same bytes.

    Pictures of an earlier report that this one has no numbers for are removed.

    Args:
        folder: Where they go.
        rows: Of the ledger.
        about: What the ledger says beside them.
        summary: What `summarise(rows, about.seed)` gives, if it is there already.

    Returns: The path of the page.

    Raises:
        SetupError: Rows of several runs, or the disk refuses.
    """
    # matplotlib takes half a second to import, which those who only print tables need not wait for.
    from programs.reports.plots import NAMES, pictures

    report = Report(rows, about, summary or summarise(rows, about.seed))
    drawn = list(pictures(report))
    content = page(report, drawn).encode("utf-8", "replace")
    with disk_faults(folder):
        plots = folder / PLOTS
        plots.mkdir(parents=True, exist_ok=True)
        for picture in drawn:
            replace_file(plots / f"{picture.name}.png", picture.png)
        for name in NAMES:
            if name not in {picture.name for picture in drawn}:
                (plots / f"{name}.png").unlink(missing_ok=True)
        replace_file(folder / REPORT, content)
    return folder / REPORT
