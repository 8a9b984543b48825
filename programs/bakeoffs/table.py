"""A bake-off as people read it: one table, on a terminal and in Markdown, and what must be said beside it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from programs.bakeoffs.records import Goal, Lead, Rate, Results, Standing
from programs.reports.wording import MISSING, amount, dollars, interval, signed, signed_interval
from programs.results import REAL_TEXT, judge_line
from signatures.errors import counted


def show_bakeoff(console: Console, results: Results, right: str = REAL_TEXT) -> None:
    """Prints the table, who leads by how much, how the judge was validated, and notes.

    Args:
        console: Where to.
        results: Of a bake-off.
        right: What the judge had to prefer where it was tried.
    """
    table = Table(title=title(results), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, name in enumerate(columns(results)):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    for row in rows(results):
        table.add_row(*row)
    console.print(table)
    for line in remarks(results, right):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def markdown(results: Results, right: str = REAL_TEXT) -> str:
    """The same for a README."""
    head = columns(results)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows(results)]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
    beside = "\n".join(f"- {line}" for line in remarks(results, right))
    return f"{title(results)}\n\n{table}\n\n{beside}\n"


def title(results: Results) -> str:
    """What was compared, in a line."""
    authors = results.corpus.authors.get("dev", 0)
    judges = ", ".join(dict.fromkeys(note.judge for note in results.judges)) or MISSING
    return (
        f"{results.task} on {results.corpus.name}: win rates on {authors} dev authors with 95% intervals, "
        f"judge {judges}, at most {counted(results.n_trials, 'trial')} a search"
    )


def columns(results: Results) -> list[str]:
    """Heads of the columns; dollars where any were spent or are not known."""
    paid = ["$"] if _paid(results) else []
    names = ["optimizer", "seeds", "vs zero-shot", "vs uncompiled", "calls", "tokens", "min", *paid]
    return [*names, "cached", "failed", *([f"to {results.goal}"] if _has_goal(results) else [])]


def rows(results: Results) -> Iterator[list[str]]:
    """Cells of the optimizers, most wins first."""
    for each in results.standings:
        yield [
            each.optimizer,
            f"{len(each.seeds)}" + (f" of {len(each.seeds) + each.n_broken}" if each.n_broken else ""),
            _rate(each.zero_shot),
            _rate(each.uncompiled),
            *_costs(each, _paid(results)),
            str(each.n_failures + each.n_unscored),
            *([_goal(each.goal)] if _has_goal(results) else []),
        ]


def remarks(results: Results, right: str = REAL_TEXT) -> list[str]:
    """What a reader of the table must know."""
    spreads = [
        f"{each.optimizer} against zero-shot, seed by seed: {', '.join(f'{rate:.3f}' for rate in each.by_seed)}"
        for each in results.standings
        if len(each.by_seed) > 1
    ]
    ended = Counter(cell.optimizer for cell in results.cells if cell.stopped)
    limits = [f"{name.removeprefix('max_')} {value:g}" for name, value in results.limits.items() if value is not None]
    return [
        *([_lead(results.lead)] if results.lead else []),
        *spreads,
        "calls, tokens and minutes are means over seeds of a search with its second look, each with a cache of its own "
        "that starts empty (cached: answers from it); failed: targets without a score or verdict, over all seeds",
        *([_about_goal(results.goal)] if _has_goal(results) else []),
        *([f"limits of each search: {', '.join(limits)}; {_ended(ended)}"] if limits else []),
        *(judge_line(note, right) for note in results.judges),
        *(f"note: {line}" for line in results.notes),
    ]


def _about_goal(goal: str) -> str:
    return (
        f"to {goal}: median tokens, over seeds, to the dev win rate that {goal} ends with, kept to its end; 0 where "
        f"the uncompiled program is there already, {MISSING} where half of the seeds or more never get there"
    )


def _ended(ended: Mapping[str, int]) -> str:
    """Which optimizers' searches were ended by them, and how many of each."""
    if not ended:
        return "no search reached one"
    return f"reached by searches of {', '.join(f'{name} ({n})' for name, n in sorted(ended.items()))}"


def _lead(lead: Lead) -> str:
    words = "" if lead.low > 0 else ": not told apart"
    return (
        f"{lead.first} less {lead.second}: {signed(lead.value)} ({signed_interval(lead.low, lead.high)}) of win rate, "
        f"paired over {counted(lead.n_authors, 'author')}{words}"
    )


def _has_goal(results: Results) -> bool:
    return any(each.goal for each in results.standings)


def _paid(results: Results) -> bool:
    return any(each.dollars is None or each.dollars > 0 for each in results.standings)


def _rate(rate: Rate | None) -> str:
    return MISSING if rate is None else f"{rate.value:.2f} ({interval(rate.low, rate.high)})"


def _costs(each: Standing, paid: bool) -> Sequence[str]:
    spent = MISSING if each.dollars is None else dollars(each.dollars)
    return [
        amount(round(each.calls)),
        amount(round(each.tokens)),
        f"{each.minutes:.1f}",
        *([spent] if paid else []),
        amount(round(each.hits)),
    ]


def _goal(goal: Goal | None) -> str:
    if goal is None:
        return MISSING
    reached = f"{goal.n_reached} of {goal.n_seeds}"
    return f"{MISSING if goal.tokens is None else amount(round(goal.tokens))} ({reached})"
