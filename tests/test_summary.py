import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.costs import Cost, JudgeCost
from programs.ledger import LedgerRow, read_all, write_ledger
from programs.metrics import Verdict
from programs.summary import Agreement, Breakdown, Failure, Summary, result_row, summarise
from signatures.errors import SetupError

SHIPPED = Path(__file__).parents[1] / "artifacts" / "authorship" / "default" / "ledger.parquet"

VERDICTS: list[Verdict] = ["candidate", "baseline", "tie"]

ROW = LedgerRow(
    run="r1",
    system="ours",
    baseline="zero-shot",
    author="ann",
    domain="news",
    target_id="t1",
    candidate_text="One, two.",
    baseline_text="One two three.",
    judge="delta",
    judge_version="delta-1",
    order="candidate-first",
    verdict="candidate",
    reason="",
    candidate_words=2,
    baseline_words=3,
    seconds=0.5,
    tokens=12,
    cost=0.25,
)


def changed(**values: object) -> LedgerRow:
    return LedgerRow.model_validate(ROW.model_dump() | values)


def both(first: Verdict, second: Verdict | None = None, **values: object) -> list[LedgerRow]:
    """The rows of a pair, with the same verdict in both orders unless told otherwise."""
    return [
        changed(order="candidate-first", verdict=first, **values),
        changed(order="baseline-first", verdict=second or first, **values),
    ]


def failed(reason: str, **values: object) -> list[LedgerRow]:
    return [
        changed(order=order, verdict=None, error=reason, candidate_text="", **values)
        for order in ("candidate-first", "baseline-first")
    ]


@st.composite
def ledgers(draw: st.DrawFn) -> list[LedgerRow]:
    """Some systems by some judges on some targets of some authors, a few of them failed."""
    rows: list[LedgerRow] = []
    for system in draw(st.sampled_from([["ours"], ["ours", "few-shot"], ["few-shot", "ours", "ticl"]])):
        for judge in draw(st.sampled_from([["delta"], ["delta", "plain"]])):
            for author, domain in (("ann", "news"), ("bob", "news"), ("cy", "blog")):
                for number in range(draw(st.integers(0, 2))):
                    names = {"system": system, "judge": judge, "judge_version": judge, "author": author}
                    place: dict[str, Any] = {**names, "domain": domain, "target_id": f"{author}{number}"}
                    n_words = draw(st.integers(1, 300))
                    first: Verdict = draw(st.sampled_from(VERDICTS))
                    second: Verdict = draw(st.sampled_from(VERDICTS))
                    if draw(st.integers(0, 5)):
                        rows += both(first, second, **place, candidate_words=n_words)
                    else:
                        rows += failed("away", **place)
    return rows


def by_names(found: Summary) -> dict[str, set[str]]:
    """What a summary says, whatever the order in which it says it."""
    return {
        part: {repr(item) for item in getattr(found, part)}
        for part in ("results", "failures", "domains", "authors", "costs", "judge_costs", "detectable")
    }


def differences_by_names(found: Summary) -> dict[tuple[object, ...], tuple[float, ...]]:
    """Each difference from both sides, by its names."""
    sides: dict[tuple[object, ...], tuple[float, ...]] = {}
    for each in found.differences:
        rest = (each.p_value, each.n_authors, each.n_pairs, each.n_left_out)
        sides[each.a, each.b, each.baseline, each.judge] = (each.value, each.low, each.high, *rest)
        sides[each.b, each.a, each.baseline, each.judge] = (-each.value, -each.high, -each.low, *rest)
    return sides


@settings(deadline=None, max_examples=40)
@given(rows=ledgers(), shuffle=st.randoms(use_true_random=False))
def test_neither_a_second_count_nor_the_order_of_rows_changes_a_digit(rows: list[LedgerRow], shuffle: random.Random):
    found = summarise(rows, seed=3)
    assert summarise(rows, seed=3) == found
    shuffled = rows.copy()
    shuffle.shuffle(shuffled)
    again = summarise(shuffled, seed=3)
    assert by_names(again) == by_names(found)
    assert differences_by_names(again) == differences_by_names(found)
    agreed = {frozenset((each.a, each.b)): (each.n_pairs, each.percent, each.kappa) for each in found.agreements}
    assert {frozenset((e.a, e.b)): (e.n_pairs, e.percent, e.kappa) for e in again.agreements} == agreed


