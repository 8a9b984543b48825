"""The records of an explanation; plain JSON, from which every number in it can be counted again."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from programs.card import CorpusNote, LmNote, Spend
from signatures.hypotheses import Hypothesis

SCHEMA_VERSION = 1

Arm = Literal["full", "again", "none", "without", "swapped"]
"""What a text was written from: all hypotheses; all of them once more, drawn anew; none; all but one; all with one
replaced by another author's."""
Scope = Literal["hypothesis", "trait", "aspect", "all hypotheses", "the set", "noise"]
"""What an effect is of: one hypothesis of one author; those on one trait or aspect, or all, over several authors; the
whole set against none; nothing at all, since the same set was drawn twice."""

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenText(_Record):
    """One text of the experiment, or why there is none."""

    author: str
    target_id: str
    draw: Count
    arm: Arm
    place: int | None = Field(default=None, ge=0)
    """Of the hypothesis that was left out or swapped, from 0; None for the other arms."""
    swapped_in: Hypothesis | None = None
    """What stands in its place, and never one of the author's own."""
    text: str = ""
    """Empty where it failed."""
    seconds: float = Field(default=0.0, ge=0.0)
    n_tokens: Count = 0
    error: str | None = None


class JudgedText(_Record):
    """What one judge made of one text: by itself, and beside the text from all hypotheses of its target and draw."""

    judge: str
    author: str
    target_id: str
    draw: Count
    arm: Arm
    place: int | None = Field(default=None, ge=0)
    score: float | None = None
    """Natural log-odds that the author wrote it; None by a judge that gives none."""
    points: Share | None = None
    """1 if it wins against the text from all hypotheses, 0.5 for a tie, 0 if it loses; two orders are averaged."""
    error: str | None = None
    """Why the judge gave no verdict."""


class Estimate(_Record):
    """A mean with its 95% interval over targets, or over authors where there are several."""

    value: float
    low: float | None = None
    """None where there is one unit only: there is no interval then."""
    high: float | None = None
    n_units: int = Field(ge=1)
    unit: Literal["target", "author"] = "target"

    @property
    def clear(self) -> bool:
        """Whether there is an interval and it leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


class Effect(_Record):
    """What changing the hypotheses does to texts, by one judge: the full set less the changed one."""

    judge: str
    scope: Scope
    arm: Arm
    """What the full set is compared with."""
    author: str = ""
    """Empty where several authors are put together."""
    name: str
    """The hypothesis's statement, or the trait or aspect."""
    place: int | None = Field(default=None, ge=0)
    """Of the hypothesis among the author's, from 0."""
    score: Estimate | None = None
    """In log-odds; positive where the full set writes more like the author. None by a judge that gives none."""
    wins: Estimate | None = None
    """In [-0.5, 0.5]: how far above even the full set's texts win against the changed ones."""
    n_pairs: Count = 0
    """Pairs of texts, equal in target and draw, that `score` or `wins` counts."""
    n_failed: Count = 0
    """Pairs left out since one of the texts failed."""
    n_unjudged: Count = 0
    """Pairs left out since the judge gave no verdict."""
    n_same: Count = 0
    """Pairs of two equal texts."""

    @property
    def main(self) -> Estimate | None:
        """The estimate that decides what is said of it."""
        return self.score or self.wins


class Obedience(_Record):
    """Whether a hypothesis's own check holds more often on texts that were written with it."""

    author: str
    place: Count
    check: str
    with_it: Share
    """Share of the texts from all hypotheses on which it holds."""
    without_it: Share
    """Share of the texts without it."""
    difference: Estimate
    n_pairs: Count


class ExplainedAuthor(_Record):
    """An author with the hypotheses that the program inferred."""

    author: str
    part: str
    """Of the split: train, val, dev or test."""
    hypotheses: tuple[Hypothesis, ...] = ()
    n_failed: Count = 0
    """Texts of the experiment that failed."""
    error: str | None = None
    """Why nothing was inferred."""


class JudgeTrust(_Record):
    """How often a judge is right on real texts of these authors against other authors' texts."""

    judge: str
    version: str
    accuracy: Share
    n_pairs: Count
    trusted: bool


class Explanation(_Record):
    """An experiment on hypotheses, with all its texts and verdicts."""

    schema_version: int = SCHEMA_VERSION
    task: str
    version: str
    """As the user named it."""
    program: str
    """What that is, in a line."""
    corpus: CorpusNote
    lm: LmNote
    seed: Count
    n_draws: int = Field(ge=1)
    settings: dict[str, JsonValue] = {}
    judges: tuple[JudgeTrust, ...]
    authors: tuple[ExplainedAuthor, ...]
    effects: tuple[Effect, ...] = ()
    """By judge and scope, the most useful first."""
    obedience: tuple[Obedience, ...] = ()
    texts: tuple[WrittenText, ...] = ()
    judged: tuple[JudgedText, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    n_planned: Count = 0
    """Texts that were to be written."""
    spent: tuple[Spend, ...] = ()
    packages: dict[str, str] = {}
