"""The card of a compiled program: what it was made from, what it cost and how it did."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from signatures.errors import SetupError

SCHEMA_VERSION = 4
"""Raised when a card of the new form cannot be read by the old code; older cards are read."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0.0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CorpusNote(_Record):
    """The corpus a program was compiled on, and how it was split."""

    name: str
    """As given to `--data`."""
    sha256: str
    """Hash of the corpus's content."""
    split_sha256: str
    """Hash of the split; equal hashes mean equal test targets."""
    authors: dict[str, Count]
    """Authors per split, such as `{"train": 6, "test": 3}`."""


class LmNote(_Record):
    """A model and how it was asked."""

    name: str
    """As given to `make_lm`."""
    decoding: dict[str, JsonValue] = {}
    """Temperature, max_tokens, seed and the like; no secrets."""


class OptimizerNote(_Record):
    """The optimizer that compiled the program."""

    name: str
    settings: dict[str, JsonValue] = {}


class Spend(_Record):
    """What one phase of a run cost."""

    phase: str
    calls: Count
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    seconds: Seconds
    """Wall time of the phase."""
    dollars: Annotated[float, Field(ge=0.0)] | None = None
    """None where the price is not known; 0 for a model in process."""
    cached: Count = 0
    """Answers that the cache gave, which cost nothing; 0 where nobody counted them."""


class RoleSpend(_Record):
    """What one role's model was asked for over the whole run."""

    role: str
    """Such as "task model", "proposer" or "judge"."""
    calls: Count
    cached: Count = 0
    """Answers that the cache gave."""
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    dollars: Annotated[float, Field(ge=0.0)] | None = None
    """None where the price is not known."""
    price: str = ""
    """How the model is paid for, in words."""


class TrialNote(_Record):
    """One candidate of a search."""

    number: Count
    """From 0, the program as it was handed in."""
    changed: str
    """What sets it apart from that, in words."""
    score: float
    """Mean metric over the targets it was scored on; of a stopped one what it was expected to reach."""
    low: float | None = None
    """Lower end of the 95% interval over authors; None where one author, or another process, scored it."""
    high: float | None = None
    n_scored: Count
    """Targets with a score."""
    n_targets: Count
    """Of the valset."""
    failures: Count = 0
    pruned: bool = False
    """Whether it was stopped before its last target for being unlikely to win."""
    calls: Count = 0
    """Model calls of all roles since the trial before."""
    tokens: Count = 0
    """Read and written by them."""
    dollars: Annotated[float, Field(ge=0.0)] | None = None
    cached: Count = 0
    """Answers that the cache gave."""


class WonNote(_Record):
    """The program that a search ended with, by what sets it apart."""

    trial: Count
    """0 where the program is kept as it was handed in."""
    why: str
    """What a second look found, in words."""
    instructions: dict[str, str]
    """Predictor to instruction."""
    demos: dict[str, tuple[str, ...]]
    """Predictor to the targets that its demos came from; one that the program made itself ends in an asterisk."""
    settings: dict[str, JsonValue] = {}
    """Settings that the search changed."""


class ResultRow(_Record):
    """One row of the results table: a system against a baseline, by one judge, on the test authors."""

    system: str
    baseline: str
    judge: str
    win_rate: Share
    low: Share
    """Lower end of the 95% interval over authors."""
    high: Share
    """Upper end of the 95% interval over authors."""
    n_authors: Count
    n_pairs: Count
    ties: Count = 0
    """Verdicts that name neither text."""
    failures: Count = 0
    """Targets one of the systems gave no text for."""
    position_bias: Annotated[float, Field(ge=-1.0, le=1.0)] | None = None
    """+1 when whatever stands first always wins; None for judges that see no order."""
    mean_words: Annotated[float, Field(ge=0.0)] | None = None
    """Mean length of the system's texts, in words."""
    baseline_mean_words: Annotated[float, Field(ge=0.0)] | None = None
    length_controlled: Share | None = None
    """The win rate were both texts equally long."""


