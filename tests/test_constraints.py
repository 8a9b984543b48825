import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from programs.constraints import (
    LEAST_WORDS,
    MOST_OFF,
    PHRASES,
    Constraint,
    as_constraint,
    consistent,
    constraints_of,
)
from programs.repairs.advice import request
from programs.traits import TRAITS, default_population
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

WRITING = st.text(st.one_of(st.characters(), st.sampled_from(" .,!?\n\"'abI😀—")), max_size=200)
LONG = " ".join(["We went to the river and came back home again before the rain."] * 5)
"""65 words in 5 sentences of 13."""


def claim(check: str) -> Hypothesis:
    return Hypothesis(dimension="writing style", aspect="rhythm", statement="Has a habit.", check=check)


def test_only_hypotheses_with_a_check_become_constraints_and_each_once():
    found = constraints_of([claim("sentence_words<9"), claim(""), claim("sentence_words<9"), claim("commas>=2")])
    assert [each.check for each in found] == ["sentence_words<9", "commas>=2"]


def test_a_constraint_is_met_as_its_check_says():
    # LONG has 13 words in each sentence.
    assert Constraint(check="sentence_words<13.5").met(LONG)
    assert not Constraint(check="sentence_words<13").met(LONG)


def test_distance_is_counted_in_the_spread_of_texts():
    background = default_population().traits["sentence_words"]
    spread = (background.between + background.within) ** 0.5
    # 13 words against a threshold of 8: 5 too many.
    assert Constraint(check="sentence_words<8").distance(LONG) == pytest.approx(5 / spread)
    assert Constraint(check="sentence_words<14").distance(LONG) == 0.0
    # On the wrong side by nothing: still not met.
    assert 0 < Constraint(check="sentence_words<13").distance(LONG) < 0.1


def test_what_a_text_does_or_does_not_is_one_off():
    assert Constraint(check="opens_greeting>=0.5").distance(LONG) == 1.0
    assert Constraint(check="opens_greeting<0.5").distance(LONG) == 0.0


def test_a_habit_far_off_counts_five_at_most():
    assert Constraint(check="emoji<0.01").distance("😀 " * 200 + LONG) == MOST_OFF


def test_a_short_text_is_not_held_to_a_rate_but_to_what_is_barred():
    short = "We went home, happy, 😀 and slept."
    assert len(short.split()) < LEAST_WORDS
    assert Constraint(check="commas<1").met(short)
    assert not Constraint(check="commas<1").met(f"{short} {LONG}")
    assert not Constraint(check="emoji<0.01").met(short)
    assert not Constraint(check="opens_greeting>=0.5").met(short)


@pytest.mark.parametrize("text", ["", "  \n", "…"])
def test_a_text_without_a_word_meets_nothing(text: str):
    for check in ("commas<5", "opens_greeting<0.5", "emoji<0.01"):
        constraint = Constraint(check=check)
        assert not constraint.met(text) and constraint.distance(text) == MOST_OFF
    assert Constraint(check="emoji<0.01").advice(text) == "Use few emoji: none wanted."


@given(WRITING, st.sampled_from(sorted(TRAITS)), st.sampled_from([">=", "<"]), st.floats(0, 40))
def test_a_constraint_is_met_exactly_where_it_is_not_off(text: str, trait: str, sign: str, threshold: float):
    constraint = Constraint(check=f"{trait}{sign}{threshold:.3g}")
    distance = constraint.distance(text)
    assert 0 <= distance <= MOST_OFF
    assert constraint.met(text) is (distance == 0)
    for line in (constraint.advice(text), constraint.finding(text)):
        assert line and "\n" not in line and len(line) < 200


def test_advice_names_the_text_and_the_person_with_both_numbers():
    samples = ["We left. She stayed on. They came back soon.", "It rained all day. We slept."]
    # The means of the samples: (2 + 3 + 4) / 3 = 3 and (4 + 2) / 2 = 3.
    (constraint,) = constraints_of([claim("sentence_words<8")], samples)
    assert constraint.usual == 3
    assert constraint.advice(LONG) == (
        "Write short sentences: 13 words on average in your text, about 3.0 words on average in this person's."
    )


def test_advice_without_samples_tells_the_threshold():
    assert Constraint(check="sentence_words<8").advice(LONG) == (
        "Write short sentences: 13 words on average in your text, under 8.0 words on average wanted."
    )


def test_an_amount_that_breaks_the_check_is_not_held_up():
    (constraint,) = constraints_of([claim("sentence_words<2")], ["We left the house. She stayed at home."])
    assert constraint.usual is None


