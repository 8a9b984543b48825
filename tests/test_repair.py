"""Attempts to mend a text that breaks constraints."""

from typing import Any

import dspy
import pytest
from dspy.lm15 import ServerError
from hypothesis import given
from hypothesis import strategies as st
from scripted import lm, requests, turns

from programs.constraints import Constraint, as_constraint
from programs.likeness import likeness
from programs.lms.adapters import FittingAdapter
from programs.repair import CLEARLY_LESS, MAX_ATTEMPTS, MOST_ADVICE, Repaired, repaired
from signatures.errors import SetupError
from signatures.generation import PersonalizedGeneration, Sample

SAMPLES = [
    "We left the house early. It was cold. The dog ran ahead of us. Nobody spoke. We liked it that way.",
    "The train was late. She waited. A man sold tea. It was good tea. The rain stopped at noon.",
]
LONG = (
    "When we had left the house in the early morning we walked along the river that was cold and grey as ever. "
    "A boat came down from the mill with two men and a boy in it who waved to all of us as they passed. "
    "Since nobody had thought of bread or cheese we turned back at noon and ate what was left at my old aunt's."
)
MIDDLE = (
    "When we had left the house in the morning we walked along the river. It was cold and grey, and nobody came past "
    "for an hour. A boat with two men in it came down from the mill. They waved to all of us as they passed below. "
    "Since there was no bread we turned back soon after noon."
)
SHORT = (
    "We left at six. The river was cold. A boat went by. The men in it waved. We waved back. The dog barked twice. "
    "Then the sun came out. It was warm by noon. We ate bread and cheese. She slept for an hour. Nobody came past. "
    "We walked home slowly."
)
"""Fifty words and more in each; the sentences have 23, 12 and 4 words on average."""
LOOP = "We left it. " * 20
SHORTLY = Constraint(check="sentence_words<6")


def mended(
    replies: list[str | Exception],
    n_attempts: int,
    draft: str = LONG,
    constraints: tuple[Constraint, ...] = (SHORTLY,),
    like: bool = False,
    samples: list[str] | None = None,
    temperature: float = 0.7,
    **settings: Any,
) -> tuple[Repaired, dspy.LM]:
    samples = SAMPLES if samples is None else samples
    model = lm(replies, small=True, temperature=temperature, **settings)
    inputs = {
        "attributes": {},
        "hypotheses": [],
        "samples": [Sample(text=text) for text in samples],
        "prompt": "Of a walk.",
    }
    with dspy.context(lm=model, adapter=FittingAdapter()):
        write = dspy.Predict(PersonalizedGeneration)
        return repaired(write, inputs, draft, constraints, n_attempts, likeness(samples) if like else None), model


def asked(model: dspy.LM) -> list[str]:
    return ["\n".join(text for _, text in turns(request)) for request in requests(model)]


def test_a_text_that_breaks_nothing_costs_nothing():
    out, model = mended([], 3, draft=SHORT)
    assert out == Repaired(text=SHORT) and not requests(model)


def test_no_attempts_cost_nothing_and_what_is_broken_is_told():
    out, model = mended([], 0)
    line = "Writes short sentences: under 6.0 words on average wanted, 23 words on average found"
    assert out == Repaired(text=LONG, broken_before=(line,), broken_after=(line,)) and not requests(model)


def test_without_constraints_no_attempt_is_made():
    assert mended([], 3, constraints=())[0] == Repaired(text=LONG)


def test_the_second_attempt_repairs_and_ends_it():
    out, model = mended([MIDDLE, SHORT], 5)
    assert (out.text, out.attempt, out.n_calls, out.n_failed) == (SHORT, 2, 2, 0)
    assert len(out.broken_before) == 1 and out.broken_after == ()
    assert out.notes == ("repaired by attempt 2 of 2",)
    first, second = asked(model)
    # Advice is on the best text so far: the draft, then the first attempt.
    assert "Write short sentences: 23 words on average in your text, under 6.0 words on average wanted." in first
    assert "23 words on average in your text" not in second and "words on average in your text" in second


def test_attempts_are_bounded_and_the_nearest_text_is_kept():
    out, model = mended([LONG, MIDDLE, LONG], 3)
    assert (out.text, out.attempt, out.n_calls) == (MIDDLE.strip(), 2, 3) and len(requests(model)) == 3
    assert len(out.broken_after) == 1
    assert out.notes == ("repaired by attempt 2 of 3; 1 constraint still broken",)


def test_a_tie_goes_to_the_earlier():
    out, _ = mended([LONG, LONG], 2)
    assert (out.text, out.attempt) == (LONG, 0)
    assert out.notes == ("kept the draft after 2 attempts; 1 constraint still broken",)


