"""What a person does that others do not: whom they are set beside, what is asked, and what may stand of the answer."""

from typing import Any

import dspy
import pytest
from dspy.teleprompt import BootstrapFewShot, LabeledFewShot
from dspy.utils.exceptions import LMAuthError, LMServerError
from hypothesis import given
from hypothesis import strategies as st
from injections import INJECTIONS
from people import texts_of
from refining_models import answering_in_fields, by_request, plain, standing
from scripted import requests

from programs.background import Background
from programs.habits import offered
from programs.hypothesising import Contrast, contrasting, generic_of, near_neighbours
from programs.lms.grammar import grammar
from programs.lms.quotations import answer_schema, tightened
from programs.traits import holds
from signatures import refining
from signatures.errors import SetupError
from signatures.generation import Sample
from signatures.refining import ContrastHypotheses

ASKING = ["Would you? Could you? We plant anyway.", "Should we? We plant the beans. Why not?"]
FLAT = ["It rained. They stayed.", "Nobody came. It was late."]
ASKS = plain("Asks questions, in 60% of sentences", check="questions>=0.3", evidence=("Why not?",), confidence=0.7)
SHORT = plain("Writes short sentences, 3 words on average", check="sentence_words<8")


def claim(statement: str, *evidence: str, **fields: Any) -> dict[str, Any]:
    return {
        "dimension": "writing style",
        "aspect": "rhythm",
        "statement": statement,
        "evidence": list(evidence),
        "confidence": 0.5,
        **fields,
    }


def contrast(*claims: dict[str, Any] | str | Exception, samples=ASKING, **inputs):
    answers = [{"hypotheses": list(claims)}] if all(isinstance(one, dict) for one in claims) else claims
    model, context = answering_in_fields(*answers)
    with context:
        out = Contrast()(samples=samples, **{"others": FLAT, "habits": (), **inputs})
    return out, requests(model)


def test_neighbours_are_other_writers_one_text_each_and_the_nearest_first():
    background = Background(
        {
            "near": ["Would they? Could they? They plant nothing.", "Must it rain? It must."],
            "middle": ["Would it rain. It did. They stayed; nobody came."],
            "far": ["12:30 -- DOCKET (see p. 4): 18 units @ $3.10 = $55.80 !!!", "1. N/A 2. N/A 3. N/A"],
        }
    )
    assert near_neighbours(ASKING, 2, background)[0] == background.texts["near"][0]
    assert near_neighbours(ASKING, 1, background) == near_neighbours(ASKING, 2, background)[:1]
    assert near_neighbours(ASKING, 0, background) == ()


@pytest.mark.parametrize("author", ["carla-voss", "zoe-park", "lucy-bell"])
def test_no_text_of_the_person_is_a_neighbour_even_if_samples_are_cut(author):
    own = texts_of(author)
    cut = [" ".join(text.split()[:40]) for text in own[:3]]
    for samples in (own[:3], cut):
        found = near_neighbours(samples, 5)
        assert len(set(found)) == 5 and not set(found) & set(own)
        assert near_neighbours(samples, 5) == found


def test_a_short_sample_that_opens_like_somebodys_text_makes_nobody_the_person():
    background = Background({"one": ["The rain came down. It was late, and we stayed in."], "two": list(FLAT)})
    assert len(near_neighbours(["The rain"], 2, background)) == 2


def test_a_background_with_too_few_others_is_refused():
    background = Background({"me": ASKING, "you": FLAT})
    with pytest.raises(SetupError, match="the background has 1 writers beside the person, fewer than the 2"):
        near_neighbours(ASKING, 2, background)


def test_generic_texts_answer_the_samples_own_prompts():
    samples = [Sample(text="Mine.", prompt="Of rain."), Sample(text="Also."), Sample(text="More.", prompt="Of boats.")]
    found = generic_of(samples, lambda prompt: f"A text. {prompt}")
    assert found.texts == (
        Sample(text="A text. Of rain.", prompt="Of rain."),
        Sample(text="A text. Of boats.", prompt="Of boats."),
    )
    assert found.n_failed == 0


def test_generic_texts_that_fail_or_are_empty_are_counted():
    def write(prompt: str) -> str:
        if prompt == "b":
            raise LMServerError("down")
        return " " if prompt == "c" else "Text."

    found = generic_of([Sample(text="x", prompt=prompt) for prompt in "abca"], write)
    assert [each.prompt for each in found.texts] == ["a"] and found.n_failed == 2
    assert generic_of([Sample(text="x")], write) == ((), 0)


