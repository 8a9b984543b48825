"""Measured habits: what the inferring step is offered, what is made of its claims, and what demos show of them."""

import json
from typing import Any

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import lm, requests, turns

from data import load_corpus
from data.splits import split
from programs import AuthorshipProgram, load
from programs.evidence import supported
from programs.habits import N_HABITS, holds_in_any, measured_habits, offered
from programs.lms.adapters import FittingAdapter
from programs.tasks import authorship_demos
from programs.traits import holds
from signatures.generation import Habit, InferHypotheses, Sample
from signatures.hypotheses import Hypothesis

COMMAS = Hypothesis(
    dimension="writing style", aspect="punctuation", statement="Uses many commas, 20 in 100 words", check="commas>=15"
)
# Two commas in ten words: 20 in 100.
TEXT = "Well, yes, he had some of them in the shed."
SAMPLES = [
    "Rain again! Good for the beans! We plant anyway -- who would not?\n\nCome over! Bring cake!",
    "Tea! Then the bus! Late -- of course! We walked anyway!\n\nWhy wait? Come over!",
    "The boat is mended! Come and see -- soon! Who would not?\n\nBring the kids!",
]


def claim(statement: str, *evidence: str, check: str = "") -> Hypothesis:
    return COMMAS.model_copy(update={"statement": statement, "evidence": evidence, "check": check})


def test_habits_are_measured_with_checks_that_hold_on_the_samples():
    habits = measured_habits(SAMPLES)
    assert 3 <= len(habits) <= N_HABITS
    assert any("exclam" in habit.check for habit in habits)
    assert all(holds_in_any(habit, SAMPLES) for habit in habits)
    assert measured_habits(SAMPLES, 2) == habits[:2]


@pytest.mark.parametrize("texts", [["😀🎉🔥 😀"], ["...", " \n"], []])
def test_texts_without_a_word_have_no_habits(texts):
    assert measured_habits(texts) == ()


def test_a_habit_is_offered_without_its_check_and_confidence():
    assert offered([COMMAS]) == [Habit(dimension="writing style", aspect="punctuation", statement=COMMAS.statement)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200), min_size=1, max_size=4))
def test_quotations_of_habits_occur_in_the_texts_whatever_they_are(texts):
    for habit in offered(measured_habits(texts)):
        assert all(any(span in text for text in texts) for span in habit.evidence)


def test_a_claim_that_states_a_habit_gets_its_check_however_it_is_written():
    (same, other), n_dropped = supported(
        [claim("uses many  commas, 20 in 100 words."), claim("Likes sheds.")], [TEXT], [COMMAS]
    )
    assert (same.check, other.check, n_dropped) == ("commas>=15", "", 0)
    assert holds(same, TEXT) is True and holds(other, TEXT) is None


def test_a_claim_whose_check_holds_on_no_sample_is_dropped_and_counted():
    kept, n_dropped = supported([claim(COMMAS.statement), claim("Likes sheds.")], ["No comma here."], [COMMAS])
    assert [each.statement for each in kept] == ["Likes sheds."]
    assert n_dropped == 1


def test_a_claim_whose_check_holds_on_one_sample_of_two_stays():
    kept, n_dropped = supported([claim(COMMAS.statement)], ["No comma here.", TEXT], [COMMAS])
    assert (len(kept), n_dropped) == (1, 0)


@pytest.mark.parametrize("check", ["commas>=99", "nonsense>=1"])
def test_a_check_that_the_model_wrote_itself_is_not_believed(check):
    (kept,), n_dropped = supported([claim("Likes sheds.", check=check)], [TEXT], [COMMAS])
    assert (kept.check, n_dropped) == ("", 0)


def test_a_claim_that_repeats_a_habit_is_kept_once_with_the_first_quotations():
    kept, _ = supported([claim(COMMAS.statement, "Well, yes"), claim(COMMAS.statement, "the shed")], [TEXT], [COMMAS])
    assert [each.evidence for each in kept] == [("Well, yes",)]


def chosen(*places: int) -> str:
    """An answer that claims the habits at these places, as a model constrained to them would."""
    habits = [offered(measured_habits(SAMPLES))[place].model_dump(mode="json") for place in places]
    return json.dumps({"hypotheses": [{**habit, "confidence": 0.6} for habit in habits]})


