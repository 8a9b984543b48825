"""The ledger of a run: one row a verdict, in parquet, from which every reported number can be counted again."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from programs.card import CorpusNote, JudgeNote, LmNote
from programs.metrics import JudgedPair, Verdict
from signatures.errors import SetupError, line_of

SCHEMA_VERSION = 2
"""Version 1 has neither `LedgerAbout` nor the columns with a default; it is still read."""
_VERSION_KEY = b"hyperalign_ledger"
_ABOUT_KEY = b"hyperalign_about"

Order = Literal["candidate-first", "baseline-first"]


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


Words = Annotated[str, AfterValidator(_whole)]
"""Any text; half a surrogate pair, which models send and no file can hold, becomes U+FFFD."""
Name = Annotated[Words, Field(min_length=1)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class LedgerRow(BaseModel):
    """One judge's verdict on one pair of texts in one order, or why there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Name
    system: Name
    """The candidate."""
    baseline: Name
    author: Name
    domain: Words
    target_id: Name
    candidate_text: Words
    """As the judge read it."""
    baseline_text: Words
    """As the judge read it."""
    prompt: Words = ""
    """What both texts answer."""
    sample: Words = ""
    """One of the samples of the author that the systems were shown."""
    hypotheses: Words = ""
    """Those that the candidate was written from, a line each; empty for systems without."""
    details: Words = ""
    """What the task's own counts need beside both texts, as JSON; empty for tasks that count nothing else."""
    judge: Name
    judge_version: Name
    order: Order
    verdict: Verdict | None
    """None if `error` says why."""
    reason: Words
    candidate_words: int = Field(ge=0, lt=2**63)
    baseline_words: int = Field(ge=0, lt=2**63)
    seconds: Amount
    """Time that the generation of the candidate's text took."""
    tokens: int = Field(ge=0, lt=2**63)
    """Read and written for the candidate's text."""
    cost: Amount
    """US dollars for the candidate's text."""
    judge_seconds: Amount = 0.0
    """Time that the verdict took."""
    judge_tokens: int = Field(default=0, ge=0, lt=2**63)
    """Read and written for the verdict."""
    judge_cost: Amount = 0.0
    """US dollars for the verdict."""
    error: Name | None = None

    @model_validator(mode="after")
    def _verdict_or_error(self) -> Self:
        if (self.verdict is None) == (self.error is None):
            raise ValueError(f"row of target {self.target_id!r} needs a verdict or an error, and not both")
        return self


