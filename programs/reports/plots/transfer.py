"""How far hypotheses carry: a heat map of win rates for each matrix, a curve over numbers of samples."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from programs.reports import wording
from programs.reports.headline import Headline, Report
from programs.reports.plots.drawing import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    SURFACE,
    WARN,
    Plot,
    headed,
    left_for,
    panels,
    settings,
)
from programs.reports.transfers import KINDS, Transfer, transfers

_CELL, _CURVE = 0.42, 1.5
_LONGEST = 22


def transfer(report: Report, kind: str) -> Plot | None:
    """Draws one kind of transfer, a panel a judge; None where it was not tried or no cell has a win rate."""
    found = next((each for each in transfers(report) if each.kind == kind and each.results), None)
    if found is None:
        return None
    judged = found.judged_by(report.headlines)
    _, row_word, column_word = KINDS[kind]
    curve = kind == "samples"
    names = [wording.label(row, _LONGEST) for row in found.rows]
    left, height = (0.75, _CURVE) if curve else (left_for(names), _CELL * len(names))
    with settings():
        label = row_word if curve else f"columns: {column_word}; rows: {row_word}"
        figure, axes = panels([height] * len(judged), left, xlabel=label)
        for headline, panel in zip(judged, axes, strict=True):
            headed(panel, headline)
            (_curve if curve else _matrix)(panel, found, headline, names)
    return Plot(f"{found.title}: win rates with 95% intervals", _in_words(found, judged), figure)


def _curve(axes: Axes, found: Transfer, headline: Headline, names: list[str]) -> None:
    trusted = headline.trust.level == "trusted"
    colour = ACCENT if trusted else WARN
    rates = [found.at(headline.judge, row, "") for row in found.rows]
    places = [(at, rate) for at, rate in enumerate(rates) if rate]
    axes.axhline(0.5, color=MUTED, linewidth=0.8, zorder=0)
    for at, rate in places:
        axes.plot([at, at], [rate.low, rate.high], color=colour, linewidth=2)
    face = colour if trusted else SURFACE
    line = {"color": colour, "linewidth": 1, "markersize": 6, "markeredgecolor": colour, "markerfacecolor": face}
    axes.plot([at for at, _ in places], [rate.value for _, rate in places], "o-", **line)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    axes.set_ylabel("win rate")


def _matrix(axes: Axes, found: Transfer, headline: Headline, names: list[str]) -> None:
    axes.set(xlim=(0, len(found.columns)), ylim=(len(names), 0))
    for y, row in enumerate(found.rows):
        for x, column in enumerate(found.columns):
            rate = found.at(headline.judge, row, column)
            # Better than the baseline in one tint, worse in another, light enough for ink on both pages.
            colour, value = (ACCENT, rate.value) if rate and rate.value >= 0.5 else (WARN, rate.value if rate else 0.5)
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, alpha=0.9 * abs(value - 0.5), edgecolor="none"))
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor="none", edgecolor=GRID, linewidth=1))
            said = f"{headline.trust.mark}{rate.value:.2f}" if rate else wording.MISSING
            axes.text(x + 0.5, y + 0.38, said, ha="center", va="center", color=INK, weight="bold", size=8.5)
            ends = wording.interval(rate.low, rate.high) if rate else ""
            axes.text(x + 0.5, y + 0.74, ends, ha="center", va="center", color=INK, size=7)
    axes.set_yticks([at + 0.5 for at in range(len(names))], names)
    longest = 60 // max(1, len(found.columns))
    axes.set_xticks([at + 0.5 for at in range(len(found.columns))], [wording.label(c, longest) for c in found.columns])
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _in_words(found: Transfer, judged: list[Headline]) -> str:
    levels = {headline.judge: headline.trust.level for headline in judged}
    return "; ".join(
        f"{KINDS[found.kind][1]} {each.row}"
        + (f", {KINDS[found.kind][2]} {each.column}" if each.column else "")
        + f": {each.value:.2f} ({wording.interval(each.low, each.high)}) by {each.judge} ({levels[each.judge]})"
        for each in found.results
    )
