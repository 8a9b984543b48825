from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from programs.card import CorpusNote, JudgeNote, LmNote
from programs.ledger import (
    LedgerAbout,
    LedgerRow,
    comparisons,
    failed_targets,
    pairs_from,
    read_all,
    read_ledger,
    write_ledger,
)
from programs.metrics import JudgedPair, win_rate
from signatures.errors import SetupError

ROW = LedgerRow(
    run="r1",
    system="compiled",
    baseline="zero-shot",
    author="ann",
    domain="news",
    target_id="t1",
    candidate_text="One, two.",
    baseline_text="One two three.",
    judge="stylometric",
    judge_version="stylometric-1",
    order="candidate-first",
    verdict="candidate",
    reason="a: more commas",
    candidate_words=2,
    baseline_words=3,
    seconds=0.5,
    tokens=12,
    cost=0.0,
)

names = st.text(min_size=1)
counts = st.integers(0, 2**63 - 1)
amounts = st.floats(0, allow_infinity=False, allow_nan=False)


def changed(**values: object) -> LedgerRow:
    return LedgerRow.model_validate(ROW.model_dump() | values)


@st.composite
def ledger_rows(draw: st.DrawFn) -> LedgerRow:
    verdict = draw(st.sampled_from(["candidate", "baseline", "tie", None]))
    words = ("domain", "candidate_text", "baseline_text", "reason", "prompt", "sample", "hypotheses")
    texts = {name: draw(st.text()) for name in words}
    keys = {
        name: draw(names) for name in ("run", "system", "baseline", "author", "target_id", "judge", "judge_version")
    }
    numbers = {name: draw(counts) for name in ("candidate_words", "baseline_words", "tokens", "judge_tokens")}
    return LedgerRow.model_validate(
        {
            **texts,
            **keys,
            **numbers,
            "order": draw(st.sampled_from(["candidate-first", "baseline-first"])),
            "verdict": verdict,
            "seconds": draw(amounts),
            "cost": draw(amounts),
            "judge_seconds": draw(amounts),
            "judge_cost": draw(amounts),
            "error": draw(names) if verdict is None else None,
        }
    )


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ledger_rows(), max_size=5))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, rows: list[LedgerRow]):
    path = tmp_path_factory.mktemp("ledger") / "new" / "ledger.parquet"
    write_ledger(path, rows)
    assert read_ledger(path) == rows
    assert [file.name for file in path.parent.iterdir()] == ["ledger.parquet"]


@pytest.mark.parametrize(
    "bad",
    [
        {"verdict": None},
        {"error": "timed out"},
        {"verdict": "a"},
        {"order": "first"},
        {"seconds": float("nan")},
        {"cost": -1.0},
        {"candidate_words": 2**63},
        {"author": ""},
        {"extra": 1},
    ],
)
def test_a_row_that_makes_no_sense_is_refused_at_birth(bad: dict[str, object]):
    with pytest.raises(ValidationError):
        changed(**bad)


def test_half_a_surrogate_pair_from_a_model_does_not_stop_the_ledger(tmp_path: Path):
    row = changed(candidate_text="ok \ud83d, \U0001f389", author="\udc00")
    assert (row.candidate_text, row.author) == ("ok \ufffd, \U0001f389", "\ufffd")
    write_ledger(tmp_path / "ledger.parquet", [row])
    assert read_ledger(tmp_path / "ledger.parquet") == [row]


def test_every_number_can_be_counted_again_from_the_file(tmp_path: Path):
    # Ann's target won in both orders, Bob's lost in one and tied in the other: (1 + 0.25) / 2.
    rows = [
        ROW,
        changed(author="bob", target_id="t2", verdict="baseline"),
        changed(order="baseline-first", verdict="candidate"),
        changed(author="bob", target_id="t2", order="baseline-first", verdict="tie"),
        changed(author="cy", target_id="t3", verdict=None, error="timed out"),
        changed(author="cy", target_id="t3", order="baseline-first"),
        changed(author="dee", target_id="t4"),
    ]
    write_ledger(tmp_path / "ledger.parquet", rows)
    kept = read_ledger(tmp_path / "ledger.parquet")
    pairs = pairs_from(kept)
    assert pairs[0] == JudgedPair("ann", "t1", "candidate", "candidate", 2, 3)
    # Cy lacks a verdict and Dee an order: failures, not losses.
    assert failed_targets(kept) == [("cy", "t3"), ("dee", "t4")]
    rate = win_rate(pairs, n_failures=len(failed_targets(kept)), rng=np.random.default_rng(0))
    assert (rate.value, rate.n_pairs, rate.n_failures) == (0.625, 2, 2)


def test_comparisons_are_counted_one_at_a_time():
    rows = [ROW, changed(system="few-shot"), changed(order="baseline-first"), changed(judge="delta")]
    with pytest.raises(ValueError, match="rows of 3 comparisons"):
        pairs_from(rows)
    groups = comparisons(rows)
    assert list(groups) == [
        ("compiled", "zero-shot", "stylometric"),
        ("few-shot", "zero-shot", "stylometric"),
        ("compiled", "zero-shot", "delta"),
    ]
    assert len(pairs_from(groups["compiled", "zero-shot", "stylometric"])) == 1


def test_an_order_judged_twice_is_an_error():
    with pytest.raises(ValueError, match="target 't1' of author 'ann' is judged twice candidate-first"):
        pairs_from([ROW, changed(verdict="tie")])


def write_other_schema(path: Path, metadata: dict[str, str]) -> None:
    pq.write_table(pa.table({"run": ["r1"]}).replace_schema_metadata(metadata), path)