def test_each_attempt_is_a_rollout_of_its_own():
    _, model = mended([LONG, LONG, LONG], 3, seed=7)
    assert len({request.config.seed for request in requests(model)} | {7}) == 4
    _, again = mended([LONG, LONG, LONG], 3, seed=7)
    assert [each.config.seed for each in requests(again)] == [each.config.seed for each in requests(model)]
    _, other = mended([LONG, LONG, LONG], 3, seed=7, rollout_id=1)
    assert not {each.config.seed for each in requests(other)} & {each.config.seed for each in requests(model)}


def test_at_temperature_0_the_same_call_is_not_made_twice():
    # The attempt changes nothing, so the next would be given the same advice.
    out, model = mended([LONG], 4, temperature=0.0)
    assert len(requests(model)) == out.n_calls == 1
    assert "1 attempt instead of 4: at temperature 0 more would repeat" in out.notes
    # Where the text improves, the advice differs, and a further call is worth making.
    out, _ = mended([MIDDLE, SHORT], 4, temperature=0.0)
    assert (out.text, out.n_calls) == (SHORT, 2)


def test_failing_calls_are_counted_and_the_rest_go_on():
    out, _ = mended([ServerError("down"), SHORT], 3)
    assert (out.text, out.attempt, out.n_calls, out.n_failed) == (SHORT, 2, 2, 1)
    assert out.notes == ("repaired by attempt 2 of 2", "1 of 2 attempts failed")


def test_the_draft_is_kept_where_all_attempts_fail():
    out, _ = mended([ServerError("down")] * 2, 2)
    assert (out.text, out.n_calls, out.n_failed) == (LONG, 2, 2)
    assert out.notes[-1] == "2 of 2 attempts failed"


def test_a_fault_of_the_users_ends_the_repair():
    with pytest.raises(SetupError, match="no such model"):
        mended([SetupError("no such model")], 2)


def test_constraints_that_cannot_both_hold_are_told_and_not_obeyed():
    both = (Constraint(check="sentence_words>=20"), SHORTLY)
    out, model = mended([], 3, constraints=both)
    assert out.text == LONG and not requests(model)
    assert out.notes == ("left out 'sentence_words>=20' and 'sentence_words<6': no text can meet them all",)


@pytest.mark.parametrize("draft", ["", "  \n", "…"])
def test_an_empty_draft_is_written_anew(draft: str):
    out, model = mended([SHORT], 2, draft=draft)
    assert (out.text, out.attempt, out.broken_after) == (SHORT, 1, ())
    assert "Write short sentences: under 6.0 words on average wanted." in asked(model)[0]
    assert out.broken_before[0].endswith("no word found")


def test_an_empty_attempt_replaces_nothing():
    out, _ = mended(["  ", "…"], 2)
    assert (out.text, out.attempt) == (LONG, 0)


@pytest.mark.parametrize("faulty", [f"{SAMPLES[0]} {SAMPLES[1]} {SHORT}", LOOP])
def test_a_text_with_faults_never_replaces_one_without(faulty: str):
    # Copied samples and a loop; both meet the constraint.
    assert SHORTLY.met(faulty)
    assert mended([faulty], 1)[0].text == LONG


def test_a_text_too_short_to_show_a_rate_does_not_replace_one_that_shows_it():
    brief = "The river was cold in the morning, and so we went home. Nobody minded that we did."
    assert SHORTLY.met(brief)
    assert mended([brief], 1)[0].text == LONG


def test_a_text_may_become_short_where_that_is_asked_for():
    brief = "The river was cold in the morning, and so we went home. Nobody minded that we did."
    out, _ = mended([brief], 1, constraints=(as_constraint("under 40 words"),))
    assert (out.text, out.broken_after) == (brief, ())
    assert out.broken_before == ("Writes short texts: under 40 words wanted, 68 words found",)


def test_a_text_without_faults_replaces_one_with_whatever_it_breaks():
    constraints = (Constraint(check="past_forms>=3"), SHORTLY)
    out, _ = mended([LONG], 1, draft=LOOP, constraints=constraints)
    assert out.attempt == 1 and out.notes == ("repaired by attempt 1 of 1; 1 constraint still broken",)
    out, _ = mended([LOOP], 1, draft=LOOP, constraints=constraints)
    assert out.notes[-1] == "no version is without fault; this one: repeats itself"