@settings(deadline=None, max_examples=40)
@given(rows=ledgers())
def test_no_target_gets_lost(rows: list[LedgerRow]):
    found = summarise(rows)
    groups = {(row.system, row.baseline, row.judge) for row in rows}
    targets = {
        key: {(row.author, row.target_id) for row in rows if (row.system, row.baseline, row.judge) == key}
        for key in groups
    }
    counted = {(row.system, row.baseline, row.judge): row.n_pairs + row.failures for row in found.results}
    wholly = {
        (each.system, each.baseline, each.judge): each.n_failures
        for each in found.failures
        if each.n_failures == each.n_targets
    }
    assert not counted.keys() & wholly.keys()
    assert counted | wholly == {key: len(names) for key, names in targets.items()}
    for each in found.failures:
        assert sum(count for _, count in each.reasons) == each.n_failures
    for parts in (found.domains, found.authors):
        totals: dict[tuple[str, str, str], int] = {}
        for part in parts:
            key = (part.system, part.baseline, part.judge)
            totals[key] = totals.get(key, 0) + part.n_pairs + part.n_failures
        assert totals == {key: len(names) for key, names in targets.items()}


def test_a_further_system_or_judge_changes_no_other_number():
    ours = [row for name in "abcdef" for row in both("candidate", "tie", author=name, target_id=name)]
    rival = [row for name in "abcdef" for row in both("baseline", author=name, target_id=name, system="rival")]
    other = [row for name in "abcdef" for row in both("tie", author=name, target_id=name, judge="plain")]
    alone, beside = summarise(ours), summarise([*rival, *ours, *other])
    assert alone.results[0] in beside.results
    assert set(alone.domains) <= set(beside.domains)
    assert set(alone.authors) <= set(beside.authors)
    assert alone.costs[0] in beside.costs


def test_another_seed_moves_intervals_and_nothing_else():
    # Authors of 1 to 7 targets, so that few resamples have the same mean.
    rows = [
        row
        for n in range(160)
        for row in both(VERDICTS[n * n % 7 % 3], VERDICTS[n % 3], author=f"a{n * n % 41}", target_id=f"{n}")
    ]
    one, other = (summarise(rows, seed).results[0] for seed in (1, 2))
    assert (one.low, one.high) != (other.low, other.high)
    ends = {"low", "high"}
    assert one.model_dump(exclude=ends) == other.model_dump(exclude=ends)
    assert one.low == pytest.approx(other.low, abs=0.03)


def test_a_domain_and_an_author_show_their_own_rate_and_failures():
    rows = [
        *both("candidate", author="ann", target_id="1", domain="news"),
        *both("baseline", author="bob", target_id="2", domain="news"),
        *both("candidate", "tie", author="bob", target_id="3", domain="blog"),
        *failed("away", author="bob", target_id="4", domain="blog"),
        *failed("away", author="cy", target_id="5", domain="email"),
    ]
    found = summarise(rows)
    domains = {part.name: part for part in found.domains}
    # News: a win and a loss; blog: won in one order and tied in the other.
    assert {name: (p.value, p.n_pairs, p.n_failures) for name, p in domains.items()} == {
        "blog": (0.75, 1, 1),
        "email": (None, 0, 1),
        "news": (0.5, 2, 0),
    }
    assert domains["email"] == Breakdown("ours", "zero-shot", "delta", "email", 0, 1, None, None, None)
    authors = {part.name: (part.value, part.n_pairs, part.n_failures) for part in found.authors}
    assert authors == {"ann": (1.0, 1, 0), "bob": (0.375, 2, 1), "cy": (None, 0, 1)}


def test_a_comparison_whose_every_target_failed_is_still_there():
    rows = [
        *failed("RuntimeError: away", target_id="1"),
        *failed("RuntimeError: away", target_id="2"),
        *failed("TimeoutError", target_id="3"),
        changed(target_id="4"),
    ]
    found = summarise(rows)
    assert found.results == ()
    reasons = (("RuntimeError: away", 2), ("TimeoutError", 1), ("no verdict in one of the orders", 1))
    assert found.failures == (Failure("ours", "zero-shot", "delta", 4, 4, reasons),)
    assert (found.detectable, found.differences, found.agreements) == ((), (), ())


def test_no_rows_give_an_empty_summary():
    assert summarise([]) == Summary((), (), (), (), (), (), (), (), ())


