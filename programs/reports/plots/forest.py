"""Win rates with their intervals, a panel a judge."""

from matplotlib.axes import Axes

from programs.reports import wording
from programs.reports.headline import Headline, Report
from programs.reports.plots.drawing import (
    ACCENT,
    MUTED,
    ROW,
    SURFACE,
    WARN,
    Plot,
    headed,
    left_for,
    named_rows,
    panels,
    rate_axis,
    settings,
)

_ENDS = 1.15
"""Inches at the right for the numbers."""


def forest(report: Report) -> Plot | None:
    """Draws every comparison that has a win rate; None if none has."""
    shown = [headline for headline in report.headlines if any(row.result for row in headline.rows)]
    if not shown:
        return None
    names = {headline.judge: row_names(headline) for headline in shown}
    left = left_for([name for each in names.values() for name in each])
    with settings():
        figure, axes = panels([ROW * len(names[each.judge]) for each in shown], left, _ENDS, "win rate")
        for headline, panel in zip(shown, axes, strict=True):
            headed(panel, headline)
            named_rows(panel, names[headline.judge])
            rate_axis(panel)
            _rows(panel, headline)
    alt = "; ".join(_in_words(headline) for headline in shown)
    return Plot("Win rates with 95% intervals over authors", alt, figure)


def row_names(headline: Headline) -> list[str]:
    """What the rows with a win rate are called: the system alone where there is one baseline only."""
    rows = [row for row in headline.rows if row.result]
    if len({row.baseline for row in rows}) == 1:
        return [wording.label(row.system) for row in rows]
    return [f"{wording.label(row.system, 15)} : {wording.label(row.baseline, 13)}" for row in rows]


def _rows(axes: Axes, headline: Headline) -> None:
    trusted = headline.trust.level == "trusted"
    results = [(row, row.result) for row in headline.rows if row.result]
    for at, (row, result) in enumerate(results):
        colour = WARN if not trusted else MUTED if row.is_bound else ACCENT
        axes.plot([result.low, result.high], [at, at], color=colour, linewidth=2, solid_capstyle="butt")
        # Hollow: a number that must not be read like the others.
        filled = colour if trusted else SURFACE
        axes.plot([result.win_rate], [at], "o", markersize=6, markeredgecolor=colour, markerfacecolor=filled)
        said = f"{headline.trust.mark}{result.win_rate:.2f} ({result.low:.2f}–{result.high:.2f})"
        axes.text(1.06, at, said, va="center", size=7.5, color=MUTED if trusted else WARN)


def _in_words(headline: Headline) -> str:
    rates = ", ".join(
        f"{wording.against(row.system, row.baseline)} {row.result.win_rate:.2f} "
        f"({wording.interval(row.result.low, row.result.high)})"
        for row in headline.rows
        if row.result
    )
    return f"by {headline.judge} ({headline.trust.level}): {rates}"