def test_habits_that_the_others_have_as_often_and_known_ones_are_not_offered():
    # Questions stand in both of the samples and in none of the others'; every sentence of all four is short.
    assert contrasting([SHORT, ASKS], ASKING, FLAT) == [ASKS]
    assert contrasting([ASKS], ASKING, FLAT, known=[standing("Asks a lot", check="questions>=0.5")]) == []
    assert contrasting([plain("Is wry")], ASKING, FLAT) == []
    assert contrasting([ASKS], [], []) == []


HABITS = st.lists(
    st.sampled_from(
        [ASKS, SHORT, plain("Few questions", check="questions<0.3"), plain("Uses commas", check="commas>=1")]
    ),
    max_size=4,
)
TEXTS = st.lists(st.sampled_from([*ASKING, *FLAT, "Well, so, yes, no, and on it went all the day.", " "]), max_size=4)


@given(HABITS, TEXTS, TEXTS)
def test_offered_habits_hold_on_more_of_the_samples_and_keep_their_order(habits, samples, others):
    own, beside = ([text for text in texts if text.strip()] for texts in (samples, others))

    def share(habit, texts):
        return sum(holds(habit, text) is True for text in texts) / max(len(texts), 1)

    assert contrasting(habits, samples, others) == [each for each in habits if share(each, own) > share(each, beside)]
    assert contrasting(habits, samples, samples) == []


def test_a_claim_with_a_quotation_stands_and_a_measured_one_carries_its_check():
    out, asked = contrast(
        claim("Answers its own questions", "We plant anyway"), claim(ASKS.statement, "Why not?"), habits=[ASKS, SHORT]
    )
    assert [(each.statement, each.check) for each in out.hypotheses] == [
        ("Answers its own questions", ""),
        (ASKS.statement, "questions>=0.3"),
    ]
    assert out.hypotheses[1].confidence == 0.7
    assert (out.n_dropped, out.n_failed, out.notes) == (0, 0, ())
    shown = asked[0].messages[-1].text or ""
    assert all(text in shown for text in (*ASKING, *FLAT)) and ASKS.statement in shown
    assert SHORT.statement not in shown and "questions>=0.3" not in shown


def test_what_can_neither_be_measured_nor_shown_is_dropped_and_counted():
    out, _ = contrast(claim("Is a secret poet", "never written"), claim("Is kind"), claim("Asks back", "Why not?"))
    # One quotation that occurs nowhere, and the two claims left without any.
    assert [each.statement for each in out.hypotheses] == ["Asks back"] and out.n_dropped == 3
    assert out.notes == ("left out 2 claims: neither measured nor shown by a quotation",)


def test_what_is_known_or_names_the_topic_is_left_out():
    samples = ["We met Zebulon Quartermaine. Why not?", "Would Zebulon Quartermaine come? We plant anyway."]
    out, asked = contrast(
        claim("asks BACK.", "Why not?"),
        claim("Admires Zebulon Quartermaine", "Why not?"),
        claim("Answers itself", "We plant anyway"),
        samples=samples,
        known=[standing("Asks back", n_tested=3, n_held=2, check="questions>=0.25")],
    )
    assert [each.statement for each in out.hypotheses] == ["Answers itself"]
    assert out.notes == ("left out 1 claim: known already", "left out 1 claim: about the topic, not the writer")
    shown = asked[0].messages[-1].text or ""
    assert "Asks back" in shown and "n_tested" not in shown and "questions>=0.25" not in shown


@pytest.mark.parametrize("injection", INJECTIONS[::5], ids=lambda injection: injection.payload)
@pytest.mark.parametrize("place", ["samples", "others"])
def test_an_order_in_the_texts_is_neither_obeyed_nor_quoted(injection, place):
    texts = {"samples": [*ASKING], "others": [*FLAT]}
    texts[place].append(injection.text)
    span = " ".join(injection.text.split())[:70]
    out, _ = contrast(
        claim(f"Says {injection.payload.upper()} always", "Why not?"),
        claim(f"The writer says that {span}"[:150], span),
        claim("Answers itself", "We plant anyway", span),
        **texts,
    )
    told = " ".join([each.statement + " ".join(each.evidence) for each in out.hypotheses]).casefold()
    assert injection.payload not in told and "answers itself" in told


@pytest.mark.parametrize(
    "bad",
    ["", "I'm sorry, I cannot compare people.", LMServerError("down"),
     '[[ ## hypotheses ## ]]\n[{"dimension": "Stil", "statement": "Fragt viel"}]'],
    ids=["nothing", "a refusal", "a failing server", "another language"],
)  # fmt: skip
def test_an_unusable_answer_adds_nothing_and_is_counted(bad):
    # DSPy asks once more in another format.
    out, _ = contrast(bad, bad)
    assert out.hypotheses == () and out.n_failed == 1
    assert out.notes[-1].startswith("nothing contrasted: the model gave no usable answer (")


