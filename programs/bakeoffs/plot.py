"""One picture of a bake-off: win rates on the dev part against calls, tokens and minutes."""

from collections.abc import Callable, Sequence
from math import nan

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from programs.bakeoffs.records import Cell, Results, Spending, Standing
from programs.reports.plots.drawing import ACCENT, GRID, INK, MUTED, WARN, WIDTH, Plot, settings
from programs.reports.wording import label

_COLOURS = (ACCENT, WARN, INK, MUTED)
_MARKS = "osD^vP*Xh"
"""Of the optimizers, in the order of the table."""
_PANEL, _GAP, _TOP, _BOTTOM, _LEFT, _RIGHT = 1.9, 0.62, 0.5, 0.5, 0.6, 1.25
"""Inches."""
_MEASURES: tuple[tuple[str, Callable[[Spending], float], Callable[[Standing], float]], ...] = (
    ("model calls of a search", lambda spent: spent.calls, lambda standing: standing.calls),
    ("tokens of a search, read and written", lambda spent: spent.tokens, lambda standing: standing.tokens),
    ("minutes of a search", lambda spent: spent.seconds / 60, lambda standing: standing.minutes),
)


def race(results: Results) -> Plot | None:
    """Draws each optimizer at its mean cost, with its interval, and the way of every search to its end.

    None where no search has a win rate.
    """
    shown = [each for each in results.standings if each.zero_shot]
    if not shown:
        return None
    with settings():
        figure, axes = _panels(len(_MEASURES))
        for (name, of_spent, of_standing), panel in zip(_MEASURES, axes, strict=True):
            for place, standing in enumerate(shown):
                own = [cell for cell in results.cells if cell.optimizer == standing.optimizer and cell.error is None]
                _optimizer(panel, place, standing, of_standing(standing), [_way(cell, of_spent) for cell in own])
            _dress(panel, name)
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=8, handlelength=1.2)
        figure.text(0.02, 1 - 0.2 / figure.get_figheight(), "Win rate on dev authors against zero-shot", weight="bold")
    alt = "; ".join(
        f"{each.optimizer}: win rate {rate.value:.2f} ({rate.low:.2f} to {rate.high:.2f}) "
        f"for {each.calls:,.0f} calls, {each.tokens:,.0f} tokens, {each.minutes:.1f} minutes"
        for each in shown
        if (rate := each.zero_shot)
    )
    return Plot("Win rates of optimizers against what their searches took", alt, figure)


def _panels(n: int) -> tuple[Figure, list[Axes]]:
    """Axes one below the other, each with an x axis of its own."""
    height = _TOP + n * _PANEL + (n - 1) * _GAP + _BOTTOM
    figure, axes = Figure(figsize=(WIDTH, height)), []
    for place in range(n):
        bottom = height - _TOP - (place + 1) * _PANEL - place * _GAP
        box = (_LEFT / WIDTH, bottom / height, (WIDTH - _LEFT - _RIGHT) / WIDTH, _PANEL / height)
        axes.append(figure.add_axes(box))
    return figure, axes


def _way(cell: Cell, measure: Callable[[Spending], float]) -> tuple[list[float], list[float]]:
    """Costs and win rates of the best program so far; a gap where none is known."""
    rates = [nan if best.win_rate is None else best.win_rate for best in cell.bests]
    return [measure(best.spent) for best in cell.bests], rates


def _optimizer(
    axes: Axes, place: int, standing: Standing, cost: float, ways: Sequence[tuple[list[float], list[float]]]
) -> None:
    colour, mark = _COLOURS[place % len(_COLOURS)], _MARKS[place % len(_MARKS)]
    for costs, rates in ways:
        axes.step(costs, rates, where="post", color=colour, linewidth=0.7, alpha=0.4)
        axes.plot(costs[-1:], rates[-1:], mark, color=colour, markersize=3, alpha=0.5)
    rate = standing.zero_shot
    assert rate is not None
    axes.plot([cost, cost], [rate.low, rate.high], color=colour, linewidth=1.5)
    name = label(standing.optimizer, 16)
    axes.plot([cost], [rate.value], mark, color=colour, markersize=7, linestyle="none", label=name)


def _dress(axes: Axes, name: str) -> None:
    axes.axhline(0.5, color=MUTED, linewidth=0.8, zorder=0)
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlim(left=0)
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    axes.set_xlabel(name)
    axes.set_ylabel("win rate")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == round(value) else f"{value:g}")
