"""The metric that optimizers maximise, and the rows that a ledger keeps."""

import math
from itertools import pairwise

import dspy
import numpy as np
import pytest

from programs.answers import Answer
from programs.contest import Comparison, WinMetric, others_texts, own_texts, real_scale, verdict_rows
from programs.judges.judge import Preference
from programs.summary import result_row
from signatures.records import Author, AuthorCase, Text


class LongerWins:
    """Scores a text by its number of characters."""

    name = version = "longer"

    def score(self, author: str, text: str) -> float:
        return float(len(text))

    def prefers(self, author: str, a: str, b: str) -> Preference:
        return "tie" if len(a) == len(b) else "a" if len(a) > len(b) else "b"

    def prefer_many(self, authors, a, b) -> list[Preference]:
        return [self.prefers(*one) for one in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return f"{len(a)} against {len(b)}"


class FirstWins(LongerWins):
    """Prefers what stands first; gives no score."""

    score = None  # type: ignore[assignment]

    def prefers(self, author: str, a: str, b: str) -> Preference:
        return "a"


class Votes:
    """A judge without scores."""

    name = version = "votes"

    def __init__(self, vote: Preference):
        self.vote: Preference = vote

    def prefers(self, author: str, a: str, b: str) -> Preference:
        return self.vote

    def prefer_many(self, authors, a, b) -> list[Preference]:
        return [self.vote for _ in authors]

    def reason(self, author: str, a: str, b: str) -> str:
        return ""


def text(author: str, number: int, words: str, **fields: str) -> Text:
    facts = {"id": f"{author}{number}", "author": author, "prompt": f"Prompt {number}", "text": words} | fields
    return Text.model_validate(facts)


def case(author: str, *targets: Text) -> AuthorCase:
    samples = (text(author, 8, f"A sample of {author}."),)
    references = (text(author, 9, f"A reference of {author}."),)
    everything = (*samples, *targets, *references)
    return AuthorCase(
        author=Author(id=author, texts=everything), samples=samples, targets=targets, references=references
    )


ANN = case("ann", text("ann", 1, "Long words of ann."), text("ann", 2, "More words of ann."))
BOB = case("bob", text("bob", 1, "Few of bob."))
TARGETS = {target.id: target for each in (ANN, BOB) for target in each.targets}


def answers(**texts: str) -> dict[str, Answer]:
    return {name: Answer(name, words, 1.0, n_tokens=7) for name, words in texts.items()}


def metric(judge=None, **fields) -> WinMetric:
    return WinMetric(judge or LongerWins(), {"ann1": "xxxx", "ann2": "xxxx"}, TARGETS, **fields)


ASKED = dspy.Example(target_id="ann1")


def said(words: str) -> dspy.Prediction:
    return dspy.Prediction(text=words)


def test_the_metric_is_one_half_for_the_baseline_and_grows_with_the_gap():
    # Gap 2 on scale 1: 1 / (1 + e^-2) = 0.8808; on scale 2: 1 / (1 + e^-1) = 0.7311.
    assert metric()(ASKED, said("xxxx")) == 0.5
    assert metric()(ASKED, said("xxxxxx")) == pytest.approx(0.8808, abs=1e-4)
    assert metric(scale=2.0)(ASKED, said("xxxxxx")) == pytest.approx(0.7311, abs=1e-4)
    found = [metric(scale=3.0)(ASKED, said("x" * length)) for length in range(1, 20)]
    assert all(a < b for a, b in pairwise(found))


def test_a_gap_of_any_size_stays_a_fraction():
    assert 0.99 < metric()(ASKED, said("x" * 100_000)) <= 1.0
    assert 0.0 <= metric()(dspy.Example(target_id="ann1"), said("")) < 0.5


def test_with_a_trace_the_metric_says_whether_it_wins_and_a_tie_is_no_win():
    assert metric()(ASKED, said("xxxxx"), []) is True
    assert metric()(ASKED, said("xxxx"), []) is False
    assert metric()(ASKED, said("x"), []) is False
    assert metric(Votes("tie"))(ASKED, said("x"), []) is False


@pytest.mark.parametrize(("vote", "points"), [("a", 1.0), ("tie", 0.5), ("b", 0.0)])
def test_a_judge_without_scores_gives_points(vote, points):
    assert metric(Votes(vote))(ASKED, said("x")) == points


def test_optimizers_may_hand_over_further_arguments():
    assert metric()(ASKED, said("xxxx"), None, "write", None) == 0.5


def test_the_prompts_own_words_are_cut_before_the_judge_reads():
    opening = text("ann", 1, "It began. Then more.", prefix="It began.")
    judged = WinMetric(LongerWins(), {"ann1": "It began. xxxx"}, {"ann1": opening})
    # Both are "xxxx" to the judge, with and without the opening that was given away.
    assert judged(ASKED, said("xxxx")) == 0.5


def test_the_real_texts_win_with_probability_095_at_the_real_scale():
    # The real texts are 18 characters, the baseline's 4 and 8: gaps 14 and 10, mean 12; 12 / ln 19 = 4.075.
    scale = real_scale(
        LongerWins(), {name: TARGETS[name] for name in ("ann1", "ann2")}, {"ann1": "x" * 4, "ann2": "x" * 8}
    )
    assert scale == pytest.approx(12 / math.log(19))
    assert 1 / (1 + math.exp(-12 / scale)) == pytest.approx(0.95)


def test_the_real_scale_is_at_least_one_and_needs_neither_scores_nor_answers():
    assert real_scale(LongerWins(), TARGETS, {name: "x" * 99 for name in TARGETS}) == 1.0
    assert real_scale(LongerWins(), TARGETS, {}) == 1.0
    assert real_scale(Votes("a"), TARGETS, {name: "" for name in TARGETS}) == 1.0


def rows(candidate, baseline, judge=None):
    comparison = Comparison("run", "compiled", "zero-shot", judge or LongerWins())
    return verdict_rows(comparison, [ANN, BOB], candidate, baseline)


def test_every_target_has_a_row_for_each_order():
    found = rows(answers(ann1="xx", ann2="x", bob1="x x"), answers(ann1="x", ann2="xx", bob1="x x"))
    assert len(found) == 6
    verdicts = {(row.target_id, row.order): row.verdict for row in found}
    for order in ("candidate-first", "baseline-first"):
        assert [verdicts[name, order] for name in ("ann1", "ann2", "bob1")] == ["candidate", "baseline", "tie"]
    first = next(row for row in found if (row.target_id, row.order) == ("ann1", "candidate-first"))
    second = next(row for row in found if (row.target_id, row.order) == ("ann1", "baseline-first"))
    # The judge reads the candidate first in one order and second in the other.
    assert (first.reason, second.reason) == ("2 against 1", "1 against 2")
    assert (first.tokens, first.candidate_text, first.baseline_text) == (7, "xx", "x")
    found = result_row(found)
    # One win, one loss, one tie: 1.5 of 3.
    assert found and (found.win_rate, found.n_pairs, found.ties, found.failures) == (0.5, 3, 1, 0)
    assert (found.mean_words, found.baseline_mean_words) == pytest.approx((4 / 3, 4 / 3))


def test_a_failure_of_either_system_keeps_its_rows_with_the_error_and_is_no_loss():
    failed = {"ann1": Answer("ann1", "", 1.0, error="RuntimeError: away")}
    found = rows(answers(ann2="xx", bob1="xx") | failed, answers(ann1="x", ann2="x", bob1="x"))
    assert len(found) == 6
    assert {row.error for row in found if row.target_id == "ann1"} == {"RuntimeError: away"}
    assert {row.verdict for row in found if row.target_id == "ann1"} == {None}
    result = result_row(found)
    assert result and (result.win_rate, result.n_pairs, result.failures) == (1.0, 2, 1)
    turned = rows(answers(ann1="x", ann2="x", bob1="x"), answers(ann2="xx", bob1="xx") | failed)
    assert {row.error for row in turned if row.target_id == "ann1"} == {"RuntimeError: away"}


def test_where_everything_failed_there_is_no_result():
    failed = {name: Answer(name, "", 1.0, error="away") for name in TARGETS}
    assert result_row(rows(failed, failed)) is None


def test_a_judge_that_prefers_what_stands_first_shows_as_bias_and_not_as_a_win():
    found = result_row(rows(answers(ann1="a", ann2="b", bob1="c"), answers(ann1="d", ann2="e", bob1="f"), FirstWins()))
    assert found and (found.win_rate, found.position_bias, found.ties) == (0.5, 1.0, 3)


def test_the_ceiling_is_the_authors_real_text_cut_to_what_a_model_may_write():
    long = case("cat", text("cat", 1, "One two three. Four five six. Seven eight nine."))
    assert own_texts([ANN], 50)["ann1"].text == "Long words of ann."
    assert own_texts([long], 7)["cat1"].text == "One two three. Four five six."


def test_the_floor_is_another_authors_text_on_the_same_prompt_where_there_is_one():
    floor = others_texts([ANN, BOB], 50, np.random.default_rng(0))
    # "Prompt 1" is answered by both; of "Prompt 2", which bob did not answer, any text of his will do.
    assert (floor["ann1"].text, floor["bob1"].text) == ("Few of bob.", "Long words of ann.")
    assert "bob" in floor["ann2"].text
    assert floor == others_texts([ANN, BOB], 50, np.random.default_rng(0))


def test_a_floor_needs_a_second_author():
    with pytest.raises(ValueError, match="second author"):
        others_texts([ANN], 50, np.random.default_rng(0))