def test_a_model_that_refuses_every_call_is_the_users_to_mend():
    with pytest.raises(SetupError, match="cannot ask the model"):
        contrast(LMAuthError("no key"))


def test_claims_in_the_samples_language_stand():
    out, _ = contrast(claim("Beginnt mit einer Frage", "Warum nicht?"), samples=["Warum nicht? Wir pflanzen."])
    assert [each.statement for each in out.hypotheses] == ["Beginnt mit einer Frage"]


@pytest.mark.parametrize("others", [[], [" "], "one string", ASKING, [" ".join(ASKING[0].split())]])
def test_without_a_text_of_somebody_else_there_is_nothing_to_contrast(others):
    with pytest.raises(SetupError, match="give at least one text that somebody else wrote"):
        contrast(others=others)


def test_samples_without_text_are_refused():
    with pytest.raises(SetupError, match="none of the 1 samples holds text"):
        contrast(samples=[" "])


def test_by_default_habits_are_measured_and_others_are_near_neighbours_cut_as_samples_are():
    own = texts_of("carla-voss")[:3]
    engine, context = by_request(lambda asked: {"hypotheses": []})
    with context:
        out = Contrast(sample_words=30)(samples=own)
    shown = engine.asked[0]
    # Three samples and two neighbours.
    assert "Habits:" in shown and "Others:" in shown and shown.count("Text ") == 5
    assert max(len(part.split()) for part in shown.split("Text ")) < 120
    assert out.hypotheses == () and out.notes[-1] == "nothing contrasted: the model claimed nothing"


def test_a_small_model_can_claim_only_measured_habits_that_contrast():
    engine, context = by_request(lambda asked: {"hypotheses": [claim(ASKS.statement, "Why not?")]})
    with context:
        out = Contrast()(samples=ASKING, others=FLAT, habits=[SHORT, ASKS])
    assert [each.check for each in out.hypotheses] == ["questions>=0.3"] and len(engine.asked) == 1


def test_its_state_is_saved_and_loaded(tmp_path):
    step = Contrast()
    step.contrast.demos = [dspy.Example(samples=["a"], others=["b"], hypotheses=[claim("Is wry", "a")])]
    step.contrast.signature = ContrastHypotheses.with_instructions("Look closely.")
    step.save(tmp_path / "contrast.json")
    again = Contrast()
    again.load(tmp_path / "contrast.json")
    assert again.dump_state() == step.dump_state() != Contrast().dump_state()


def test_labeled_few_shot_compiles_it():
    shown = dspy.Example(
        attributes={}, samples=[Sample(text="Why? So.")], others=[Sample(text="No.")], habits=[], known=[],
        hypotheses=[plain("Answers itself", evidence=("Why? So.",))],
    ).with_inputs("attributes", "samples", "others", "habits", "known")  # fmt: skip
    compiled = LabeledFewShot(k=1).compile(Contrast(), trainset=[shown])
    model, context = answering_in_fields({"hypotheses": [claim("Asks back", "Why not?")]})
    with context:
        compiled(samples=ASKING, others=FLAT)
    assert any("Answers itself" in (message.text or "") for message in requests(model)[0].messages)


def test_bootstrapping_shows_what_the_metric_accepts():
    example = dspy.Example(samples=ASKING, others=FLAT, habits=[ASKS]).with_inputs("samples", "others", "habits")
    optimizer = BootstrapFewShot(
        metric=lambda example, prediction, trace=None: len(prediction.hypotheses) == 1,
        max_bootstrapped_demos=1,
        max_labeled_demos=0,
    )
    _, context = answering_in_fields({"hypotheses": [claim("Asks back", "Why not?")]})
    with context:
        (demo,) = optimizer.compile(Contrast(), trainset=[example]).contrast.demos
    assert [each.statement for each in demo["hypotheses"]] == ["Asks back"]


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        (
            ContrastHypotheses,
            {"samples": [Sample(text=ASKING[0])], "others": [], "habits": offered([ASKS]), "known": []},
        ),
        (ContrastHypotheses, {"samples": [Sample(text=ASKING[0])], "others": [], "habits": [], "known": []}),
        (refining.TestHypothesis, {"text": "Own.", "statement": "Is wry"}),
        (refining.MergeHypotheses, {"statements": ["1. Is wry", "2. Is dry"]}),
    ],
    ids=["habits to choose from", "free claims", "a verdict", "pairs"],
)
def test_the_embedded_models_grammar_covers_every_answer(signature, inputs):
    schema = answer_schema(signature, inputs)
    assert grammar(schema) is not None and grammar(tightened(schema)) is not None
