from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_people import crowd, text

from programs.traits import Population, distinctive, holds, measure, parse_check, population
from programs.traits.registry import TRAITS
from signatures.errors import SetupError

WRITING = st.text(st.one_of(st.characters(), st.sampled_from(" .,!?\n\"'abI😀你。")), max_size=120)


@pytest.fixture(scope="module")
def usual() -> Population:
    return population(crowd(), "crowd")


def exclaiming(n_texts: int, n_sentences: int = 8, seed: int = 7) -> list[str]:
    rng = Random(seed)
    return [text(rng, n_sentences, words=11, exclaiming=0.6, commas=1) for _ in range(n_texts)]


def test_what_stands_out_comes_first_with_its_number_its_place_and_a_quotation(usual: Population):
    first = measure(exclaiming(5), usual)[0]
    assert first.name in ("exclamations", "ends_exclamation")
    found = {one.name: one for one in measure(exclaiming(5), usual)}["exclamations"]
    assert found.value > 0.4 and found.percentile > 0.9
    assert found.reading.startswith(f"Ends sentences with an exclamation mark, in {found.value:.0%} of sentences, more")
    assert all("!" in span for span in found.evidence)


def test_an_ordinary_value_is_called_that(usual: Population):
    # The crowd's sentences have 6 to 17 words, 11.5 in the mean; these have 11.
    found = {one.name: one for one in measure(exclaiming(5), usual)}["sentence_words"]
    assert found.reading == "About average in sentence words: 11 words on average"


def test_fewer_samples_of_the_same_habit_lie_less_far_out(usual: Population):
    many, one = ({each.name: each.z for each in measure(exclaiming(5)[:n], usual)}["exclamations"] for n in (5, 1))
    assert many > 1.5 * one


def test_shorter_samples_of_the_same_habit_are_less_surely_claimed(usual: Population):
    def sure(n_sentences: int) -> float:
        samples = [" ".join(["Dog cat road house dog!", "Cat road dog house cat."] * n_sentences)] * 2
        return {each.name: each.z for each in measure(samples, usual)}["exclamations"]

    assert sure(1) < sure(4)


def test_claims_hold_on_the_persons_other_texts_and_not_on_other_peoples(usual: Population):
    claimed = distinctive(exclaiming(5), usual, 1)
    unseen, others = exclaiming(20, seed=8), [one for texts in crowd(seed=1).values() for one in texts]
    assert claimed[0].check.startswith(("exclamations>=", "ends_exclamation>="))
    own = sum(holds(claimed[0], one) is True for one in unseen) / 20
    assert own > 0.7
    assert sum(holds(claimed[0], one) is True for one in others) / len(others) < 0.1
    assert abs(own - claimed[0].confidence) < 0.3


def test_a_habit_that_nobody_else_has_is_claimed():
    # No text of the crowd has an emoji, so that no threshold of the population tells how many are many.
    samples = [f"{one} 😀" for one in exclaiming(3)]
    claimed = {parse_check(each.check).trait: each for each in distinctive(samples, population(crowd()), 20)}
    assert holds(claimed["emoji"], samples[0]) is True
    assert holds(claimed["emoji"], crowd()["author 0"][0]) is False
    # Three of three texts, with one text's worth of doubt: 3 / 4.
    assert claimed["emoji"].confidence == 0.75


def test_nothing_is_called_much_or_little_against_most_writers(usual: Population):
    for each in distinctive([text(Random(n), 8, words=11) for n in range(5)], usual, 20):
        check = parse_check(each.check)
        found = next(
            one for one in measure([text(Random(n), 8, words=11) for n in range(5)], usual) if one.name == check.trait
        )
        assert found.percentile >= 0.5 if check.sign == ">=" else found.percentile <= 0.5


def test_the_length_of_a_text_is_measured_and_not_claimed(usual: Population):
    # Five times as long as anything in the crowd.
    samples = exclaiming(3, n_sentences=40)
    assert {one.name: one.z for one in measure(samples, usual)}["text_words"] > 3
    assert "text_words" not in {parse_check(each.check).trait for each in distinctive(samples, usual, 80)}


def test_one_habit_is_claimed_once(usual: Population):
    claimed = distinctive([text(Random(n), 8, words=30, exclaiming=0.6) for n in range(5)], usual, 8)
    families = [TRAITS[parse_check(each.check).trait].family for each in claimed]
    assert len(families) == len(set(families))
    assert all(
        not usual.related(parse_check(one.check).trait, parse_check(other.check).trait)
        for place, one in enumerate(claimed)
        for other in claimed[:place]
    )


def test_nothing_is_claimed_of_a_person_like_everybody(usual: Population):
    everybody = [texts[0] for texts in crowd(seed=3).values()]
    confident = [each for each in distinctive(everybody, usual, 8) if each.confidence > 0.8]
    assert not confident


def test_claims_are_the_same_every_time(usual: Population):
    assert distinctive(exclaiming(4), usual) == distinctive(exclaiming(4), usual)


@settings(max_examples=40, deadline=None)
@given(st.lists(WRITING, min_size=1, max_size=3))
def test_any_samples_give_records_within_limits_and_verbatim_quotations(samples: list[str]):
    if not any(character.isalnum() for sample in samples for character in sample):
        return
    try:
        measured, claimed = measure(samples), distinctive(samples, n=8)
    except SetupError as error:
        assert "no sample holds a word" in str(error)
        return
    for each in (*measured, *claimed):
        assert all(any(span in sample for sample in samples) for span in each.evidence)
        assert all(2 <= len(span) <= 80 and "\n" not in span for span in each.evidence)
    assert all(len(each.reading) <= 160 for each in measured)
    assert len(measured) == len(TRAITS) and len(claimed) <= 8


def test_quotations_come_from_different_samples(usual: Population):
    samples = exclaiming(3)
    found = {one.name: one for one in measure(samples, usual)}["exclamations"].evidence
    assert len({next(place for place, one in enumerate(samples) if span in one) for span in found}) == 2


def test_samples_without_a_word_are_the_users_fault():
    with pytest.raises(SetupError, match="no sample holds a word"):
        distinctive(["  ", "!!!"])


def test_a_hundred_percent_and_nothing_are_said_in_words(usual: Population):
    readings = {one.name: one.reading for one in measure(["It was late!\n\nIt was!"] * 3, usual)}
    assert readings["ends_exclamation"].startswith("Ends on an exclamation, in all texts, more than")
    assert "none in these texts" in readings["commas"]
