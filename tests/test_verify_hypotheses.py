"""Which hypotheses survive a test on texts that they were not inferred from."""

import itertools

import dspy
import pytest
from dspy.teleprompt import BootstrapFewShot, LabeledFewShot
from dspy.utils.exceptions import LMAuthError, LMServerError
from hypothesis import given
from hypothesis import strategies as st
from refining_models import answering_in_fields, by_request, plain, standing

from programs.hypothesising import Verify
from programs.hypothesising.verify import UNTESTED
from programs.profiles.record import ProfileHypothesis
from signatures import refining
from signatures.errors import SetupError

ASKING = "Would you? Could you? Should you?"
FLAT = "It rained. We stayed. Nobody came."
QUESTIONS = plain("Asks questions", check="questions>=0.5", confidence=0.8)
NO_QUESTIONS = plain("Asks nothing", check="questions<0.5", confidence=0.8)
WRY = plain("Is wry about trouble", confidence=0.8)


def fits(answer: str) -> dict[str, str]:
    return {"reason": "as seen", "fits": answer}


def verify(hypotheses, held_back, distractors, answer=lambda asked: fits("fits")):
    engine, context = by_request(answer)
    with context:
        return Verify()(hypotheses=hypotheses, held_back=held_back, distractors=distractors), engine.asked


def only(out: dspy.Prediction) -> ProfileHypothesis:
    (one,) = out.hypotheses
    return one


def test_a_claim_with_a_check_is_measured_without_a_call():
    out, asked = verify([QUESTIONS, NO_QUESTIONS], [ASKING, ASKING + " Ah.", FLAT], [FLAT + " So.", ASKING + " No?"])
    kept, dropped = out.hypotheses
    # Held on 2 of 3, on 1 of 2 of others': support 0.67 exceeds 0.5 by a lift above 0; (0.8 + 2) / (1 + 3) = 0.7.
    assert (kept.state, kept.n_held, kept.n_tested, kept.others, kept.confidence) == ("active", 2, 3, 0.5, 0.7)
    assert (dropped.state, dropped.note) == ("dropped", "fits only 1 of 3 texts held back")
    assert asked == [] and out.n_calls == 0 and out.n_failed == 0


def test_a_claim_that_fits_everybody_is_dropped_with_the_reason():
    out, _ = verify([QUESTIONS], [ASKING], [ASKING + " Who?", ASKING + " Why?"])
    assert (only(out).state, only(out).others) == ("dropped", 1.0)
    assert only(out).note == "fits others as well: 100% of their texts, 1 of 1 text held back"


def test_a_claim_without_a_check_is_asked_about_once_a_text_and_keeps_what_fits_the_person_more():
    def answer(asked: str) -> dict[str, str]:
        return fits("fits" if "Own" in asked else "does not fit")

    out, asked = verify([WRY], ["Own one.", "Own two."], ["Theirs."], answer)
    assert len(asked) == 3 == out.n_calls
    assert sorted(text for text in asked) == [
        f"Text:\n{text}\n\nStatement:\nIs wry about trouble" for text in ("Own one.", "Own two.", "Theirs.")
    ]
    one = only(out)
    assert (one.state, one.support, one.others, one.source) == ("active", 1.0, 0.0, "model")
    # (0.8 + 2) / (1 + 2)
    assert one.confidence == pytest.approx(2.8 / 3, abs=1e-4)


def test_cannot_tell_counts_neither_for_nor_against():
    answers = {"Own one.": "cannot tell", "Own two.": "fits", "Theirs one.": "cannot tell", "Theirs two.": "fits"}

    def answer(asked: str) -> dict[str, str]:
        return fits(next(told for text, told in answers.items() if text in asked))

    out, _ = verify([WRY], ["Own one.", "Own two."], ["Theirs one.", "Theirs two."], answer)
    one = only(out)
    assert (one.n_tested, one.n_held, one.others, one.state) == (1, 1, 1.0, "dropped")
    assert out.n_failed == 0


@pytest.mark.parametrize(
    "bad",
    [
        "I'm sorry, I can't help with that.",
        "",
        {"reason": "ja", "fits": "passt"},
        {"reason": "so"},
        LMServerError("down"),
    ],
    ids=["a refusal", "nothing", "another language", "no verdict", "a failing server"],
)
def test_an_answer_that_is_no_verdict_is_counted_and_never_taken_for_one(bad):
    out, _ = verify([WRY], ["Own one.", "Own two."], ["Theirs."], lambda asked: bad if "two" in asked else fits("fits"))
    one = only(out)
    assert (one.n_tested, one.n_held, one.others) == (1, 1, 1.0)
    assert (out.n_calls, out.n_failed) == (3, 1)
    assert out.notes == ("1 call of 3 gave no verdict",)


def test_where_no_call_succeeds_the_claim_stays_untested_with_a_note():
    out, _ = verify([WRY], ["Own."], ["Theirs."], lambda asked: "no")
    one = only(out)
    assert (one.state, one.n_tested, one.others, one.confidence, one.note) == ("active", 0, None, 0.8, UNTESTED)
    assert out.n_failed == 2


def test_a_model_that_refuses_every_call_is_the_users_to_mend():
    with pytest.raises(SetupError, match="cannot ask the model .* check its name, its API key"):
        verify([WRY], ["Own."], [], lambda asked: LMAuthError("no key"))


def test_without_texts_held_back_claims_stay_active_untested():
    out, _ = verify([QUESTIONS, WRY], [], [FLAT])
    assert [(one.state, one.n_tested, one.note) for one in out.hypotheses] == [("active", 0, UNTESTED)] * 2
    assert [one.others for one in out.hypotheses] == [0.0, 1.0]


