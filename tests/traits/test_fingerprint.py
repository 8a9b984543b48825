import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.traits import TRAITS, fingerprint
from programs.traits.reading import Reading, moving_ratio, variation
from signatures.errors import SetupError
from signatures.hypotheses import ASPECTS

WRITING = st.text(
    st.one_of(st.characters(), st.sampled_from(" .,;:!?\n\"'’“”()-—…aeIthe'and😀你好。」«»")), max_size=200
)


@given(WRITING)
def test_every_trait_of_any_text_is_a_finite_number(text: str):
    found = fingerprint([text])
    assert list(found) == list(TRAITS)
    assert all(math.isfinite(value) and value >= 0 for value in found.values())


@given(WRITING)
def test_every_passage_that_shows_a_trait_lies_in_the_text(text: str):
    reading = Reading(text)
    for trait in TRAITS.values():
        for shows in (trait.shows, trait.shows_little):
            assert all(0 <= start < end <= len(text) for start, end in shows(reading))


@given(WRITING)
def test_shares_lie_between_nothing_and_everything(text: str):
    found = fingerprint([text])
    assert all(
        found[name] <= 1
        for name, trait in TRAITS.items()
        if trait.unit.startswith("of ") and "average" not in trait.unit
    )


@pytest.mark.parametrize("text", ["", "   \n\n", "…", "😀"])
def test_a_text_without_a_word_has_no_habits_of_wording(text: str):
    found = fingerprint([text])
    assert {name for name, value in found.items() if value} == set()


def test_no_text_at_all_is_the_users_fault():
    with pytest.raises(SetupError, match="at least one"):
        fingerprint([])


