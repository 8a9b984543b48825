"""How personal a text is: everything inferred is used, or less, or nothing, and the program says which."""

import json

import dspy
import pytest
from scripted import lm, requests, turns

from data import load_corpus
from programs import AuthorshipProgram
from programs.authorship import AuthorshipSettings
from programs.lms.adapters import FittingAdapter
from programs.profiles.record import ProfileHypothesis
from programs.reliance import relied_on

AUTHORS = load_corpus("bundled").authors
ONE = [text.text for text in AUTHORS[0].texts[:5]]


def claimed(statement: str, **standing) -> ProfileHypothesis:
    return ProfileHypothesis(dimension="personality", aspect="openness", statement=statement, **standing)


KEPT = [claimed(f"Habit {number}.") for number in range(4)]


def test_texts_of_one_person_carry_all_that_was_inferred():
    found = relied_on(KEPT, ONE)
    assert (found.level, found.reason) == ("full", "")
    assert [each.statement for each in found.hypotheses] == [each.statement for each in KEPT]


def test_texts_of_many_people_carry_nothing():
    # Six authors whose voices were written to differ, one text of each.
    mixed = [author.texts[0].text for author in AUTHORS[::4]]
    found = relied_on(KEPT, mixed)
    assert found.level != "full" and len(found.hypotheses) <= 2
    assert "alike" in found.reason or "do not read like one person's" in found.reason


@pytest.mark.parametrize(
    ("texts", "level", "n"),
    [
        (["Rain again."], "generic", 0),
        (["Rain again. We plant anyway, since the mud will not wait."], "fewer hypotheses", 2),
        (["今天下雨了。我们还是种菜。今天下雨了。"], "fewer hypotheses", 2),
        (["🎉 🎉"], "generic", 0),
        ([], "generic", 0),
    ],
)
def test_few_words_carry_little(texts, level, n):
    # 2 words; 11 words; 16 characters, each a word of its own; none.
    found = relied_on(KEPT, texts)
    assert (found.level, len(found.hypotheses)) == (level, n)
    assert found.reason


def test_what_was_dropped_or_rejected_is_never_used_and_too_few_are_called_so():
    states = [claimed("Kept."), claimed("Out.", state="dropped"), claimed("No.", state="rejected")]
    found = relied_on(states, ONE)
    assert (found.level, [each.statement for each in found.hypotheses]) == ("fewer hypotheses", ["Kept."])
    assert found.reason == "1 hypothesis stood the test on texts held back"


def test_a_generic_answer_is_the_plain_models_and_says_why():
    told = [claimed(f"Habit {number}.").plain().model_dump(mode="json") for number in range(3)]
    model = lm([json.dumps({"hypotheses": told}), "It rained."], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = AuthorshipProgram()(samples=["Rain again."], prompt="Of the weather.", n=4)
    assert (out.text, out.personalization, out.hypotheses) == ("It rained.", "generic", ())
    assert out.notes == ("generic: 2 words of the person tell nothing",)
    assert "Rain again." not in str(turns(requests(model)[1]))
    assert [each.statement for each in out.considered] == ["Habit 0.", "Habit 1.", "Habit 2."]


def test_a_program_that_measures_nothing_relies_on_what_the_model_says():
    told = [claimed(f"Habit {number}.").plain().model_dump(mode="json") for number in range(3)]
    model = lm([json.dumps({"hypotheses": told}), "It rained."], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = AuthorshipProgram(AuthorshipSettings(n_habits=0))(samples=["Rain again."], prompt="p")
    assert (out.personalization, len(out.hypotheses)) == ("full", 3)
    assert "Habits:" not in str(turns(requests(model)[0]))


def test_given_hypotheses_are_the_persons_own_word():
    model = lm(["It rained."], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = AuthorshipProgram()(samples=["Rain again."], prompt="p", hypotheses=[KEPT[0].plain()])
    assert (out.personalization, len(out.hypotheses), out.considered) == ("full", 1, ())


def test_the_program_makes_a_profile_in_which_the_models_claims_go_first():
    told = [claimed(f"Own {number}.").plain().model_dump(mode="json") for number in range(3)]
    model = lm([json.dumps({"hypotheses": told})], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        profile = AuthorshipProgram().profile(ONE, {"occupation": "baker"})
    assert profile.attributes == {"occupation": "baker"} and profile.n_texts == 5
    assert [each.source for each in profile.hypotheses if each.used] == ["model"] * 3
    assert any(each.source == "measured" and each.state == "dropped" for each in profile.hypotheses)
