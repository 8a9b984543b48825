"""The pictures of a report. Importing this imports matplotlib, which takes about half a second."""

from collections.abc import Iterator
from functools import partial

from programs.reports.headline import Report
from programs.reports.plots.agreement import agreement
from programs.reports.plots.authors import authors
from programs.reports.plots.costs import costs
from programs.reports.plots.drawing import Picture, render
from programs.reports.plots.forest import forest
from programs.reports.plots.lengths import lengths
from programs.reports.plots.transfer import transfer
from programs.reports.transfers import KINDS

__all__ = ["NAMES", "pictures"]

_PLOTS = {
    "forest": forest,
    "agreement": agreement,
    "authors": authors,
    "lengths": lengths,
    "costs": costs,
    **{f"transfer-{kind}": partial(transfer, kind=kind) for kind in KINDS},
}
NAMES = tuple(_PLOTS)
"""Of every picture that a report may have."""


def pictures(report: Report) -> Iterator[Picture]:
    """Draws what the report has numbers for."""
    for name, draw in _PLOTS.items():
        plot = draw(report)
        if plot is not None:
            yield render(name, plot)
