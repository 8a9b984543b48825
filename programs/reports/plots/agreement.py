"""How far judges agree, every two of them."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from programs.reports import wording
from programs.reports.headline import Report
from programs.reports.plots.drawing import ACCENT, GRID, INK, MUTED, WARN, WIDTH, Plot, panels, settings
from programs.summary import Agreement

_TALLEST = 0.9
_LONGEST = 16


def agreement(report: Report) -> Plot | None:
    """Draws a heat map of kappa; None with fewer than two judges."""
    found = report.summary.agreements
    if not found:
        return None
    judges = [headline.judge for headline in report.headlines]
    cells = {frozenset((each.a, each.b)): each for each in found}
    left, n = 1.7, len(judges)
    height = min(_TALLEST, (WIDTH - left - 0.2) / n)
    marks = {headline.judge: headline.trust.mark for headline in report.headlines}
    names = [marks[judge] + wording.label(judge, _LONGEST) for judge in judges]
    with settings():
        figure, (axes,) = panels([height * n], left)
        axes.set(xlim=(0, n), ylim=(n, 0))
        for row, a in enumerate(judges):
            for column, b in enumerate(judges[: row + 1]):
                _cell(axes, column, row, None if a == b else cells[frozenset((a, b))], n)
        axes.set_yticks([at + 0.5 for at in range(n)], names)
        axes.set_xticks([at + 0.5 for at in range(n)], [name[:10] for name in names] if n > 3 else names)
        axes.tick_params(length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    return Plot("Agreement of judges: Cohen's kappa and share of pairs alike", _in_words(found), figure)


def _cell(axes: Axes, column: int, row: int, found: Agreement | None, n: int) -> None:
    kappa = found.kappa if found else None
    colour = ACCENT if (kappa or 0) >= 0 else WARN
    # At most a light tint, so that the ink on it reads on light and dark pages.
    axes.add_patch(
        Rectangle((column, row), 1, 1, facecolor=colour, alpha=0.45 * min(1.0, abs(kappa or 0)), edgecolor="none")
    )
    axes.add_patch(Rectangle((column, row), 1, 1, facecolor="none", edgecolor=GRID, linewidth=1))
    if found is None:
        axes.text(column + 0.5, row + 0.5, "itself", ha="center", va="center", color=MUTED, size=8)
        return
    said = f"κ {wording.signed(found.kappa)}"
    axes.text(column + 0.5, row + 0.4, said, ha="center", va="center", color=INK, weight="bold", size=9 if n < 5 else 8)
    alike = wording.MISSING if found.percent is None else f"{found.percent:.0f}%"
    below = f"{alike} of {found.n_pairs}"
    axes.text(column + 0.5, row + 0.7, below, ha="center", va="center", color=INK, size=8 if n < 5 else 7)


def _in_words(found: tuple[Agreement, ...]) -> str:
    return "; ".join(
        f"{each.a} and {each.b}: kappa {wording.signed(each.kappa)}, alike in "
        f"{wording.MISSING if each.percent is None else f'{each.percent:.0f}%'} of {each.n_pairs} pairs"
        for each in found
    )
