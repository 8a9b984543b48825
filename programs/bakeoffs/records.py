"""What a bake-off keeps of each search, and what it says of them all."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from programs.card import CorpusNote, Count, JudgeNote, LmNote, Seconds

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Record(BaseModel):
    """Frozen, and strict about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Spending(Record):
    """What a search has spent up to a moment, over the models of all roles that the budget counts."""

    calls: Count = 0
    """That reached a model."""
    tokens: Count = 0
    """Read and written."""
    dollars: float | None = 0.0
    """0 for local models; None if a price is unknown."""
    seconds: Seconds = 0.0
    hits: Count = 0
    """Answers from the search's own cache, which starts empty."""


class Tried(Record):
    """One trial, as the optimizer told it."""

    number: Count
    """From 0, which is the uncompiled program."""
    score: float
    """On the val part, a fraction."""
    n_failures: Count
    """Val targets without a score."""
    pruned: bool = False
    """Whether it was stopped early; its score is then what it was expected to reach."""
    spent: Spending
    """When it was told."""


class Best(Record):
    """A program that a search would have ended with, had it been stopped then."""

    trial: int | None
    """None for the program that the second look decided on."""
    spent: Spending
    win_rate: Fraction | None
    """On the dev part against zero-shot; None where no target has a verdict."""


class Judged(Record):
    """What the final program's text for one dev target is worth: 1 for a win, 0.5 for a tie, 0 for a loss."""

    author: str
    target_id: str
    zero_shot: Fraction | None = None
    """Against the zero-shot text; None without a verdict in both orders."""
    uncompiled: Fraction | None = None
    """Against the uncompiled program's text."""


class Cell(Record):
    """One optimizer with one seed, from the first call of its search to the verdicts on what it found."""

    optimizer: str
    seed: Count
    settings: dict[str, JsonValue] = {}
    """Of the optimizer."""
    trials: tuple[Tried, ...] = ()
    n_unscored: Count = 0
    """Candidates that failed on the whole val part."""
    bests: tuple[Best, ...] = ()
    """The uncompiled program, which costs nothing, every trial that was the best so far, and the final program."""
    judged: tuple[Judged, ...] = ()
    """Every dev target."""
    spent: Spending = Spending()
    """Search and second look; scoring on the dev part is the bake-off's, not the search's."""
    stopped: str = ""
    """Why the budget ended the search early; empty if it did not."""
    confirmation: str = ""
    """What the second look found."""
    instructions: dict[str, str] = {}
    """Of the final program, by predictor."""
    demos: dict[str, tuple[str, ...]] = {}
    """Their ids, by predictor."""
    error: str | None = None
    """Why there is no result; such a cell is run again."""

    @property
    def key(self) -> tuple[str, int]:
        """Unique in a bake-off."""
        return self.optimizer, self.seed

    @property
    def n_failures(self) -> int:
        """Val targets without a score, over all trials, and dev targets without a verdict against zero-shot."""
        return sum(t.n_failures for t in self.trials) + sum(each.zero_shot is None for each in self.judged)


class Rate(Record):
    """A win rate over dev authors and seeds, with its 95% interval over authors."""

    value: Fraction
    low: Fraction
    high: Fraction
    n_pairs: Count


class Goal(Record):
    """What an optimizer needed to reach the win rate that another ends with, and to keep it to its end."""

    n_reached: Count
    """Seeds that reached it."""
    n_seeds: Count
    """Seeds that both have."""
    tokens: float | None
    """Median over the seeds, 0 where the uncompiled program is there already; None where that many never get there."""


class Standing(Record):
    """How one optimizer did over its seeds; costs are means over seeds, of a search with its second look."""

    optimizer: str
    seeds: tuple[int, ...]
    """Finished ones."""
    n_broken: Count
    """Seeds that ended in an error."""
    zero_shot: Rate | None
    """Against zero-shot; None where no target has a verdict."""
    uncompiled: Rate | None
    """Against the uncompiled program."""
    by_seed: tuple[Fraction, ...]
    """Win rate against zero-shot of each seed that has one."""
    calls: float
    tokens: float
    minutes: float
    dollars: float | None
    hits: float
    n_trials: float
    n_failures: Count
    """Over all seeds; see `Cell.n_failures`."""
    n_unscored: Count
    goal: Goal | None
    """None where there is nothing to be reached."""


class Lead(Record):
    """How far the optimizer that wins most is ahead of the next, on the targets and seeds that both have."""

    first: str
    second: str
    value: float
    """Difference of win rates against zero-shot, in [-1, 1]."""
    low: float
    high: float
    n_authors: Count


class Results(Record):
    """All that a bake-off says."""

    task: str
    corpus: CorpusNote
    lm: LmNote
    judges: tuple[JudgeNote, ...]
    split_seed: Count
    budget: str
    n_trials: Count
    limits: dict[str, float | None]
    """Of each search."""
    goal: str
    """The optimizer whose win rates are to be reached."""
    standings: tuple[Standing, ...]
    """Most wins first."""
    lead: Lead | None
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    packages: dict[str, str]
