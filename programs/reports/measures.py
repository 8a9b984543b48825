"""What a task counts beside win rates, as tables: a row a number, a column a system."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from programs.card import Measure
from programs.reports import wording
from programs.reports.html_tables import small, table
from programs.reports.markup import Markup, join, name, tag

LEGEND = (
    "Counted from the texts and what is known of their targets, without a model: where a number says helpful, it is a "
    "proxy that sees words and not truth. Each number has its 95% interval below it; n is the number of targets."
)
_LONGEST = 24


@dataclass(frozen=True)
class Grid:
    """Numbers of several systems."""

    title: str
    systems: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Measure | None, ...]], ...]
    """What is counted, and the number of each system, None where it has none."""


def overall(measures: Sequence[Measure]) -> Grid:
    """The numbers over all targets."""
    mine = [each for each in measures if not each.by]
    return _grid("Beside win rates", mine, lambda each: _called(each))


def broken_down(measures: Sequence[Measure]) -> list[Grid]:
    """For each number that is counted by something, such as a type of target: a row a group."""
    keys = dict.fromkeys((each.by, _called(each)) for each in measures if each.by)
    return [
        _grid(
            f"{called} by {what}",
            [each for each in measures if (each.by, _called(each)) == (what, called)],
            lambda each: each.group,
        )
        for what, called in keys
    ]


def written(measure: Measure) -> tuple[str, str]:
    """A number and its interval, in words; the latter empty where there is none."""
    write = {
        "count": lambda value: f"{value:.0f}",
        "share": wording.share,
        "percent": lambda value: f"{value:+.0f}%".replace("-", "−"),
        "score": wording.signed,
    }[measure.unit]
    if measure.low is None:
        return write(measure.value), ""
    high = "no end" if measure.high is None else write(measure.high)
    return write(measure.value), f"{write(measure.low)} to {high}"


def show_measures(console: Console, measures: Sequence[Measure]) -> None:
    """Prints the numbers over all targets, if there are any; those of single groups are for the page."""
    grid = overall(measures)
    if not grid.rows:
        return
    made = Table(title=Text(grid.title), title_justify="left")
    made.add_column("")
    for system in grid.systems:
        made.add_column(Text(wording.label(system, _LONGEST)), justify="right", no_wrap=True)
    made.add_column("n", justify="right", no_wrap=True)
    for called, numbers in grid.rows:
        cells = [wording.MISSING if each is None else "\n".join(filter(None, written(each))) for each in numbers]
        made.add_row(Text(wording.shown(called)), *cells, _n(numbers))
    console.print(made)
    console.print()


def measures_section(measures: Sequence[Measure]) -> list[Markup]:
    """The tables of the page; empty where the task counts nothing beside win rates."""
    if not measures:
        return []
    grids = [
        tag("details", tag("summary", grid.title), _table(grid, names_are_groups=True))
        for grid in broken_down(measures)
    ]
    return [tag("p", LEGEND, class_="legend"), _table(overall(measures)), *grids]


def _table(grid: Grid, *, names_are_groups: bool = False) -> Markup:
    rows = [
        [name(called) if names_are_groups else called, *(_cell(each) for each in numbers), _n(numbers)]
        for called, numbers in grid.rows
    ]
    return table(grid.title, ["", *(name(system) for system in grid.systems), "n"], rows)


def _cell(measure: Measure | None) -> Markup | str:
    if measure is None:
        return wording.MISSING
    number, ends = written(measure)
    return join(number, tag("br"), small(ends)) if ends else number


def _called(measure: Measure) -> str:
    return f"{measure.name} over {measure.against}" if measure.against else measure.name


def _n(numbers: Sequence[Measure | None]) -> str:
    """How many targets were counted; the least and the most where systems differ."""
    counts = [each.n for each in numbers if each]
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _grid(title: str, measures: Sequence[Measure], called: Callable[[Measure], str]) -> Grid:
    systems = tuple(dict.fromkeys(each.system for each in measures))
    found = {(called(each), each.system): each for each in measures}
    names = dict.fromkeys(called(each) for each in measures)
    return Grid(title, systems, tuple((each, tuple(found.get((each, s)) for s in systems)) for each in names))