def test_a_file_that_is_no_whole_ledger_of_this_schema_is_named_with_the_remedy(tmp_path: Path):
    path = tmp_path / "ledger.parquet"
    with pytest.raises(SetupError, match="there is no ledger .*; give the path"):
        read_ledger(path)
    with pytest.raises(SetupError, match="there is no ledger"):
        read_ledger(tmp_path)
    write_ledger(path, [ROW] * 100)
    whole = path.read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(SetupError, match="cut off, damaged or no parquet file"):
            read_ledger(path)
    write_other_schema(path, {"hyperalign_ledger": "99"})
    with pytest.raises(SetupError, match="has schema '99', and this version reads up to 2"):
        read_ledger(path)
    write_other_schema(path, {})
    with pytest.raises(SetupError, match="a parquet file but no ledger"):
        read_ledger(path)
    write_other_schema(path, {"hyperalign_ledger": "1"})
    with pytest.raises(SetupError, match="holds a row that no run writes"):
        read_ledger(path)


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "ledger.parquet"
    write_ledger(path, [ROW])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(SetupError, match="No space left on device; choose another folder or make room"):
        write_ledger(path, [ROW, ROW])
    assert read_ledger(path) == [ROW]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="cannot write the ledger"):
        write_ledger(tmp_path / "file" / "ledger.parquet", [ROW])


any_words = st.text(st.characters(codec="utf-8"))


@st.composite
def abouts(draw: st.DrawFn) -> LedgerAbout:
    share = st.floats(0, 1)
    note = st.builds(
        JudgeNote,
        judge=any_words,
        against=any_words,
        accuracy=share,
        low=st.none() | share,
        high=st.none() | share,
        n_pairs=st.integers(0, 9),
        trusted=st.booleans(),
    )
    corpus = CorpusNote(name=draw(any_words), sha256="0" * 64, split_sha256="f" * 64, authors={"test": 3})
    return LedgerAbout(
        task=draw(any_words),
        corpus=draw(st.sampled_from([None, corpus])),
        part=draw(any_words),
        lm=draw(st.none() | st.builds(LmNote, name=any_words, decoding=st.just({"seed": 1, "stop": ["\n"]}))),
        seed=draw(st.integers(0, 2**63)),
        judges=tuple(draw(st.lists(note, max_size=2))),
        systems=draw(st.dictionaries(any_words, any_words, max_size=2)),
        packages=draw(st.dictionaries(any_words, any_words, max_size=2)),
        notes=tuple(draw(st.lists(any_words, max_size=2))),
    )


@settings(max_examples=60, deadline=None)
@given(about=abouts(), rows=st.lists(ledger_rows(), max_size=2))
def test_what_is_said_about_the_rows_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, about: LedgerAbout, rows: list[LedgerRow]
):
    path = tmp_path_factory.mktemp("ledger") / "ledger.parquet"
    write_ledger(path, rows, about)
    assert read_all(path) == (rows, about)


def test_a_ledger_of_which_nothing_was_said_reads_as_such(tmp_path: Path):
    write_ledger(tmp_path / "ledger.parquet", [ROW])
    assert read_all(tmp_path / "ledger.parquet") == ([ROW], LedgerAbout())


@pytest.mark.parametrize("told", ["", "{", "[]", '{"task": 3}', '{"unknown": ""}', '{"seed": 0.5}', "\ud800"])
def test_a_broken_account_of_the_rows_is_an_error_and_not_an_empty_one(tmp_path: Path, told: str):
    path = tmp_path / "ledger.parquet"
    write_ledger(path, [ROW])
    table = pq.read_table(path)
    metadata = {**table.schema.metadata, b"hyperalign_about": told.encode(errors="surrogatepass")}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    for read in (read_all, read_ledger):
        with pytest.raises(SetupError, match="restore it or run again"):
            read(path)


def as_schema_1(rows: list[LedgerRow]) -> pa.Table:
    newer = {"prompt", "sample", "hypotheses", "judge_seconds", "judge_tokens", "judge_cost"}
    table = pa.Table.from_pylist([row.model_dump(exclude=newer) for row in rows])
    return table.replace_schema_metadata({"hyperalign_ledger": "1"})


def test_a_ledger_of_the_first_schema_is_read_with_defaults(tmp_path: Path):
    rows = [ROW, changed(target_id="t2", verdict=None, error="timed out")]
    pq.write_table(as_schema_1(rows), tmp_path / "ledger.parquet")
    assert read_all(tmp_path / "ledger.parquet") == (rows, LedgerAbout())
    assert {(row.prompt, row.sample, row.judge_seconds) for row in rows} == {("", "", 0.0)}


def test_the_ledger_that_ships_is_read(tmp_path: Path):
    shipped = Path(__file__).parents[1] / "artifacts" / "authorship" / "default" / "ledger.parquet"
    rows, about = read_all(shipped)
    assert {row.order for row in rows} == {"candidate-first", "baseline-first"}
    assert ("compiled", "zero-shot") in {(row.system, row.baseline) for row in rows}
    # What is read can be written with the present schema.
    write_ledger(tmp_path / "ledger.parquet", rows, about)
    assert read_all(tmp_path / "ledger.parquet") == (rows, about)


@pytest.mark.parametrize("version", ["3", "10", "0", "-1", "2.0", " 2", "", "two"])
def test_a_ledger_of_another_schema_is_refused_with_its_version(tmp_path: Path, version: str):
    path = tmp_path / "ledger.parquet"
    write_ledger(path, [ROW])
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"hyperalign_ledger": version}), path)
    with pytest.raises(SetupError, match=f"has schema '{version}', and this version reads up to 2"):
        read_all(path)
