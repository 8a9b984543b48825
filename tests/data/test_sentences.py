import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.sentences import clip, count_words, cut_prefix, ditto_prompt, sentences

PROSE = st.lists(
    st.sampled_from(
        [
            "The",
            "U.S.",
            "Inc.",
            "Mr.",
            "J.",
            "3.5",
            "ok",
            "end.",
            "so?",
            "he",
            "“Go.”",
            '"Why?"',
            "...",
            "\n",
            "\n\n",
            "😀",
        ]
        + ["你好。", "「行く。」", "etc.", "lol", "I.", "No.", "…", "(yes.)", "I", "-", "don't"]
    )
).map(" ".join)
ANY = st.one_of(PROSE, st.text(max_size=200))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S. Postal Service met Mr. Smith of Acme Inc. today. He left.", 2),
        ("It cost $3.5 million. J. K. Rowling paid.", 2),
        ('"It is good," he said. "Really?" she asked. Then she left.', 3),
        ('She said "go." Then she left.', 2),
        ("He moved to the U.S. The rest stayed.", 2),
        ("She joined Apple Inc. It was late.", 2),
        ("Sino-U.S. talks began at 9 a.m. Tuesday. No. 5 won.", 2),
        ("No. I will not.", 2),
        ("i went home... then slept. ok so honestly… lol", 2),
        ("Wait... What?", 2),
        ("Hi all\nThe meeting moves to Friday.\n\nBob", 3),
        ("no stop at all", 1),
        ("1. Wash it. 2. Dry it.", 2),
        ("他说：“走吧。”然后离开了。很好！真的？是的", 4),
        ("「行くよ。」と言った。帰る。", 2),
        ("😀😀\n🎉", 2),
        ("It works (see below.) Then it fails.", 2),
        ("", 0),
        ("  \n ", 0),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: int):
    assert len(sentences(text)) == expected, sentences(text)


def test_a_line_of_wrapped_mail_does_not_end_a_sentence():
    # The first line has 66 characters and no stop: an e-mail program may have wrapped it.
    text = "I wanted to let you know that the review of the contract by Mr Lee\nCooper is done. Call me."
    assert len(sentences(text)) == 2


@given(ANY)
def test_sentences_joined_give_the_text_back_but_for_whitespace(text: str):
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() and sentence for sentence in found)


@given(ANY, st.integers(1, 30))
@example("A. B c d", 1)
def test_clipping_keeps_an_opening_within_the_limit_and_twice_changes_nothing(text: str, n: int):
    clipped = clip(text, n)
    assert text.startswith(clipped)
    assert count_words(clipped) <= n
    assert clip(clipped, n) == clipped
    assert bool(clipped.strip()) == bool(text.strip())


def test_clipping_cuts_at_the_last_sentence_end_or_else_inside_the_first_sentence():
    text = "One two three. Four five six. Seven."
    assert clip(text, 5) == "One two three."  # the second sentence would make six words
    assert clip(text, 6) == "One two three. Four five six."
    assert clip(text, 2) == "One two"
    assert clip("今天天气好。我们走吧。", 7) == "今天天气好。"  # 5 characters and a stop; the next needs 10
    with pytest.raises(ValueError, match="at least 1"):
        clip(text, 0)


def test_a_prompt_is_made_of_the_first_sentence_as_it_stands():
    text = "The U.S. said\n no.  It meant yes."
    assert ditto_prompt("Mr. Li left. He ran.") == (
        "Write an article that starts with the following: Mr. Li left.",
        "Mr. Li left.",
    )
    prompt, prefix = ditto_prompt(text, "email")
    assert prompt.startswith("Write an email that starts with") and text.startswith(prefix)
    assert ditto_prompt("Hi. Yes.", "blog")[0].startswith("Write a blog post")


@pytest.mark.parametrize("text", ["", "One sentence only.", "no stop", "😀😀😀"])
def test_a_text_with_nothing_after_its_first_sentence_has_no_prompt(text: str):
    assert ditto_prompt(text) == ("", "")


PREFIX = 'The council said on Monday that "the pool will close".'


@pytest.mark.parametrize(
    "answer",
    [
        PREFIX + " It is old.",
        f'"{PREFIX} It is old.',
        'the  council said\non Monday that "The pool will close." It is old.',
        "The council said on Monday that the pool will close: It is old.",
        f"{PREFIX} {PREFIX}\n\nIt is old.",
        "The council said on Monday that the pool, It is old.",
    ],
)
def test_what_an_answer_repeats_of_its_prompt_is_cut(answer: str):
    assert cut_prefix(answer, PREFIX) == "It is old."


def test_an_answer_that_is_all_prompt_leaves_nothing_and_quotes_after_the_cut_stay():
    assert cut_prefix(PREFIX, PREFIX) == ""
    assert cut_prefix('He left. "Go," she said.', "He left.") == '"Go," she said.'
    assert cut_prefix("😀 well", "😀") == "well"
    assert cut_prefix("anything", "") == "anything"


@given(ANY, ANY)
def test_an_answer_that_starts_otherwise_is_not_touched(answer: str, prefix: str):
    assert cut_prefix("Zebra " + answer, "Quite " + prefix) == "Zebra " + answer


@given(PROSE)
def test_cutting_a_text_by_its_own_prefix_leaves_exactly_the_rest(text: str):
    prefix = ditto_prompt(text)[1]
    rest = cut_prefix(text, prefix)
    assert text.endswith(rest)
    if prefix and not rest.startswith(text[len(prefix) :].lstrip()):
        # Only a repetition of the prefix, or part of it, may have gone as well.
        assert len(rest) < len(text) - len(prefix)
