"""The numbers of an evaluation as a terminal shows them; nothing by a judge that is not trusted stands unmarked."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from programs.card import JudgeNote
from programs.evaluations.transfer import CellResult, listed_cells
from programs.ledger import LedgerAbout
from programs.reports import wording
from programs.reports.headline import BOUNDS, Headline, Standing, headlines
from programs.reports.measures import show_measures
from programs.reports.transfers import KINDS, Transfer, found_transfers
from programs.reports.trust import Trust, trust_in
from programs.summary import Agreement, Cost, Difference, Failure, Summary

_STYLES = {"trusted": "", "not trusted": "strike", "not validated": "italic"}
_LONGEST = 32


def show_summary(console: Console, summary: Summary, about: LedgerAbout) -> None:
    """Prints all tables that have rows, and the notes."""
    for headline in headlines(summary, about.judges):
        console.print(headline_table(headline))
        console.print(Text(headline.trust.in_words(), style="" if headline.trust.level == "trusted" else "bold"))
        for found in summary.detectable:
            if found.judge == headline.judge:
                console.print(Text(f"Against {wording.label(found.baseline)}: {found.in_words()}"))
        console.print()
    show_measures(console, summary.measures)
    trusts = {judge: trust_in(judge, about.judges) for judge in _judges(summary)}
    # What lies between a system and the ceiling or floor is read from the win rates; the page has those rows.
    # One judge's are enough for a terminal, and cells of a transfer have a table of their own.
    judges = _judges(summary)
    left_out = {*BOUNDS, *(cell.system for cell in listed_cells(about))}
    built = [each for each in summary.differences if each.judge == judges[0] and not {each.a, each.b} & left_out]
    for table, rows in (
        (validation_table(about.judges), about.judges),
        (agreement_table(summary.agreements), summary.agreements),
        (differences_table(built, trusts), built),
        *((transfer_table(each, trusts), each.results) for each in found_transfers(summary, about)),
        (costs_table(summary.costs), summary.costs),
        (failures_table(summary.failures), summary.failures),
    ):
        if rows:
            console.print(table)
            console.print()
    if not summary.results:
        console.print("No target has a verdict in both orders: there is no win rate.", highlight=False)
    for note in about.notes:
        console.print(Text(f"note: {wording.shown(note)}"))


def headline_table(headline: Headline) -> Table:
    """Win rates by one judge, with everything that a number needs beside it; comparisons without a pair too."""
    table = _table(f"Win rates by judge {wording.label(headline.judge)}", "system", "against")
    for name in ("win rate", "95% interval", "len-ctrl", "authors", "pairs", "ties", "failed", "bias", "words"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in headline.rows:
        table.add_row(_name(row.system), _name(row.baseline), *_standing_cells(row, headline.trust))
    return table


def validation_table(notes: Sequence[JudgeNote]) -> Table:
    """How often each judge is right where the truth is known."""
    table = _table("Judges on pairs with a known answer", "judge", "against")
    for name in ("right", "95% interval", "pairs", "no verdict", "same in both orders", "trusted"):
        table.add_column(name, justify="right", no_wrap=True)
    for note in notes:
        table.add_row(
            _name(note.judge),
            _name(note.against),
            _marked(wording.percent(note.accuracy), trust_in(note.judge, [note])),
            wording.interval(note.low, note.high),
            str(note.n_pairs),
            str(note.failures),
            wording.percent(note.consistency),
            "yes" if note.trusted else "NO",
        )
    return table


def agreement_table(agreements: Sequence[Agreement]) -> Table:
    """How far every two judges agree."""
    table = _table("Agreement of judges, over pairs that both judged", "judge", "judge")
    for name in ("pairs", "alike", "kappa", "correlation"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in agreements:
        alike = None if each.percent is None else each.percent / 100
        numbers = (wording.percent(alike), wording.signed(each.kappa), wording.signed(each.correlation))
        table.add_row(_name(each.a), _name(each.b), str(each.n_pairs), *numbers)
    return table


def differences_table(differences: Sequence[Difference], trusts: dict[str, Trust]) -> Table:
    """Every two systems on the same targets; a judge that `trusts` lacks counts as not validated."""
    table = _table("Differences between systems on the same targets", "system", "less", "against", "judge")
    for name in ("difference", "95% interval", "p", "pairs", "left out"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in differences:
        trust = trusts.get(each.judge) or trust_in(each.judge, ())
        names = map(_name, (each.a, each.b, each.baseline, each.judge))
        numbers = (
            _marked(wording.signed(each.value), trust),
            wording.signed_interval(each.low, each.high),
            wording.p_value(each.p_value),
        )
        table.add_row(*names, *numbers, str(each.n_pairs), str(each.n_left_out))
    return table


def transfer_table(transfer: Transfer, trusts: dict[str, Trust]) -> Table:
    """One kind of transfer: a row for each judge and row, a column for each column, every cell with its interval."""
    table = _table(transfer.title, KINDS[transfer.kind][1], "judge")
    for column in transfer.columns:
        table.add_column(column or KINDS[transfer.kind][2], justify="right", no_wrap=True)
    for judge in dict.fromkeys(each.judge for each in transfer.results):
        trust = trusts.get(judge) or trust_in(judge, ())
        for row in transfer.rows:
            cells = [transfer.at(judge, row, column) for column in transfer.columns]
            table.add_row(_name(row), _name(judge), *(_transferred(cell, trust) for cell in cells))
    return table


def _transferred(cell: CellResult | None, trust: Trust) -> Text:
    if cell is None:
        return Text("none")
    return _marked(f"{cell.value:.3f}", trust).append(f" ({cell.low:.2f}–{cell.high:.2f}; {cell.n_pairs})")


def costs_table(costs: Sequence[Cost]) -> Table:
    """What a text of each system took."""
    table = _table("What a text took, on average", "system")
    for name in ("texts", "seconds", "tokens", "dollars"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in costs:
        means = (wording.amount(each.seconds), wording.amount(each.tokens), wording.dollars(each.dollars))
        table.add_row(_name(each.system), str(each.n_texts), *means)
    return table


def failures_table(failures: Sequence[Failure]) -> Table:
    """Targets without a verdict, with their reasons."""
    table = _table("Targets without a verdict in both orders", "system", "against", "judge")
    table.add_column("failed", justify="right", no_wrap=True)
    table.add_column("why")
    for each in failures:
        why = "; ".join(f"{count} x {wording.label(reason, 80)}" for reason, count in each.reasons)
        names = map(_name, (each.system, each.baseline, each.judge))
        table.add_row(*names, f"{each.n_failures} of {each.n_targets}", Text(why))
    return table


def _standing_cells(row: Standing, trust: Trust) -> list[Text | str]:
    failed = f"{row.n_failures} of {row.n_targets}"
    result = row.result
    if result is None:
        return [wording.MISSING, wording.MISSING, wording.MISSING, "0", "0", "0", failed, wording.MISSING, ""]
    return [
        _marked(wording.share(result.win_rate), trust),
        _marked(wording.interval(result.low, result.high), trust),
        _marked(wording.share(result.length_controlled), trust),
        str(result.n_authors),
        str(result.n_pairs),
        str(result.ties),
        failed,
        wording.signed(result.position_bias),
        wording.words(result.mean_words, result.baseline_mean_words),
    ]


def _marked(number: str, trust: Trust) -> Text:
    """A number with the mark of the judge that it comes from."""
    return Text(f"{trust.mark}{number}", style=_STYLES[trust.level])


def _table(title: str, *names: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    for name in names:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    return table


def _name(name: str) -> Text:
    return Text(wording.label(name, _LONGEST))


def _judges(summary: Summary) -> list[str]:
    return list(dict.fromkeys(part.judge for part in summary.authors))