def test_what_was_tested_before_keeps_its_figures_where_nothing_is_held_back():
    known = standing("Asks", check="questions>=0.5", n_tested=4, n_held=3, others=0.25, confidence=0.6, note="mine")
    assert only(verify([known], [], [])[0]) == known
    # Its share of others still counts where there is no distractor: 0 of 1 is no support, 1 of 1 exceeds 0.25.
    assert only(verify([known], [ASKING], [])[0]).state == "active"


def test_without_distractors_support_alone_decides():
    out, _ = verify([QUESTIONS, NO_QUESTIONS], [ASKING], [])
    assert [(one.state, one.others) for one in out.hypotheses] == [("active", None), ("dropped", None)]


def test_pinned_and_rejected_hypotheses_are_neither_asked_about_nor_changed():
    given_ = [standing("Is wry", state="pinned"), standing("Is dry", state="rejected")]
    out, asked = verify(given_, ["Own."], ["Theirs."])
    assert list(out.hypotheses) == given_ and asked == []


def test_a_dropped_hypothesis_that_fits_new_texts_comes_back():
    gone = standing("Asks", check="questions>=0.5", state="dropped", note="fits only 0 of 2 texts held back")
    assert (only(verify([gone], [ASKING], [FLAT])[0]).state, only(verify([gone], [FLAT], [])[0]).state) == (
        "active",
        "dropped",
    )


def test_no_hypotheses_cost_no_calls():
    out, asked = verify([], [ASKING], [FLAT])
    assert out.hypotheses == () and asked == []


def test_a_statement_that_stands_twice_is_asked_about_once_and_a_text_that_stands_twice_counts_once():
    out, asked = verify([WRY, WRY], ["Own.", " Own.\n", " "], ["Theirs.", "Own."])
    assert len(asked) == 2
    assert [one.n_tested for one in out.hypotheses] == [1, 1]


def test_a_text_without_words_tests_no_check():
    out, _ = verify([NO_QUESTIONS], ["😀 🎉", FLAT], [])
    assert only(out).n_tested == 1


def test_one_string_for_the_texts_is_refused():
    with pytest.raises(SetupError, match="held_back is one string; give a list"):
        Verify()(hypotheses=[WRY], held_back="Own.", distractors=[])


def test_a_large_model_is_asked_in_its_own_format():
    _, context = answering_in_fields(fits("fits"))
    with context:
        assert only(Verify()(hypotheses=[WRY], held_back=["Own."], distractors=[])).n_held == 1


CHECKS = st.sampled_from(["questions>=0.5", "questions<0.5", "commas>=1", "commas<1", "exclamations>=0.5"])
TEXTS = st.lists(
    st.sampled_from([ASKING, FLAT, "Well, yes, so.", "Stop! Now!", "A. B, c? D!", "Rain, then: rain!", "x"]), max_size=6
)


@given(st.lists(CHECKS, max_size=4), TEXTS, TEXTS)
def test_what_is_kept_by_checks_fits_half_the_texts_and_more_than_of_others(checks, held_back, distractors):
    statements = (f"Claim {number}" for number in itertools.count())
    out = Verify()(
        hypotheses=[plain(next(statements), check=check) for check in checks],
        held_back=held_back,
        distractors=distractors,
    )
    own = dict.fromkeys(held_back)
    for check, one in zip(checks, out.hypotheses, strict=True):
        assert one.check == check and one.n_tested == len(own)
        assert one.n_held == sum(one.holds(text) is True for text in own)
        kept = not one.n_tested or (one.support >= 0.5 and (one.others is None or one.support > one.others))
        assert (one.state == "active") == kept
        assert bool(one.note) == (not kept or not one.n_tested)


def test_its_state_is_saved_and_loaded(tmp_path):
    step = Verify()
    step.test.demos = [dspy.Example(text="Own.", statement="Is wry", **fits("fits"))]
    step.test.signature = refining.TestHypothesis.with_instructions("Look hard.")
    step.save(tmp_path / "verify.json")
    again = Verify()
    again.load(tmp_path / "verify.json")
    assert again.dump_state() == step.dump_state() != Verify().dump_state()


def test_labeled_few_shot_compiles_it():
    shown = dspy.Example(text="Own.", statement="Is dry", **fits("does not fit")).with_inputs("text", "statement")
    compiled = LabeledFewShot(k=1).compile(Verify(), trainset=[shown])
    engine, context = by_request(lambda asked: fits("fits"))
    with context:
        compiled(hypotheses=[WRY], held_back=["Own."], distractors=[])
    assert len(engine.asked) == 1 and compiled.test.demos == [shown]


def test_bootstrapping_shows_its_verdicts_in_the_order_asked():
    engine, context = by_request(lambda asked: fits("fits" if "Own" in asked else "does not fit"))
    example = dspy.Example(hypotheses=[WRY], held_back=["Own one.", "Own two."], distractors=["Theirs."])
    example = example.with_inputs("hypotheses", "held_back", "distractors")
    optimizer = BootstrapFewShot(
        metric=lambda example, prediction, trace=None: prediction.hypotheses[0].state == "active",
        max_bootstrapped_demos=1,
        max_labeled_demos=0,
    )
    with context:
        compiled = optimizer.compile(Verify(), trainset=[example])
    # One example makes one demo of a predictor, whichever of its calls DSPy draws by the example's own hash.
    (demo,) = compiled.test.demos
    assert demo["statement"] == WRY.statement and demo["fits"] in ("fits", "does not fit")
    assert len(engine.asked) == 3
