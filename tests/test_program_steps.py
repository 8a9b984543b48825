"""The steps that a program may take beside inferring and writing: contrast, verify, merge, repair, other dimensions."""

import json
from typing import Any

import dspy
import pytest
from refining_models import by_request
from scripted import lm, requests, turns

from data import load_corpus
from programs import AuthorshipProgram
from programs.authorship import AuthorshipSettings
from programs.habits import measured_habits, offered
from programs.lms.adapters import FittingAdapter
from signatures.dimensions import Dimensions

SAMPLES = [text.text for text in load_corpus("bundled").authors[0].texts[:5]]


def claims(*statements: str, **fields: Any) -> str:
    base = {"dimension": "personality", "aspect": "openness", "evidence": [], "confidence": 0.6, **fields}
    return json.dumps({"hypotheses": [{**base, "statement": statement} for statement in statements]})


def measured_claims(*places: int) -> str:
    habits = [offered(measured_habits(SAMPLES))[place].model_dump(mode="json") for place in places]
    return json.dumps({"hypotheses": [{**habit, "confidence": 0.6} for habit in habits]})


def run(replies: list[str], **settings: Any) -> tuple[dspy.Prediction, dspy.LM]:
    model = lm(replies, small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        return AuthorshipProgram(AuthorshipSettings(**settings))(samples=SAMPLES, prompt="Of the weather."), model


def test_a_plain_program_makes_two_calls_and_has_two_steps():
    assert [name for name, _ in AuthorshipProgram().named_predictors()] == ["infer", "write"]
    _, model = run([measured_claims(0, 1, 2), "It rained."])
    assert len(requests(model)) == 2


def test_contrast_shows_other_writers_and_what_is_known_and_adds_to_it():
    # Four claims are stated and contrast repeats the first of them, which adds nothing.
    out, model = run([measured_claims(0, 1, 2), measured_claims(0), "It rained."], steps=("contrast",))
    asked = turns(requests(model)[1])[-1][1]
    assert "Others:" in asked and "Known:" in asked
    assert len({each.statement for each in out.hypotheses}) == len(out.hypotheses) >= 3


def test_verify_holds_the_last_text_back_and_drops_what_a_reader_denies():
    # Three statements that cannot be measured; each is read against one text held back and the near neighbours', which
    # are asked about text by text: the first fits nothing, the others everything of the person's and no other's.
    stated = claims("Is curious.", "Is stern.", "Is calm.")
    held_back = SAMPLES[-1]

    def answer(asked: str) -> str:
        if "Statement:" in asked:
            fits = held_back[:60] in asked and "Is curious." not in asked
            return json.dumps({"fits": "fits" if fits else "does not fit", "reason": "r"})
        if "Habits:" in asked:
            assert held_back[:60] not in asked
            return stated
        return "It rained."

    _, context = by_request(answer)
    with context:
        program = AuthorshipProgram(AuthorshipSettings(steps=("verify",)))
        out = program(samples=SAMPLES, prompt="Of the weather.")
    standing = {each.statement: each for each in out.considered}
    assert standing["Is curious."].state == "dropped" and standing["Is curious."].note
    assert (standing["Is calm."].n_held, standing["Is calm."].n_tested, standing["Is calm."].others) == (1, 1, 0.0)
    assert "Is curious." not in [each.statement for each in out.hypotheses]


def test_merge_joins_what_says_the_same():
    pair = json.dumps({"same": [{"first": 1, "second": 2}]})
    out, _ = run([claims("Is calm at heart.", "Keeps calm.", "Is stern."), pair, "It rained."], steps=("merge",))
    statements = [each.statement for each in out.considered if each.source == "model"]
    assert len(statements) == 2 and "Is stern." in statements


def test_a_text_that_breaks_a_habit_is_written_again_with_advice():
    # The first bundled writer's habits are measured; one letter over and over breaks some of them.
    draft = "I " * 60
    out, model = run([measured_claims(0, 1, 2), draft, draft, "It rained."], n_repairs=2)
    asked = [turns(request) for request in requests(model)]
    assert len(asked) == 4 and "Advice:" in asked[2][0][1] and "Advice:" not in asked[1][0][1]
    assert out.repair.broken_before and out.repair.n_calls == 2
    _, model = run([measured_claims(0, 1, 2), draft])
    assert len(requests(model)) == 2


def test_other_dimensions_are_asked_for_and_kept_through_saving():
    own = Dimensions(dimensions={"humour": ("irony", "puns")})
    settings = AuthorshipSettings(dimensions=own)
    program = AuthorshipProgram(settings)
    again = AuthorshipProgram(AuthorshipSettings.model_validate(settings.model_dump(mode="json")))
    again.load_state(json.loads(json.dumps(program.dump_state())))
    told = claims("Jokes dryly.", "Puns on names.", "Mocks itself.", dimension="humour", aspect="irony")
    for each in (program, again):
        model = lm([told, "It rained."], small=True)
        with dspy.context(lm=model, adapter=FittingAdapter()):
            out = each(samples=SAMPLES, prompt="p")
        assert [one.dimension for one in out.hypotheses] == ["humour"] * 3
        assert "humour (irony, puns)" in turns(requests(model)[0])[0][1]
        # Measured habits are about dimensions that were left out, so none is offered.
        assert "Habits:" not in turns(requests(model)[0])[-1][1]


@pytest.mark.parametrize("steps", [("contrast",), ("verify", "merge"), ("contrast", "verify", "merge")])
def test_a_state_without_steps_loads_into_a_program_with_them(steps):
    plain, full = AuthorshipProgram(), AuthorshipProgram(AuthorshipSettings(steps=steps))
    plain.write.signature = plain.write.signature.with_instructions("Compiled.")  # pyright: ignore
    full.load_state(json.loads(json.dumps(plain.dump_state())))
    assert full.write.signature.instructions == "Compiled."  # pyright: ignore
    assert len(full.named_predictors()) == 2 + len(steps)