def test_a_program_offers_the_habits_of_its_samples_and_returns_those_chosen_with_their_checks():
    model = lm([chosen(0, 2, 3), "Dry now!"], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = AuthorshipProgram()(samples=SAMPLES, prompt="Of the weather.")
    habits = measured_habits(SAMPLES)
    assert [each.check for each in out.hypotheses] == [habits[place].check for place in (0, 2, 3)]
    # The model says 0.6 of each; what was measured counts.
    assert all(each.confidence != 0.6 and each.check for each in out.hypotheses)
    assert out.n_dropped == 0
    infer, write = requests(model)
    shown = turns(infer)[-1][1]
    assert shown.endswith("Habits:\n" + "\n".join(f"- {habit.statement}" for habit in habits))
    assert shown.index("Samples:") < shown.index("Habits:")
    assert infer.config.response_format is not None
    schema = json.dumps(infer.config.response_format["schema"], ensure_ascii=False)
    assert all(json.dumps(habit.statement, ensure_ascii=False) in schema for habit in habits)
    assert habits[0].statement in turns(write)[0][1]
    assert habits[0].check not in str(turns(write))


def test_a_model_that_follows_formats_reads_the_habits_and_may_state_its_own():
    own = json.dumps({"hypotheses": [claim(f"Own {number}.").model_dump(mode="json") for number in range(3)]})
    model = lm([own, "[[ ## text ## ]]\nDry now!\n\n[[ ## completed ## ]]"])
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = AuthorshipProgram()(samples=SAMPLES, prompt="Of the weather.")
    assert [each.statement for each in out.hypotheses] == ["Own 0.", "Own 1.", "Own 2."]
    assert [each.check for each in out.hypotheses] == [""] * 3
    asked = str(turns(requests(model)[0]))
    assert all(habit.statement in asked.replace("\\'", "'") for habit in measured_habits(SAMPLES))


def test_given_hypotheses_are_not_measured(monkeypatch):
    def fail(*_):
        raise AssertionError("measured")

    monkeypatch.setattr("programs.profiles.asking.measured_habits", fail)
    model = lm(["Dry now!"], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        assert AuthorshipProgram()(samples=SAMPLES, prompt="p", hypotheses=[COMMAS]).hypotheses == (COMMAS,)
    assert "commas>=15" not in str(turns(requests(model)[0]))


@pytest.mark.parametrize("texts", [["😀🎉🔥 😀"], ["今天下雨了。我们还是种菜。"], ["a"], ["Ça va? Très bien, merci !"]])
def test_authors_of_any_script_are_inferred(texts):
    answer = json.dumps({"hypotheses": [claim(f"Own {number}.").model_dump(mode="json") for number in range(3)]})
    model = lm([answer, "Dry now."], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        assert AuthorshipProgram()(samples=texts, prompt="p").text == "Dry now."
    assert ("Habits:" in str(turns(requests(model)[0]))) == bool(measured_habits(texts))


def test_a_state_saved_without_habits_keeps_its_words_for_the_other_fields():
    program = AuthorshipProgram()
    state = json.loads(json.dumps(program.dump_state()))
    fields = state["infer"]["signature"]["fields"]
    place = list(InferHypotheses.fields).index("habits")
    del fields[place]
    for field in fields:
        field["description"] = f"old {field['description']}"
    state["infer"]["signature"]["instructions"] = "Look."
    before = json.dumps(state)
    program.load_state(state)
    signature: Any = program.infer.signature
    assert signature.instructions == "Look."
    words = [field.json_schema_extra["desc"] for field in signature.fields.values()]
    own = [field["description"] for field in InferHypotheses.dump_state()["fields"]]
    assert words == [word if index == place else f"old {word}" for index, word in enumerate(own)]
    assert json.dumps(state) == before


def test_a_state_with_habits_comes_back_as_it_was():
    program = AuthorshipProgram()
    program.infer.demos = [{"habits": [habit.model_dump(mode="json") for habit in offered([COMMAS])]}]
    fresh = AuthorshipProgram()
    fresh.load_state(json.loads(json.dumps(program.dump_state())))
    assert fresh.dump_state() == program.dump_state()


def test_the_program_that_ships_runs_and_is_offered_habits():
    model = lm([chosen(0, 1, 2), "Dry now!"], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = load("authorship")(samples=SAMPLES, prompt="p", n=1)
    assert len(out.hypotheses) == 3 and all(each.check for each in out.hypotheses)
    assert "Habits:" in turns(requests(model)[0])[-1][1]


@pytest.fixture(scope="module")
def cases():
    return split(load_corpus("bundled"), seed=0, n_samples=5, n_targets=2).train


def test_a_demo_claims_three_of_the_habits_it_shows_in_their_order(cases):
    for demo in authorship_demos(cases):
        statements = [habit.statement for habit in demo.habits]
        places = [statements.index(each.statement) for each in demo.hypotheses]
        assert len(places) == 3 and places == sorted(set(places))
        assert len(statements) <= 6
        texts = [sample.text for sample in demo.samples]
        assert all(len(each.evidence) <= 1 and not each.check for each in demo.hypotheses)
        assert all(any(span in text for text in texts) for each in demo.hypotheses for span in each.evidence)
        assert set(demo.inputs().keys()) == {"samples", "attributes", "prompt"}


def test_a_demo_claims_habits_of_the_aspects_that_the_gold_hypotheses_speak_of(cases):
    for case in cases:
        telling = {gold.aspect for gold in case.author.gold}
        demo = authorship_demos([case])[0]
        # As many as there are, up to the three that a demo claims.
        expected = min(3, sum(habit.aspect in telling for habit in demo.habits))
        assert sum(each.aspect in telling for each in demo.hypotheses) == expected


def test_a_real_author_without_gold_hypotheses_has_demos_too(cases):
    case = cases[0].model_copy(update={"author": cases[0].author.model_copy(update={"gold": ()})})
    demo = authorship_demos([case])[0]
    assert [each.statement for each in demo.hypotheses] == [habit.statement for habit in demo.habits[:3]]


def test_a_demo_of_texts_without_habits_keeps_the_gold_hypotheses(cases):
    texts = tuple(text.model_copy(update={"text": "😀🎉", "prefix": ""}) for text in cases[0].samples)
    gold = cases[0].author.gold[0].model_copy(update={"evidence": ("😀🎉",)})
    author = cases[0].author.model_copy(update={"gold": (gold,)})
    demo = authorship_demos([cases[0].model_copy(update={"samples": texts, "author": author})])[0]
    assert demo.habits == [] and [each.statement for each in demo.hypotheses] == [gold.statement]


def test_samples_without_words_show_no_heading_for_habits():
    signature, inputs = InferHypotheses, {"attributes": {}, "samples": [Sample(text="😀")], "habits": []}
    messages = FittingAdapter.choose(lm([], small=True), signature).format(signature, [], inputs)
    assert "Habits" not in messages[-1]["content"]