@pytest.mark.parametrize(
    ("check", "advice"),
    [
        ("commas>=2", "Use many commas: none in your text, at least 2.0 in 100 words wanted."),
        ("quotes>=0.2", "Use direct quotes: in no sentence in your text, in at least 20% of sentences wanted."),
        ("word_and<1", "Seldom use the word 'and': 7.7 in 100 words in your text, under 1.0 in 100 words wanted."),
        ("quoted_words>=0.1", "Put words in direct quotes: none in your text, at least 10% of words wanted."),
        ("sentence_spread>=0.4", "Mix long sentences with short ones: a spread of 0% of the mean in your text, "
         "a spread of at least 40% of the mean wanted."),
        ("opening_words<6", "Open with a short sentence: 13 words in your text, under 6.0 words wanted."),
        ("opens_greeting>=0.5", "Open with a greeting: your text does not."),
        ("text_words<40", "Write short texts: 65 words in your text, under 40 words wanted."),
        ("kindness>=1", "Thank, apologise and say please: none in your text, at least 1.0 in 100 words wanted."),
        ("past_forms<0.05", "Use few of 'was', 'were' and 'had': none in your text, none wanted."),
    ],
)  # fmt: skip
def test_advice_reads_as_english(check: str, advice: str):
    assert Constraint(check=check).advice(LONG) == advice


def test_what_a_text_must_not_do_is_said_plainly():
    greeting = f"Hello there. {LONG}"
    assert Constraint(check="opens_greeting<0.5").advice(greeting) == "Do not open with a greeting: your text does."
    assert Constraint(check="opens_greeting<0.5").finding(greeting) == "Opens without a greeting: not so in this text"


def test_every_trait_makes_a_request_of_its_own():
    requests = [request(habit) for trait in TRAITS.values() for habit in (trait.high, trait.low)]
    assert len(set(requests)) == len(requests)
    for asked in requests:
        verb = re.sub("^Seldom ", "", asked).split()[0]
        assert not re.fullmatch(r"\w+[^s]s", verb), asked
        assert ": " not in asked


@pytest.mark.parametrize("phrase", [*PHRASES, "sentences under 18 words", "sentences of at least 8 words"])
def test_every_phrase_stands_for_a_check_that_a_text_can_meet(phrase: str):
    constraint = as_constraint(f"  {phrase.upper()} ")
    assert consistent([constraint]).kept == (constraint,)


@pytest.mark.parametrize(
    ("asked", "broken", "met"),
    [
        ("no emoji", "It rained 😀.", "It rained."),
        ("British spelling", "The color was odd.", "The colour was odd."),
        ("American spelling", "The colour was odd.", "The color was odd."),
        ("under 60 words", LONG, "We went home."),
        ("at least 60 words", "We went home.", LONG),
        ("no quotes", 'He said "no".', "He said no."),
        ("sentences under 12 words", LONG, LONG.replace(" and came", ". Came")),
        ("commas < 3", "Well, yes, he had some of them in the shed. " * 6, LONG),
    ],
)
def test_what_a_person_asks_for_is_checked(asked: str, broken: str, met: str):
    assert as_constraint(asked).met(met) and not as_constraint(asked).met(broken)


@pytest.mark.parametrize("asked", ["", "be nice", "no emojis!", "sentences under few words"])
def test_what_is_no_constraint_lists_what_can_be_said(asked: str):
    with pytest.raises(SetupError, match=r"is no constraint; say one of 'no emoji', .*'British spelling'"):
        as_constraint(asked)


def test_a_check_on_no_trait_is_refused():
    with pytest.raises(SetupError, match="unknown trait 'comas'"):
        as_constraint("comas<3")
    with pytest.raises(ValidationError, match="unknown trait 'comas'"):
        Constraint(check="comas<3")


def test_constraints_that_no_text_can_meet_together_are_left_out_and_told():
    checks = ["commas>=5", "questions<0.2", "commas<3"]
    kept, notes = consistent(Constraint(check=check) for check in checks)
    assert [each.check for each in kept] == ["questions<0.2"]
    assert notes == ("left out 'commas>=5' and 'commas<3': no text can meet them all",)


@pytest.mark.parametrize(
    "checks", [["commas<0"], ["questions>=1.2"], ["signs_off>=0.3", "signs_off<0.6"], ["commas>=2", "commas<2"]]
)
def test_what_nothing_can_meet_is_left_out(checks: list[str]):
    kept, notes = consistent(Constraint(check=check) for check in checks)
    assert not kept and len(notes) == 1


@pytest.mark.parametrize(
    "checks", [["commas>=2", "commas<2.1"], ["commas<9", "commas<4"], ["signs_off>=0.3", "signs_off>=0.6"], []]
)
def test_what_one_text_can_meet_is_kept(checks: list[str]):
    kept, notes = consistent(Constraint(check=check) for check in checks)
    assert [each.check for each in kept] == checks and not notes
