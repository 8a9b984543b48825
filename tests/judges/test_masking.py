from hypothesis import given
from hypothesis import strategies as st

from programs.judges.masking import mask_content, show_all, split


def masked(text: str) -> str:
    return " ".join(mask_content(token) for token in split(text))


def test_content_words_show_only_their_shape():
    # dog: up to 4 letters, Berlin: 5 to 8 with a capital, merchandise: longer; "the", "and", commas stay.
    assert masked("The dog, Berlin and the merchandise") == "The ‹short› , ‹Mid› and the ‹long›"
    assert masked("IBM iPhone COMMODORE") == "‹SHORT› ‹mixedMid› ‹LONG›"


def test_endings_and_spelling_habits_are_kept():
    # "nations" ends in s before anything else fits; a stem of two letters is too short for an ending.
    assert masked("statement readers nations bus") == "‹long-ment› ‹mid-ers› ‹mid-s› ‹short›"
    assert masked("walking startin' quickly jumped") == "‹mid-ing› ‹mid-in'› ‹mid-ly› ‹mid-ed›"
    assert masked("sooooo well-known") == "‹mid~› ‹long+›"


def test_contractions_keep_their_words_or_at_least_their_ending():
    assert masked("don't I'm Mary's they’re") == "don't I'm ‹Short›'s they're"


def test_digits_show_only_how_they_are_grouped():
    assert masked("In 1997 it was $1,250.75 at 5") == "In 0000 it was $ 0,000.00 at 0"


def test_layout_emoji_and_signs_are_kept():
    assert masked("so...\n\nyes 🎉 — ok!") == "so . . . ¶ ¶ yes 🎉 — ok !"


def test_scripts_without_case_count_by_length():
    # Five characters round up to eight, two stay two.
    assert masked("我喜欢猫咪，真的。") == "‹8 letters› ， ‹2 letters› 。"


def test_nothing_is_masked_when_all_is_shown():
    assert [show_all(token) for token in split("IBM rose 5%\n")] == ["IBM", "rose", "5", "%"]
    assert show_all("\n") == "¶"


@given(st.text())
def test_any_text_is_cut_without_losing_a_visible_sign(text: str):
    tokens = split(text)
    assert "".join("".join(tokens).split()) == "".join(text.split())
    assert all(mask_content(token).strip() for token in tokens)
