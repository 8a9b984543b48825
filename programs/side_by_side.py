"""What a comparison says, as records that print as JSON and as tables."""

from pydantic import BaseModel, ConfigDict, Field
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from programs.card import JudgeNote, ResultRow
from programs.results import judge_line

UNTRUSTED = "NOT TO BE TRUSTED"
NARROWEST = 8
"""Characters of a name that are always shown."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Made(_Record):
    """What a contender was made from."""

    name: str
    system: str
    origin: str
    """A folder, or the name and id of a run."""
    made_by: str
    """The optimizer and its budget, or what an evaluation calls the system."""
    lm: str
    seed: int | None
    shown: int | None
    """Samples of an author that the program is shown at most; None where it is not known."""
    created: str
    """Date and time in UTC, to the minute."""


class Standing(ResultRow):
    """A contender's win rate over the targets that all contenders have; `system` is its name."""

    n_left_out: int = Field(ge=0)
    """Targets judged for it but not for every other contender."""


class Gap(_Record):
    """Win rate of contender a less that of contender b over the same targets, in [-1, 1]."""

    a: str
    b: str
    value: float
    low: float
    """Lower end of the 95% interval over authors."""
    high: float
    p_value: float
    """Two-sided permutation test over authors; for this difference alone, not corrected for the number of them."""
    n_authors: int
    n_pairs: int
    n_baselines_differ: int
    """Targets for which the two stand against different texts of the baseline."""


class Verdicts(_Record):
    """What one judge says of the contenders."""

    judge: str
    judge_version: str
    validation: tuple[JudgeNote, ...]
    """How the judge did on real texts, for each source of verdicts."""
    trusted: bool
    """Whether the judge was validated and reached 80% wherever it was."""
    standings: tuple[Standing, ...]
    differences: tuple[Gap, ...]
    detectable: str
    """What the sample can show, in words."""


class LeftOut(_Record):
    """What was not compared, and why."""

    name: str
    reason: str


class SideBySide(_Record):
    """A whole comparison."""

    task: str
    baseline: str
    corpus: str
    split_sha256: str
    part: str
    """The split whose authors were scored."""
    contenders: tuple[Made, ...]
    verdicts: tuple[Verdicts, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def show_side_by_side(console: Console, found: SideBySide) -> None:
    """Prints what was compared, each judge's verdicts, and what a reader must know of them."""
    console.print(
        f"{found.task} on {found.corpus}, {found.part or 'all'} authors of split {found.split_sha256[:12]}, "
        f"against {found.baseline}",
        highlight=False,
        markup=False,
    )
    console.print(_made_table(found, console.width))
    for verdicts in found.verdicts:
        console.print(_standings_table(verdicts, console.width))
        console.print(_differences_table(verdicts, console.width))
        for note in verdicts.validation:
            console.print(judge_line(note), highlight=False, markup=False)
        if not verdicts.validation:
            console.print(f"judge {verdicts.judge} was not validated  ** {UNTRUSTED} **", highlight=False, markup=False)
        console.print(verdicts.detectable, highlight=False, markup=False)
    gaps = [gap for verdicts in found.verdicts for gap in verdicts.differences]
    if any(gap.n_baselines_differ for gap in gaps):
        console.print(
            f'"own baseline": targets for which the two stand against different texts of {found.baseline}',
            highlight=False,
            markup=False,
        )
    for out in found.left_out:
        console.print(f"left out {out.name}: {out.reason}", highlight=False, markup=False)
    for line in found.notes:
        console.print(f"note: {line}", highlight=False, markup=False)


def _made_table(found: SideBySide, width: int) -> Table:
    table = _table("What they were made from", ("name", "system", "made by", "model"), ("seed", "shown", "made"))
    for made in found.contenders:
        known = ("" if number is None else str(number) for number in (made.seed, made.shown))
        _add(table, (made.name, made.system, made.made_by, made.lm), (*known, made.created))
    return _fitted(table, width)


def _standings_table(verdicts: Verdicts, width: int) -> Table:
    numbers = ("win rate", "95% interval", "len-ctrl", "authors", "pairs", "ties", "failed", "left out", "words")
    table = _table(f"Win rates on the same targets, {_judge(verdicts)}", ("name",), numbers)
    for row in verdicts.standings:
        facts = (
            _marked(f"{row.win_rate:.3f}", verdicts),
            f"{row.low:.2f}-{row.high:.2f}",
            "" if row.length_controlled is None else f"{row.length_controlled:.3f}",
            *(str(count) for count in (row.n_authors, row.n_pairs, row.ties, row.failures, row.n_left_out)),
            f"{row.mean_words or 0:.0f}:{row.baseline_mean_words or 0:.0f}",
        )
        _add(table, (row.system,), facts)
    return _fitted(table, width)


def _differences_table(verdicts: Verdicts, width: int) -> Table:
    numbers = ("difference", "95% interval", "p", "authors", "pairs", "own baseline")
    table = _table(f"Paired differences, {_judge(verdicts)}", ("of", "less"), numbers)
    for gap in verdicts.differences:
        facts = (
            _marked(f"{gap.value:+.3f}", verdicts),
            f"{gap.low:+.2f} to {gap.high:+.2f}",
            f"{gap.p_value:.3f}",
            str(gap.n_authors),
            str(gap.n_pairs),
            f"{gap.n_baselines_differ} of {gap.n_pairs}",
        )
        _add(table, (gap.a, gap.b), facts)
    return _fitted(table, width)


def _marked(number: str, verdicts: Verdicts) -> str:
    """In brackets where the judge is not to be trusted, so that it stands nowhere bare."""
    return number if verdicts.trusted else f"({number})"


def _judge(verdicts: Verdicts) -> str:
    return f"judge: {verdicts.judge}{'' if verdicts.trusted else f' ({UNTRUSTED})'}"


def _table(title: str, names: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(title=Text(title, style="italic"), title_justify="left")
    for name in names:
        table.add_column(name, no_wrap=True)
    for number in numbers:
        table.add_column(number, no_wrap=True, justify="right")
    return table


def _add(table: Table, names: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    # Names are anybody's words, and rich reads markup in strings.
    table.add_row(*(Text(text) for text in (*names, *numbers)))


def _fitted(table: Table, width: int) -> Table:
    """Where a line is too narrow, names give way, the longest first, cut with an ellipsis; numbers never do."""
    widths = [max(cell_len(str(cell)) for cell in (column.header, *column.cells)) for column in table.columns]
    names = [i for i, column in enumerate(table.columns) if column.justify == "left"]
    room = width - (3 * len(widths) + 1)
    while sum(widths) > room and max(widths[i] for i in names) > NARROWEST:
        widths[max(names, key=widths.__getitem__)] -= 1
    for column, most in zip(table.columns, widths, strict=True):
        column.width = most
    return table