def test_a_text_that_reads_clearly_less_like_the_person_is_left():
    person = [
        "OK!!! So — guess what?! I AM moving to the coast!!! Can you believe it?! Me neither!!!",
        "No way!!! You DID it?! I knew it — I KNEW it!!! Tell me everything, please, right NOW!!!",
    ]
    draft = (
        "So — are you READY?! We won and I just KNEW that we would in the end!!! Come over when you CAN, all of "
        "you!!! I AM so very happy that I could cry and dance and sing at once!!! Did you see the LAST goal of the "
        "match on Saturday?! Me neither, I had my hands before my eyes the whole TIME!!!"
    )
    like = likeness(person)
    assert like.score(SHORT) < like.score(draft) - CLEARLY_LESS
    assert not like.faults(draft) and not like.faults(SHORT)
    out, _ = mended([SHORT], 1, draft=draft, samples=person, like=True)
    assert out.text == draft
    assert "left 1 attempt that broke less but read clearly less like the person" in out.notes
    # Nobody minds where likeness is not read.
    assert mended([SHORT], 1, draft=draft, samples=person)[0].text == SHORT


def test_what_needs_no_model_is_mended_first():
    typed = [text.replace("We", "We’d") for text in SAMPLES * 2]
    out, model = mended([], 3, draft=f"{SHORT} It's done 😀", constraints=(as_constraint("no emoji"),), samples=typed)
    assert not requests(model)
    assert out.text == f"{SHORT} It’s done" and out.attempt == 0
    assert out.broken_before == ("Uses few emoji: none wanted, 1.9 in 100 words found",) and not out.broken_after
    assert out.notes == ("removed emoji in 1 place", "changed 1 apostrophe to the person's own")


def test_attempts_are_mended_without_a_model_too():
    constraints = (as_constraint("no emoji"), SHORTLY)
    out, _ = mended([f"{SHORT} 😀"], 1, constraints=constraints)
    assert out.text == SHORT and not out.broken_after


def test_advice_is_short_and_begins_with_the_farthest_off():
    checks = ["semicolons>=2", "questions>=0.3", "exclamations>=0.5", "ellipses>=2", "sentence_words<22.5"]
    constraints = tuple(Constraint(check=check) for check in checks)
    _, model = mended([LONG], 1, constraints=constraints)
    (request,) = asked(model)
    told = [line for line in request.splitlines() if line.startswith("- ") and "in your text" in line]
    ranked = sorted(constraints, key=lambda each: -each.distance(LONG))
    assert told == [f"- {each.advice(LONG)}" for each in ranked[:MOST_ADVICE]]


def test_the_trace_keeps_only_the_call_that_wrote_the_text():
    model = lm([LONG, MIDDLE, SHORT], small=True, temperature=0.7)
    inputs = {"attributes": {}, "hypotheses": [], "samples": [], "prompt": "Of a walk."}
    with dspy.context(lm=model, adapter=FittingAdapter(), trace=[]):
        write = dspy.Predict(PersonalizedGeneration)
        other = dspy.Predict(PersonalizedGeneration)
        dspy.settings.trace.append((other, inputs, dspy.Prediction(text=LONG.strip())))
        draft = write(**inputs).text
        out = repaired(write, inputs, draft, (SHORTLY,), 3)
        (first, (step, given, prediction)) = dspy.settings.trace
    assert first[0] is other and step is write
    assert out.text == prediction.text == SHORT and given["advice"]


def test_the_trace_keeps_the_drafts_call_where_the_draft_is_kept():
    model = lm([LONG, LONG], small=True, temperature=0.7)
    inputs = {"attributes": {}, "hypotheses": [], "samples": [], "prompt": "Of a walk."}
    with dspy.context(lm=model, adapter=FittingAdapter(), trace=[]):
        write = dspy.Predict(PersonalizedGeneration)
        draft = write(**inputs).text
        assert repaired(write, inputs, draft, (SHORTLY,), 1).attempt == 0
        ((_, given, prediction),) = dspy.settings.trace
    assert prediction.text == draft and not given.get("advice")


@pytest.mark.parametrize("n", [-1, MAX_ATTEMPTS + 1, True, 1.0, "2"])
def test_a_number_of_attempts_that_is_none_is_refused_before_anything_else(n):
    with pytest.raises(SetupError, match="number of attempts"):
        mended([], n, draft=SHORT)


@given(st.lists(st.sampled_from([LONG, MIDDLE, SHORT, "", "We left.", LOOP]), max_size=4))
def test_no_attempts_ever_make_it_worse(replies: list[str]):
    out, _ = mended([*replies], len(replies))
    constraint = SHORTLY
    assert constraint.distance(out.text) <= constraint.distance(LONG)
    assert out.n_calls <= len(replies) and (out.attempt > 0) is (out.text.strip() != LONG.strip())