def test_judges_are_compared_on_the_pairs_that_both_judged():
    rows = []
    verdicts: list[tuple[Verdict, Verdict]] = [
        ("candidate", "candidate"),
        ("candidate", "baseline"),
        ("baseline", "baseline"),
        ("tie", "tie"),
    ]
    for number, (first, second) in enumerate(verdicts):
        rows += both(first, target_id=str(number))
        rows += both(second, target_id=str(number), judge="plain", judge_version="plain-1")
    rows += both("baseline", target_id="only delta judged this")
    rows += both("tie", target_id="9", judge="third", judge_version="third-1")
    found = summarise(rows).agreements
    # Alike in 3 of 4. By chance won 2 * 1, lost 1 * 2, tied 1 * 1 of 16: kappa (12 - 5) / (16 - 5). Outcomes (1, 1, 0,
    # 1/2) and (1, 0, 0, 1/2): products sum to 5/4 less 4 * 5/8 * 3/8 = 5/16; squares to 9/4 - 4 * 25/64 = 11/16 and
    # 5/4 - 4 * 9/64 = 11/16.
    first = found[0]
    assert (first.a, first.b, first.n_pairs, first.percent) == ("delta", "plain", 4, 75.0)
    assert first.kappa == pytest.approx(7 / 11)
    assert first.correlation == pytest.approx(5 / 11)
    assert found[1:] == (
        Agreement("delta", "third", 0, None, None, None),
        Agreement("plain", "third", 0, None, None, None),
    )


def test_systems_are_compared_on_the_targets_that_both_have():
    rows = []
    for name in "abcd":
        rows += both("candidate", author=name, target_id=f"{name}1")
        rows += both("baseline", author=name, target_id=f"{name}1", system="rival")
    rows += both("baseline", author="a", target_id="a2")
    rows += both("tie", author="z", target_id="z1", system="third")
    found = summarise(rows).differences
    # Ours wins and the rival loses with all of 4 authors: of 16 sign flips two reach that, p = 1/8. The third system
    # shares no target with either, and differences across judges or baselines are none.
    assert [(each.a, each.b) for each in found] == [("ours", "rival")]
    only = found[0]
    assert (only.value, only.p_value, only.n_authors, only.n_pairs, only.n_left_out) == (1.0, 0.125, 4, 4, 1)
    assert only.low < only.high == 1.0


def test_a_text_costs_once_however_often_it_is_judged():
    rows = [
        *both("candidate", seconds=2.0, tokens=10, cost=0.5),
        *both("tie", judge="plain", judge_version="p", seconds=2.0, tokens=10, cost=0.5, judge_seconds=3.0),
        *both("tie", baseline="few-shot", seconds=2.0, tokens=10, cost=0.5),
        *both("baseline", target_id="t2", seconds=4.0, tokens=20, cost=0.0, judge_tokens=7, judge_cost=0.125),
        *failed("away", target_id="t3", seconds=0.0, tokens=0, cost=0.0),
        *failed("cut off", target_id="t4", seconds=9.0, tokens=0, cost=0.0),
    ]
    found = summarise(rows)
    # Texts t1 and t2, and the time spent on t4: (2 + 4 + 9) / 3, (10 + 20) / 3, 0.5 / 3.
    assert found.costs == (Cost("ours", 3, 5.0, 10.0, 0.5 / 3),)
    # Delta: six verdicts with a price on two of them.
    assert found.judge_costs == (JudgeCost("delta", 6, 0.0, 14 / 6, 0.25 / 6), JudgeCost("plain", 2, 3.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"run": "r2"}, "rows of 2 comparisons"),
        ({"judge_version": "delta-2"}, "rows of 2 comparisons"),
        ({}, "target 't1' of author 'ann' is judged twice candidate-first"),
    ],
)
def test_rows_that_are_not_of_one_evaluation_are_named_with_the_remedy(second: dict[str, object], message: str):
    with pytest.raises(SetupError, match=f"'ours' against 'zero-shot' by 'delta'.*{message}.*give the ledger of one"):
        summarise([ROW, changed(**second)])


def test_the_shipped_ledger_gives_the_same_numbers_again_after_a_round_trip(tmp_path: Path):
    rows, about = read_all(SHIPPED)
    write_ledger(tmp_path / "ledger.parquet", rows, about)
    found = summarise(rows, about.seed)
    again, told = read_all(tmp_path / "ledger.parquet")
    assert summarise(again, told.seed) == found
    assert result_row([row for row in rows if (row.system, row.baseline) == ("compiled", "zero-shot")]) in found.results
    assert np.all([row.low <= row.win_rate <= row.high for row in found.results])
    assert "With 12 authors and 36 pairs a win rate must be" in found.detectable[0].in_words()
