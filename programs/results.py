"""Results as people read them: one table, with everything a number needs beside it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from programs.card import Card, JudgeNote, ResultRow
from programs.reports.measures import show_measures

REAL_TEXT = "the author's real text"
"""What a judge of style has to prefer."""


def show_results(console: Console, card: Card, right: str = REAL_TEXT) -> None:
    """Prints the results of a card, how its judge was validated, and its notes.

    Args:
        console: Where to.
        card: Of a version.
        right: What the judge had to prefer where it was tried.
    """
    if card.results:
        console.print(results_table(card.results))
    show_measures(console, card.measures)
    for note in card.judges:
        console.print(judge_line(note, right), highlight=False)
    for line in card.notes:
        console.print(f"note: {line}", highlight=False, markup=False)


def results_table(rows: Sequence[ResultRow]) -> Table:
    """Win rates with their intervals and counts."""
    judges = sorted({row.judge for row in rows})
    table = Table(title=f"Win rates on the test authors, judge: {', '.join(judges)}", title_justify="left")
    table.add_column("system", no_wrap=True)
    table.add_column("against", no_wrap=True)
    for name in ("win rate", "95% interval", "len-ctrl", "authors", "pairs", "ties", "failed", "bias", "words"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.system,
            row.baseline,
            f"{row.win_rate:.3f}",
            f"{row.low:.2f}-{row.high:.2f}",
            "" if row.length_controlled is None else f"{row.length_controlled:.3f}",
            str(row.n_authors),
            str(row.n_pairs),
            str(row.ties),
            str(row.failures),
            "" if row.position_bias is None else f"{row.position_bias:+.2f}",
            f"{row.mean_words or 0:.0f}:{row.baseline_mean_words or 0:.0f}",
        )
    return table


def judge_line(note: JudgeNote, right: str = REAL_TEXT) -> str:
    """How far a judge may be believed."""
    trust = "" if note.trusted else "  ** NOT TO BE TRUSTED: below 80% **"
    return (
        f"judge {note.judge} is right in {note.accuracy:.1%} of {note.n_pairs} pairs of {right} "
        f"against {note.against}{trust}"
    )
