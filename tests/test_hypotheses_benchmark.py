"""What the benchmark of hypotheses counts."""

import json

import dspy
from scripted import lm

from benchmarks.hypotheses import Infers, SampleSet, counted, holding_line, holdings, report, sample_sets
from programs import AuthorshipProgram
from programs.answers import Answer, answer_all
from programs.lms.adapters import FittingAdapter
from programs.traits.reading import Reading
from signatures.hypotheses import Hypothesis

COMMAS = Hypothesis(
    dimension="writing style", aspect="punctuation", statement="Uses many commas, 20 in 100 words", check="commas>=15"
)
# Two commas in ten words: 20 in 100.
TEXT = "Well, yes, he had some of them in the shed."
NONE = "He had some of them in the shed."


def sample_set(author: str, unseen: list[str], others: list[str]) -> SampleSet:
    return SampleSet(author, dspy.Example(), [Reading(text) for text in unseen], [Reading(text) for text in others])


def test_an_answer_is_counted():
    own = Hypothesis(dimension="personality", aspect="openness", statement="Likes sheds.", evidence=("the shed", "no"))
    # Three hypotheses, one of them twice; three quotations, of which one does not occur.
    found = [COMMAS.model_copy(update={"check": "", "evidence": ("Well, yes",)}), own, own]
    assert counted(found, [TEXT], [COMMAS]) == {
        "hypotheses": 3,
        "spans": 5,
        "verbatim": 3,
        "kept": 2,
        "checks": ["commas>=15"],
        "first": ["commas>=15"],
    }


def test_checks_are_tried_on_unseen_texts_and_on_those_of_others():
    sets = {"a-0": sample_set("a", [TEXT, TEXT, NONE, TEXT], [NONE, TEXT]), "b-1": sample_set("b", [TEXT], [NONE])}
    # Of the author's texts 3 of 4 hold, of the others' 1 of 2; the second set has no check.
    (found,) = holdings(sets, {"a-0": ["commas>=15"], "b-1": []})
    assert found == ("a", 0.75, 0.5)
    both = holdings(sets, {"a-0": ["commas>=15"], "b-1": ["commas>=15"]})
    # 0.25 and 1.0: a mean of 0.625.
    assert "lift 0.625" in holding_line("checks", both, 0)
    assert "2 sets, 2 authors" in holding_line("checks", both, 0)
    assert holding_line("checks", [], 0) == "checks: none has a check"


def test_what_failed_is_in_the_denominator_and_named():
    good = {"hypotheses": 3, "spans": 4, "verbatim": 4, "kept": 2, "checks": ["commas>=15"], "first": []}
    answers = {
        "a-0": Answer("a-0", json.dumps(good), 0.1),
        "b-1": Answer("b-1", "", 0.1, error="no JSON"),
    }
    lines = report(answers, {"a-0": sample_set("a", [TEXT], [NONE]), "b-1": sample_set("b", [TEXT], [NONE])}, 0)
    assert lines[0] == "parsed: 1 of 2 (50.0%); 3 hypotheses"
    # One of two kept claims carries a check.
    assert lines[2].endswith("measured habits: 1 (50.0%)")
    assert lines[-1] == "failed: b-1: no JSON"


def test_a_set_shows_no_text_on_which_claims_are_tried():
    for one in sample_sets(6, 0):
        shown = {sample.text for sample in one.example.samples}
        assert 3 <= len(shown) <= 7
        assert one.unseen and one.others
        assert not shown & {reading.text for reading in (*one.unseen, *one.others)}


def test_the_step_is_offered_the_habits_of_its_samples():
    (one,) = sample_sets(1, 0)
    answer = json.dumps({"hypotheses": [COMMAS.model_dump(mode="json", exclude={"check"})] * 3})
    with dspy.context(lm=lm([answer], small=True), adapter=FittingAdapter()):
        made = answer_all(Infers(AuthorshipProgram().infer), [one.example], n_threads=1)
    counts = json.loads(next(iter(made.values())).text)
    assert (counts["hypotheses"], counts["kept"], counts["checks"], len(counts["first"])) == (3, 1, [], 1)