def test_traits_stand_under_aspects_of_their_dimension():
    assert all(trait.aspect in ASPECTS[trait.dimension] for trait in TRAITS.values())
    assert len({trait.high for trait in TRAITS.values()} | {trait.low for trait in TRAITS.values()}) == 2 * len(TRAITS)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        # 4 and 2 words: a mean of 3, a standard deviation of 1, a third of the mean.
        ("sentence_words", "She came home late. He slept.", 3.0),
        ("sentence_spread", "She came home late. He slept.", 1 / 3),
        ("text_words", "She came home late. He slept.", 6.0),
        # "He slept." is the one sentence of two with eight words or fewer.
        ("short_sentences", "She came home so very late that night, as ever. He slept.", 0.5),
        ("opening_words", "She came home late. He slept.", 4.0),
        # 3 + 4 + 4 + 4 letters in four words.
        ("word_letters", "She came home late.", 15 / 4),
        ("paragraph_words", "One two three.\n\nFour.", 2.0),
        # The second of two paragraphs has one sentence.
        ("lone_sentences", "One. Two.\n\nThree.", 0.5),
        # 2 commas in 10 words; the one inside 1,000 is no comma.
        ("commas", "Well, yes, he had 1,000 of them in the shed.", 20.0),
        # The semicolon of an HTML entity and that of an emoticon are none: 1 in 10 words.
        ("semicolons", "A &amp; B went; C did not go home then ;)", 10.0),
        ("colons", "Bring this: one two three four five six seven eight.", 10.0),
        ("dashes", "It was -- so he said — quite a long way", 2 / 9 * 100),
        ("parentheses", "It was (so he said) a way", 100 / 7),
        ("ellipses", "Well... so it goes…", 50.0),
        ("hyphenated", "A well-known man", 100 / 3),
        ("possessives", "The man's dog", 100 / 3),
        # One of two sentences.
        ("exclamations", "Go now! Stay there.", 0.5),
        ("questions", "Is it so? It is.", 0.5),
        # 2 of 4 words stand in quotation marks, in 1 of 1 sentences.
        ("quoted_words", 'He said "go home".', 0.5),
        ("quotes", 'He said "go home".', 1.0),
        ("numerals", "It cost 5 pounds", 25.0),
        ("acronyms", "The UN met", 100 / 3),
        ("capitalised", "Then Anna met us", 50.0),
        ("lower_starts", "so it goes. Then it went.", 0.5),
        ("emoji", "so it goes 😀", 100 / 3),
        ("list_items", "Bring:\n- milk\n- bread", 1.0),
        # 3 different words of 4.
        ("richness", "the dog the cat", 0.75),
        ("contractions", "It's so; don't go", 50.0),
        ("clipped", "I'm gonna go home", 25.0),
        ("dropped_g", "He was bakin' bread", 25.0),
        # "the" and "of" and "nation", whose ending counts only from seven letters on: 2 of 5.
        ("formality", "the end of one nation", 40.0),
        ("abstract_nouns", "their separation was long", 25.0),
        ("passives", "It was taken. They left.", 0.5),
        ("past_forms", "It was late", 100 / 3),
        ("british", "The colour was odd", 25.0),
        ("american", "The color was odd", 25.0),
        ("contrast", "But it was odd", 25.0),
        ("negations", "It was not odd", 25.0),
        ("but_starts", "But no. Yes.", 0.5),
        ("and_starts", "And no. Yes.", 0.5),
        ("word_the", "the dog and cat", 25.0),
        ("word_a", "a dog and an", 50.0),
        ("word_and", "the dog and cat", 25.0),
        ("word_that", "he said that so", 25.0),
        ("word_which", "dogs which bark loudly", 25.0),
        ("word_of", "one of the dogs", 25.0),
        ("word_it", "it lost its way", 50.0),
        ("first_singular", "I lost my way", 50.0),
        ("first_plural", "We lost our way", 50.0),
        ("second_person", "You lost your way", 50.0),
        ("third_person", "She lost her way", 50.0),
        ("hedges", "Perhaps it was lost", 25.0),
        ("boosters", "It was very lost", 25.0),
        ("would", "It would be lost", 25.0),
        ("kindness", "Thanks for the dog", 25.0),
        ("said", "She said it twice", 25.0),
        ("argued", "She argued it twice", 25.0),
        ("said_that", "He said that dogs bark. He said cats purr.", 0.5),
        ("told", "He told reporters so. He said so.", 0.5),
        ("weekdays", "It was on Monday. It was late.", 0.5),
        ("opens_greeting", "Hi Anna,\n\nIt was late.", 1.0),
        ("opens_day", "It was Monday. It was late.", 1.0),
        ("opens_number", "It cost 5 pounds. It was late.", 1.0),
        ("opens_question", "Why so late? It was.", 1.0),
        ("ends_quote", 'It was late. He said "no".', 1.0),
        ("ends_question", "It was late. Was it?", 1.0),
        ("ends_exclamation", "It was late. It was!", 1.0),
        ("signs_off", "It was late, and we had to go home.\n\nBest regards,\nAnna", 1.0),
    ],
)
def test_each_trait_counts_what_its_name_says(name: str, text: str, expected: float):
    assert fingerprint([text])[name] == pytest.approx(expected)


def test_every_trait_has_a_worked_example():
    marks = getattr(test_each_trait_counts_what_its_name_says, "pytestmark", [])
    examples = {case[0] for mark in marks if mark.name == "parametrize" for case in mark.args[1]}
    assert examples == set(TRAITS)


def test_a_fingerprint_is_the_mean_over_texts_whatever_their_length():
    # One question of one sentence, none of three: (1 + 0) / 2.
    assert fingerprint(["Is it so?", "It is. It was. It will be."])["questions"] == 0.5


def test_curly_and_straight_marks_measure_the_same():
    straight, curly = 'He said "go home" and it\'s late.', "He said “go home” and it’s late."
    assert fingerprint([straight]) == fingerprint([curly])


def test_a_quotation_left_open_ends_with_its_line():
    assert Reading('"Go home, he said.\nThey left.').quotes == [(0, 18)]


def test_wrapped_words_and_cjk_characters_are_words():
    assert Reading("Don't go—it's o'clock 你好 3.5").words == ["don't", "go", "it's", "o'clock", "你", "好", "3.5"]


def test_richness_hardly_depends_on_length():
    # 60 different words over and over: every run of fifty has fifty different words, however long the text.
    words = [f"w{number}" for number in range(60)]
    assert moving_ratio(words) == moving_ratio(words * 5) == 1.0


def test_lengths_that_do_not_vary_have_no_variation():
    assert variation([5, 5, 5]) == variation([7]) == variation([]) == 0.0
