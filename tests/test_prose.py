"""What PROSE asks a model, step by step."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from scripted import requests
from steps import BOAT, NO, RAIN, SAMPLES, SO_SO, YES, conversations, small, told

from data.sentences import count_words
from programs.rivals import Prose, ProseSettings
from programs.rivals.prose import COMPONENT_WORDS, POINTS, QUESTION, components
from signatures.rivals import VerifyComponent


def test_prose_refines_from_sample_to_sample_then_verifies_then_writes():
    scripted, context = small(
        *("Rain is water.", "Says we.\nWrites short sentences."),
        *("Boats float.", "Says we a lot.\nInvites the reader."),
        *(YES, NO, YES, SO_SO),  # both components on the first sample, then on the second
        "Dry now.",
    )
    with context:
        out = Prose(ProseSettings(n_steps=1))(samples=SAMPLES, prompt="Of the weather.")
    assert out.text == "Dry now."
    assert [conversation[-1][1] for conversation in conversations(scripted)][:4] == [
        "Of the rain.",
        QUESTION,
        "Of the boat.",
        QUESTION,
    ]
    # Means: (2 + 2) / 2 = 2 stays; (-2 + 0) / 2 = -1 goes.
    assert out.shown == "Says we a lot."
    assert told(scripted)[-1].endswith("Description:\n- Says we a lot.")
    assert conversations(scripted)[-1] == [("user", "Of the weather.")]


def test_a_prose_draft_is_written_from_the_description_so_far_and_the_next_refinement_sees_both():
    scripted, context = small("Rain is water.", "Says we.", "We rain.", "Says we often.", YES, "Dry now.")
    with context:
        Prose()(samples=[RAIN], prompt="p")
    draft, refine, second_draft, second_refine, *_ = told(scripted)
    assert "Description:" not in draft and "Description:" not in refine
    assert refine.endswith(f"Prompt:\nOf the rain.\n\nAuthor text:\n{RAIN.text}\n\nDraft:\nRain is water.")
    assert second_draft.endswith("Description:\n- Says we.")
    assert second_refine.endswith("Draft:\nWe rain.\n\nDescription:\n- Says we.")


def test_prose_stops_refining_where_the_draft_is_the_sample():
    scripted, context = small("Rain is water.", "Says we.", RAIN.text, YES, "Dry now.")
    with context:
        assert Prose(ProseSettings(n_steps=4))(samples=[RAIN], prompt="p").shown == "Says we."
    assert len(requests(scripted)) == 5


def test_a_prose_verdict_sees_one_text_and_one_component():
    scripted, context = small("Rain is water.", "Says we.\nWrites short sentences.", YES, YES, "Dry now.")
    with context:
        Prose(ProseSettings(n_steps=1))(samples=[RAIN], prompt="p")
    assert [conversation[-1][1] for conversation in conversations(scripted)[2:4]] == [
        f"Author text:\n{RAIN.text}\n\nComponent:\nSays we.",
        f"Author text:\n{RAIN.text}\n\nComponent:\nWrites short sentences.",
    ]


def test_where_prose_can_confirm_nothing_it_uses_what_is_contradicted_least_and_says_so():
    scripted, context = small("Rain is water.", "Says we.\nWrites short.\nIs sad.", SO_SO, NO, SO_SO, "Dry now.")
    with context:
        out = Prose(ProseSettings(n_steps=1))(samples=[RAIN], prompt="p")
    # Means 0, -2 and 0: none is above 0, the best are the first and the last.
    assert out.shown == "Says we.\nIs sad."
    assert out.notes == ("the samples confirmed none of 3 sentences; those contradicted least are used",)


def test_an_answer_without_sentences_leaves_the_description_as_it_was():
    scripted, context = small("Rain is water.", "Says we.", "We rain.", "---", YES, "Dry now.")
    with context:
        assert Prose()(samples=[RAIN], prompt="p").shown == "Says we."


def test_prose_that_finds_nothing_out_says_so_and_still_writes():
    scripted, context = small("Rain is water.", "---", "Dry now.")
    with context:
        out = Prose(ProseSettings(n_steps=1))(samples=[RAIN], prompt="p")
    assert (out.text, out.shown) == ("Dry now.", "")
    assert out.notes == ("nothing was found out about how the person writes",)


def test_prose_with_icl_shows_samples_beside_the_description_but_no_draft_its_own():
    scripted, context = small("Rain is water.", "Says we.", "Boats float.", "Says we.", YES, YES, "Dry now.")
    with context:
        Prose(ProseSettings(n_steps=1, n_shown=2))(samples=SAMPLES, prompt="p")
    first, _, second, *_, last = conversations(scripted)
    assert [text for _, text in first] == [BOAT.prompt, BOAT.text, RAIN.prompt]
    assert [text for _, text in second] == [RAIN.prompt, RAIN.text, BOAT.prompt]
    assert [text for _, text in last] == [RAIN.prompt, RAIN.text, BOAT.prompt, BOAT.text, "p"]


def test_components_lose_markers_repeats_headings_and_single_words():
    text = "Here is how:\n1. Says we.\n- says we.\n\n* Writes short sentences. Never shouts.\nYes.\n(2) **Is wry.**"
    assert components(text, 9) == ("Says we.", "Writes short sentences.", "Never shouts.", "Is wry.")
    assert components(text, 2) == ("Says we.", "Writes short sentences.")
    assert components("", 3) == ()


@given(st.text(alphabet="ab .!?\n-*1)(:。我é", max_size=200), st.integers(1, 6))
def test_components_are_few_short_single_lines_with_words(text, most):
    found = components(text, most)
    assert len(found) <= most
    assert len({component.casefold() for component in found}) == len(found)
    for component in found:
        assert component.strip() == component and "\n" not in component
        assert 2 <= count_words(component) <= COMPONENT_WORDS


def test_a_verdict_is_one_of_five_words():
    assert set(POINTS) == set(get_args(VerifyComponent.output_fields["verdict"].annotation))
    assert sorted(POINTS.values()) == [-2, -1, 0, 1, 2]
