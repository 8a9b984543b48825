"""An explanation as people read it: a table on a terminal, plain lines elsewhere; the most useful first."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from programs.explaining.records import Effect, Explanation, Obedience
from programs.explaining.wording import left_out, obeyed, remarks, verdict, win_share, with_interval
from programs.personal_text import visible

_TITLES = {
    "all hypotheses": "every hypothesis",
    "trait": "trait",
    "aspect": "aspect",
}


class Line(NamedTuple):
    """A hypothesis, or a group of them, with both comparisons by one judge."""

    author: str
    """Empty over several authors."""
    name: str
    kind: str
    """The aspect of a hypothesis; what a group has in common."""
    without: Effect | None
    swapped: Effect | None
    obedience: Obedience | None


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Prints effects by judge, then the whole set and the noise, then the remarks."""
    judges = list(dict.fromkeys(each.judge for each in explanation.effects))
    if not console.is_terminal:
        told = [line for judge in judges for line in _plain(explanation, judge)]
        console.file.write("\n".join([*told, *(f"- {visible(each)}" for each in remarks(explanation))]) + "\n")
        return
    for judge in judges:
        lines = lines_of(explanation, judge)
        for title, several in (("Over authors", True), ("Which hypothesis did it", False)):
            shown = [line for line in lines if (not line.author) == several]
            if shown:
                console.print(_table(f"{title}, by judge {visible(judge)}", shown, len(explanation.authors) > 1))
        for effect in _whole(explanation, judge):
            console.print(Text(_told(effect)))
        console.print()
    for each in remarks(explanation):
        console.print(Text(f"· {visible(each)}", "dim"))


def lines_of(explanation: Explanation, judge: str) -> list[Line]:
    """Single hypotheses and groups by one judge, in the order of their effects."""
    aspects = {
        (author.author, place): each.aspect
        for author in explanation.authors
        for place, each in enumerate(author.hypotheses)
    }
    obeys = {(each.author, each.place): each for each in explanation.obedience}
    pairs: dict[tuple[str, str, str, int | None], dict[str, Effect]] = {}
    for each in explanation.effects:
        if each.judge == judge and each.arm in ("without", "swapped"):
            pairs.setdefault((each.scope, each.author, each.name, each.place), {})[each.arm] = each
    lines = []
    for (scope, author, name, place), found in pairs.items():
        at = (author, place if place is not None else -1)
        kind = _TITLES.get(scope) or aspects.get(at, "")
        lines.append(Line(author, name, kind, found.get("without"), found.get("swapped"), obeys.get(at)))
    return lines


def _whole(explanation: Explanation, judge: str) -> list[Effect]:
    """The set against none, and the noise; over authors alone where there are several."""
    found = [each for each in explanation.effects if each.judge == judge and each.scope in ("the set", "noise")]
    return [each for each in found if not each.author] or found


def _table(title: str, lines: Sequence[Line], several: bool) -> Table:
    over = not lines[0].author
    table = Table(title=Text(title), title_justify="left", show_lines=not over, expand=True)
    table.add_column("Over" if over else "Hypothesis", overflow="fold", ratio=6)
    for name in ("All, less without it", "All, less another's", "All wins over without"):
        table.add_column(name, ratio=4)
    if not over:
        table.add_column("Check held with : without", ratio=3)
    table.add_column("Pairs", ratio=2)
    table.add_column("So it", ratio=4)
    for line in lines:
        name = Text(visible(f"{line.kind} {line.name}" if line.kind != line.name else line.name))
        if not over:
            about = f"{line.author} · {line.kind}" if several else line.kind
            name = Text.assemble(visible(line.name), "\n", (visible(about), "dim"))
        says = verdict(line.without.main if line.without else None)
        style = {"helps": "bold green", "hurts": "bold red"}.get(says, "dim")
        held = [] if over else [obeyed(line.obedience)]
        pairs = left_out(line.without) if line.without else ""
        table.add_row(name, *_cells(line), *held, pairs, Text(says, style))
    return table


def _cells(line: Line) -> list[str]:
    return [
        with_interval(line.without.score if line.without else None),
        with_interval(line.swapped.score if line.swapped else None),
        win_share(line.without.wins if line.without else None),
    ]


def _told(effect: Effect) -> str:
    whose = f"{effect.author}: " if effect.author else ""
    what = "all hypotheses against none" if effect.scope == "the set" else "noise, the same set drawn again"
    return visible(
        f"{whose}{what}: {with_interval(effect.score)}, wins {win_share(effect.wins)}, "
        f"pairs {left_out(effect)}: {verdict(effect.main)}"
    )


def _plain(explanation: Explanation, judge: str) -> Iterator[str]:
    yield f"Which hypothesis did it, by judge {visible(judge)}"
    yield ""
    for number, line in enumerate(lines_of(explanation, judge), 1):
        whose = f"{line.author}, " if line.author else ""
        yield f"{number}. {visible(whose)}{line.kind}: {' '.join(visible(line.name).split())}"
        for words, effect in (("without it", line.without), ("another author's instead", line.swapped)):
            if effect:
                yield (
                    f"   less {words}: {with_interval(effect.score)}, wins {win_share(effect.wins)}, "
                    f"pairs {left_out(effect)}: {verdict(effect.main)}"
                )
        if line.obedience:
            yield f"   its check {line.obedience.check} held with : without it: {obeyed(line.obedience)}"
    yield ""
    yield from (_told(effect) for effect in _whole(explanation, judge))
    yield ""
