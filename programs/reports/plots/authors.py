"""How authors differ: a dot an author, a row a comparison, a panel a judge."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.axes import Axes

from programs.reports.headline import Headline, Report
from programs.reports.plots.drawing import (
    ACCENT,
    INK,
    MUTED,
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
from programs.reports.plots.forest import row_names

_ROW = 0.34
_STEP = 0.13
"""Rows between dots of the same win rate, unless they are too many."""


def authors(report: Report) -> Plot | None:
    """Draws each author's win rate; None if no comparison has one."""
    shown = [headline for headline in report.headlines if any(row.result for row in headline.rows)]
    if not shown:
        return None
    names = {headline.judge: row_names(headline) for headline in shown}
    rates: dict[tuple[str, str, str], list[float]] = {}
    for part in report.summary.authors:
        if part.value is not None:
            rates.setdefault((part.system, part.baseline, part.judge), []).append(part.value)
    left = left_for([name for each in names.values() for name in each])
    with settings():
        heights = [_ROW * len(names[each.judge]) for each in shown]
        figure, axes = panels(heights, left, xlabel="win rate over the author's pairs")
        for headline, panel in zip(shown, axes, strict=True):
            headed(panel, headline)
            named_rows(panel, names[headline.judge])
            rate_axis(panel)
            _strips(panel, headline, rates)
    n_authors = len({part.name for part in report.summary.authors})
    alt = f"A dot for each of {n_authors} authors in a row for each comparison; the table of authors has the numbers."
    return Plot("Win rates of single authors; the line is the mean over pairs", alt, figure)


def spread(values: Sequence[float]) -> list[float]:
    """How far each of n values is moved off its row, so that equal ones stand beside each other: within ±0.4."""
    counts = Counter(values)
    seen: Counter[float] = Counter()
    offsets = []
    for value in values:
        step = min(_STEP, 0.8 / max(1, counts[value] - 1))
        offsets.append((seen[value] - (counts[value] - 1) / 2) * step)
        seen[value] += 1
    return offsets


def _strips(axes: Axes, headline: Headline, rates: dict[tuple[str, str, str], list[float]]) -> None:
    trusted = headline.trust.level == "trusted"
    results = [(row, row.result) for row in headline.rows if row.result]
    for at, (row, result) in enumerate(results):
        values = sorted(rates[row.system, row.baseline, headline.judge])
        colour = WARN if not trusted else MUTED if row.is_bound else ACCENT
        heights = [at + offset for offset in spread(values)]
        face = colour if trusted else SURFACE
        axes.plot(values, heights, "o", markersize=3.6, markeredgecolor=colour, markerfacecolor=face, alpha=0.8)
        axes.plot([result.win_rate] * 2, [at - 0.42, at + 0.42], color=INK, linewidth=1.2)
