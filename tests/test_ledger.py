from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from programs.ledger import LedgerRow, comparisons, failed_targets, pairs_from, read_ledger, write_ledger
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
    texts = {name: draw(st.text()) for name in ("domain", "candidate_text", "baseline_text", "reason")}
    keys = {
        name: draw(names) for name in ("run", "system", "baseline", "author", "target_id", "judge", "judge_version")
    }
    numbers = {name: draw(counts) for name in ("candidate_words", "baseline_words", "tokens")}
    return LedgerRow.model_validate(
        {
            **texts,
            **keys,
            **numbers,
            "order": draw(st.sampled_from(["candidate-first", "baseline-first"])),
            "verdict": verdict,
            "seconds": draw(amounts),
            "cost": draw(amounts),
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