class Measure(_Record):
    """One number of a system that is no win rate, on the test targets; what the task counts besides."""

    system: str
    name: Annotated[str, Field(min_length=1)]
    """What is counted, such as "over-refusal"."""
    unit: Literal["count", "share", "percent", "score"]
    """A share is in [0, 1], a percent of a baseline's value, and a score in [-1, 1]."""
    value: float
    low: float | None = None
    """Lower end of the 95% interval over what targets belong to; None for a count."""
    high: float | None = None
    """Upper end; None for a count, and where nothing bounds it."""
    n: Count
    """Targets counted."""
    n_clusters: Count = 0
    """What they belong to, such as pairs of prompts."""
    against: str = ""
    """The system that a gain is over."""
    by: str = ""
    """What the targets counted have in common, such as "type"; empty for all of them."""
    group: str = ""
    """Which of these they are, such as "medicine"."""


class JudgeNote(_Record):
    """How a judge did on pairs of real texts, before any verdict of its was believed."""

    judge: str
    against: str
    """Whose texts stood beside the author's: "other authors" or a model's name."""
    accuracy: Share
    low: Share | None = None
    """Lower end of the 95% interval over authors."""
    high: Share | None = None
    n_pairs: Count
    failures: Count = 0
    """Pairs that the judge gave no verdict on."""
    consistency: Share | None = None
    """Share of pairs with the same verdict in both orders."""
    trusted: bool
    """Whether the accuracy reaches the 80% below which results are not to be trusted."""


class CardDraft(_Record):
    """All that is known of a program before it is saved."""

    task: Annotated[str, Field(min_length=1)]
    settings: dict[str, JsonValue]
    """What the task's `build` makes the program from."""
    corpus: CorpusNote
    lm: LmNote
    """The task model; further roles are in `roles`."""
    roles: dict[str, LmNote] = {}
    """Models of other roles, such as proposer and judge."""
    optimizer: OptimizerNote
    seeds: dict[str, int]
    packages: dict[str, str]
    """Package versions."""
    spent: tuple[Spend, ...] = ()
    spent_by_role: tuple[RoleSpend, ...] = ()
    trials: tuple[TrialNote, ...] = ()
    won: WonNote | None = None
    """None where nothing was searched."""
    stopped: str = ""
    """The limit that ended the search or the run early; empty if none did."""
    failures: dict[str, Count] = {}
    """How often each kind of failure occurred in the run, such as dropped evidence."""
    results: tuple[ResultRow, ...] = ()
    judges: tuple[JudgeNote, ...] = ()
    measures: tuple[Measure, ...] = ()
    """What the task counts beside win rates; empty for tasks that count nothing else."""
    seconds: Seconds
    """Wall time of the whole run."""
    notes: tuple[str, ...] = ()


class Card(CardDraft):
    """The card as it stands beside a saved program."""

    schema_version: Annotated[int, Field(ge=1)] = SCHEMA_VERSION
    version: Annotated[str, Field(min_length=1)]
    """The name of the version's folder: a number, or "default" for the program that ships."""
    created: AwareDatetime
    """When it was saved, in UTC."""
    program_sha256: Sha256
    """Hash of the bytes of program.json."""

    def to_json(self) -> bytes:
        """The content of card.json."""
        return self.model_dump_json(indent=2).encode() + b"\n"


def read_card(path: Path) -> Card:
    """Reads a card.json.

    Raises: SetupError if the file cannot be read, is not JSON, is not a card, or is of a newer schema.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as fault:
        raise SetupError(f"cannot read {str(path)!r}: {fault.strerror}; compile again, or choose another") from fault
    except (ValueError, RecursionError) as fault:
        raise SetupError(f"{str(path)!r} is not JSON: {fault}; restore the file or compile again") from fault
    schema = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise SetupError(f"{str(path)!r}: card schema {schema} is newer than {SCHEMA_VERSION}; upgrade hyperalign")
    try:
        return Card.model_validate(content)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise SetupError(
            f"{str(path)!r} is not a card: {where}: {first['msg']}; restore the file or compile again"
        ) from fault