class LedgerAbout(BaseModel):
    """What the rows of a ledger do not say and a report of them must: it stands in the file's own metadata."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str = ""
    corpus: CorpusNote | None = None
    part: str = ""
    """The split whose authors were scored, such as "test"."""
    lm: LmNote | None = None
    """The model that wrote the candidates' and the baseline's texts."""
    seed: int = 0
    """Of every random draw, those of a report included."""
    judges: tuple[JudgeNote, ...] = ()
    """How each judge was validated."""
    systems: dict[Words, Words] = {}
    """System to what it is, in a line."""
    settings: dict[str, JsonValue] = {}
    """What else was chosen and is needed to split the corpus again, such as `n_samples`."""
    packages: dict[str, str] = {}
    notes: tuple[Words, ...] = ()


_WORDS = ("run", "system", "baseline", "author", "domain", "target_id", "candidate_text", "baseline_text", "prompt")
_MORE_WORDS = ("sample", "hypotheses", "judge", "judge_version", "order", "verdict", "reason")
_SCHEMA = pa.schema(
    [
        *[(name, pa.string()) for name in (*_WORDS, *_MORE_WORDS)],
        *[("candidate_words", pa.int64()), ("baseline_words", pa.int64())],
        *[("seconds", pa.float64()), ("tokens", pa.int64()), ("cost", pa.float64())],
        *[("judge_seconds", pa.float64()), ("judge_tokens", pa.int64()), ("judge_cost", pa.float64())],
        ("error", pa.string()),
    ]
)
_DETAILS = pa.field("details", pa.string())
"""A column that only ledgers of tasks with details have."""


def write_ledger(path: Path | str, rows: Iterable[LedgerRow], about: LedgerAbout | None = None) -> None:
    """Writes rows to a parquet file in one move: the file is whole, or as it was before.

    Folders on the way are made.

    Raises:
        SetupError: The place cannot be written, or the disk is full.
    """
    path = Path(path)
    told = (about or LedgerAbout()).model_dump_json().encode()
    dumped = [row.model_dump() for row in rows]
    schema = _SCHEMA.append(_DETAILS) if any(row["details"] for row in dumped) else _SCHEMA
    schema = schema.with_metadata({_VERSION_KEY: str(SCHEMA_VERSION).encode(), _ABOUT_KEY: told})
    table = pa.Table.from_pylist(dumped, schema=schema)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        try:
            pq.write_table(table, name, compression="zstd")
            # Temporary files are private; a result is as readable as its folder.
            os.chmod(name, 0o644)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(
            f"cannot write the ledger {str(path)!r}: {error.strerror or error}; choose another folder or make room"
        ) from error


def read_ledger(path: Path | str) -> list[LedgerRow]:
    """Reads the rows of a ledger in the order they were written.

    Raises:
        SetupError: No such file, unreadable, cut off, not a ledger, or written with a newer schema.
    """
    return read_all(path)[0]


def read_all(path: Path | str) -> tuple[list[LedgerRow], LedgerAbout]:
    """Reads a ledger's rows, in the order they were written, and what it says about them.

    Raises:
        SetupError: As `read_ledger`.
    """
    path = Path(path)
    if not path.is_file():
        raise SetupError(f"there is no ledger {str(path)!r}; give the path of a ledger.parquet that a run wrote")
    try:
        # ParquetFile, unlike read_table, takes nothing from the names of folders.
        with pq.ParquetFile(path) as file:
            _check_schema(path, file.schema_arrow)
            told = (file.schema_arrow.metadata or {}).get(_ABOUT_KEY, b"{}")
            rows = file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise SetupError(
            f"cannot read the ledger {str(path)!r}: it is cut off, damaged or no parquet file ({line_of(error, 200)});"
            " restore it or run the evaluation again"
        ) from error
    try:
        about = LedgerAbout.model_validate_json(told)
    except ValidationError as error:
        raise SetupError(
            f"what the ledger {str(path)!r} says of its rows is broken ({line_of(error, 200)}); restore it or run again"
        ) from error
    try:
        return [LedgerRow.model_validate(row) for row in rows], about
    except ValidationError as error:
        raise SetupError(
            f"the ledger {str(path)!r} holds a row that no run writes ({line_of(error, 200)}); restore it or run again"
        ) from error


def pairs_from(rows: Iterable[LedgerRow]) -> list[JudgedPair]:
    """Joins the two orders of every target that has both verdicts; `failed_targets` names the rest.

    Pairs come in the order of their first rows.

    Raises:
        ValueError: Rows of more than one run, system, baseline or judge; an order judged twice.
    """
    return [_pair(*both) for both in _orders(rows).values() if both[0] and both[1]]


def failed_targets(rows: Iterable[LedgerRow]) -> list[tuple[str, str]]:
    """Author and id of every target that lacks a verdict in an order: `n_failures` of `win_rate` is their number.

    Raises:
        ValueError: As `pairs_from`.
    """
    return [key for key, both in _orders(rows).items() if not (both[0] and both[1])]


def comparisons(rows: Sequence[LedgerRow]) -> dict[tuple[str, str, str], list[LedgerRow]]:
    """Groups rows by (system, baseline, judge), in the order of their first rows, for `pairs_from`."""
    groups: dict[tuple[str, str, str], list[LedgerRow]] = {}
    for row in rows:
        groups.setdefault((row.system, row.baseline, row.judge), []).append(row)
    return groups


def _orders(rows: Iterable[LedgerRow]) -> dict[tuple[str, str], list[LedgerRow | None]]:
    """Author and target id to the rows with a verdict, candidate first and baseline first."""
    rows = list(rows)
    kinds = {(row.run, row.system, row.baseline, row.judge, row.judge_version) for row in rows}
    if len(kinds) > 1:
        raise ValueError(f"rows of {len(kinds)} comparisons; pick one of {sorted(kinds)}")
    slots: dict[tuple[str, str], list[LedgerRow | None]] = {}
    seen: set[tuple[str, str, Order]] = set()
    for row in rows:
        key = (row.author, row.target_id)
        if (*key, row.order) in seen:
            raise ValueError(f"target {row.target_id!r} of author {row.author!r} is judged twice {row.order}")
        seen.add((*key, row.order))
        both = slots.setdefault(key, [None, None])
        if row.verdict is not None:
            both[row.order == "baseline-first"] = row
    return slots


def _pair(first: LedgerRow | None, second: LedgerRow | None) -> JudgedPair:
    if first is None or second is None or first.verdict is None or second.verdict is None:
        raise ValueError("a pair needs both verdicts")
    return JudgedPair(
        author=first.author,
        target_id=first.target_id,
        candidate_first=first.verdict,
        baseline_first=second.verdict,
        candidate_words=first.candidate_words,
        baseline_words=first.baseline_words,
    )


def _check_schema(path: Path, schema: pa.Schema) -> None:
    version = (schema.metadata or {}).get(_VERSION_KEY)
    if version is None:
        raise SetupError(f"{str(path)!r} is a parquet file but no ledger; give a ledger.parquet that a run wrote")
    if version not in {str(number).encode() for number in range(1, SCHEMA_VERSION + 1)}:
        raise SetupError(
            f"the ledger {str(path)!r} has schema {version.decode(errors='replace')!r}, and this version reads"
            f" up to {SCHEMA_VERSION}; read it with the version that wrote it or run the evaluation again"
        )
