"""What TICL asks a model, step by step."""

import pytest
from scripted import requests
from steps import BOAT, RAIN, SAMPLES, conversations, small, told

from programs.rivals import Ticl, TiclSettings
from programs.rivals.per_author import UNKNOWN_PROMPT
from programs.rivals.ticl import QUESTION, is_consistent
from signatures.generation import Sample


def test_ticl_drafts_explains_and_answers_in_this_order():
    scripted, context = small("Rain is water.", "Say we.", "Boats float.", "Shorter.", "Dry now.")
    with context:
        out = Ticl()(samples=SAMPLES, prompt="Of the weather.")
    assert out.text == "Dry now."
    assert [conversation[-1][1] for conversation in conversations(scripted)] == [
        "Of the rain.",  # the first sample's prompt is drafted,
        QUESTION,  # its draft explained,
        "Of the boat.",  # the same for the second,
        QUESTION,
        "Of the weather.",  # and then the target is answered
    ]


def test_a_ticl_draft_sees_the_other_samples_and_their_failures_but_not_its_own_text():
    scripted, context = small("Rain is water.", "Say we.", "Boats float.", "Shorter.", "Dry now.")
    with context:
        Ticl()(samples=SAMPLES, prompt="Of the weather.")
    first, _, second, _, _ = conversations(scripted)
    assert first == [("user", "Of the boat."), ("assistant", BOAT.text), ("user", "Of the rain.")]
    assert second == [
        ("user", failed(RAIN, "Rain is water.", "Say we.")),
        ("assistant", RAIN.text),
        ("user", "Of the boat."),
    ]


def test_a_ticl_explanation_sees_prompt_authors_text_and_draft():
    scripted, context = small("Rain is water.", "Say we.", "Boats float.", "Shorter.", "Dry now.")
    with context:
        Ticl()(samples=SAMPLES, prompt="Of the weather.")
    assert told(scripted)[1].endswith(f"Prompt:\nOf the rain.\n\nAuthor text:\n{RAIN.text}\n\nDraft:\nRain is water.")
    assert "Boats" not in told(scripted)[1]
    assert requests(scripted)[1].config.max_tokens == TiclSettings().explain_tokens


def test_ticl_answers_with_every_failed_draft_beside_the_authors_text():
    scripted, context = small("Rain is water.", "Say we.", "Boats float.", "Shorter.", "Dry now.")
    with context:
        out = Ticl()(samples=SAMPLES, prompt="Of the weather.")
    assert conversations(scripted)[-1] == [
        ("user", failed(RAIN, "Rain is water.", "Say we.")),
        ("assistant", RAIN.text),
        ("user", failed(BOAT, "Boats float.", "Shorter.")),
        ("assistant", BOAT.text),
        ("user", "Of the weather."),
    ]
    assert out.shown == "Not “Rain is water.”: Say we.\nNot “Boats float.”: Shorter."
    assert out.hypotheses == ()


def test_a_draft_in_the_authors_style_is_not_kept_by_ticl():
    scripted, context = small("We rain.", "Consistent.", "Boats float.", "Shorter.", "Dry now.")
    with context:
        out = Ticl()(samples=SAMPLES, prompt="Of the weather.")
    assert conversations(scripted)[-1][0] == ("user", "Of the rain.")
    assert out.shown == "Not “Boats float.”: Shorter."


@pytest.mark.parametrize(
    ("explanation", "verdict"),
    [("consistent", True), (" 'Consistent.'\n", True), ("Inconsistent.", False), ("Not consistent: too long", False)],
)
def test_only_the_one_word_says_that_a_draft_is_consistent(explanation, verdict):
    assert is_consistent(explanation) is verdict


def test_ticl_keeps_the_newest_failed_drafts_of_each_round():
    # Two rounds of two samples: 4 drafts with 4 explanations, then the answer: 9 calls.
    replies = [reply for number in range(4) for reply in (f"Draft {number}.", f"Gap {number}.")]
    scripted, context = small(*replies, "Dry now.")
    with context:
        out = Ticl(TiclSettings(n_rounds=2))(samples=SAMPLES, prompt="p")
    assert len(requests(scripted)) == 9
    assert out.shown == "Not “Draft 2.”: Gap 2.\nNot “Draft 3.”: Gap 3."
    both, context = small(*replies, "Dry now.")
    with context:
        out = Ticl(TiclSettings(n_rounds=2, n_negatives=2))(samples=SAMPLES, prompt="p")
    assert [line[-6:] for line in out.shown.splitlines()] == ["Gap 0.", "Gap 2.", "Gap 1.", "Gap 3."]


def test_ticl_without_rounds_is_few_shot_prompting():
    scripted, context = small("Dry now.")
    with context:
        out = Ticl(TiclSettings(n_rounds=0))(samples=SAMPLES, prompt="p")
    assert [text for _, text in conversations(scripted)[0]] == [RAIN.prompt, RAIN.text, BOAT.prompt, BOAT.text, "p"]
    assert out.shown == ""


def test_ticl_cuts_drafts_and_explanations_to_the_words_that_it_shows():
    # Sentences of five words: a limit of 10 words holds two, one of 5 words holds one.
    long = " ".join(f"This is sentence number {number}." for number in range(9))
    scripted, context = small(long, long, "Dry now.")
    with context:
        Ticl(TiclSettings(draft_words=10, explanation_words=5))(samples=[RAIN], prompt="p")
    assert long in told(scripted)[1]
    assert conversations(scripted)[-1][0] == (
        "user",
        failed(RAIN, "This is sentence number 0. This is sentence number 1.", "This is sentence number 0."),
    )


def test_a_single_sample_without_a_prompt_is_drafted_from_a_general_request():
    scripted, context = small("Once.", "Shorter.", "Dry now.")
    with context:
        Ticl()(samples=["We plant anyway."], prompt="p")
    assert conversations(scripted)[0] == [("user", UNKNOWN_PROMPT)]


def failed(sample: Sample, draft: str, explanation: str) -> str:
    return f"{sample.prompt}\n\nStylistically inconsistent draft:\n{draft}\n\nWhat must change in it:\n{explanation}"
