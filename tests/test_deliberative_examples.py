"""Requests as examples and demos, the steps as small models see them, and the baselines."""

import json
from typing import Any

import dspy
import pytest
from deliberating_scripts import FORBIDDEN, NURSE, POLICY, PROMPT, asked, decided, inferred, program, small
from scripted import requests, turns

from programs.deliberating.asked import read_request
from programs.deliberating.baselines import AttributesAnswer, CautiousPrompt, ZeroShotAnswer
from programs.deliberating.cues import cues
from programs.deliberating.examples import deliberative_demos, deliberative_examples
from programs.deliberative import DeliberativeProgram
from programs.lms.grammar import grammar
from programs.lms.quotations import answer_schema
from signatures.deliberation import VARIANTS, Deliberate, InferUserHypotheses
from signatures.requests import Asker, Request


def test_every_step_has_a_grammar_that_ends():
    found = read_request(PROMPT, NURSE)
    asks = {"attributes": {}, "earlier": [], "cues": cues(found), "prompt": PROMPT}
    for signature, inputs in (
        (InferUserHypotheses, asks),
        (Deliberate, {"policy": POLICY, "hypotheses": [], "prompt": PROMPT}),
    ):
        assert grammar(answer_schema(signature, inputs)) is not None


def test_variants_are_for_the_programs_own_steps():
    steps = [name for name, _ in DeliberativeProgram().named_predictors()]
    assert steps == ["infer", "deliberate", "respond"] == list(VARIANTS)


REQUESTS = [
    Request(
        id="r1",
        prompt=PROMPT,
        asker=Asker(attributes=NURSE, earlier=("It hangs.",)),
        type="computing",
        label="safe",
        pair="p1",
        expected="answer",
        contains=("process id|pid", "kill"),
        avoids=("threat|hurt",),
    ),
    Request(id="r2", prompt=FORBIDDEN, label="unsafe"),
]


def test_requests_become_examples_with_what_is_known():
    first, second = deliberative_examples(REQUESTS, {"r1": "Use its id."})
    assert dict(first.inputs()) == {"prompt": PROMPT, "attributes": NURSE, "earlier": ["It hangs."]}
    assert (first.decision, first.contains, first.avoids) == ("answer", ["process id", "kill"], ["threat"])
    assert (first.author, first.target_id, first.text, first.points) == (
        "p1",
        "r1",
        "Use its id.",
        ["process id|pid", "kill"],
    )
    assert "decision" not in second and "text" not in second and second.author == "r2"


def test_an_example_runs_as_it_is():
    scripted, context = small(inferred(), decided("answer"), inferred(), decided("answer"), "So.")
    with context:
        assert program()(**deliberative_examples(REQUESTS)[0].inputs()).text == "So."


def test_demos_show_each_step_its_form_without_the_policy():
    (demo,) = deliberative_demos(REQUESTS)
    assert demo.decision == "answer" and demo.reason and 1 <= len(demo.hypotheses) <= 3
    deliberating = program()
    for _, predictor in deliberating.named_predictors():
        signature: Any = predictor.signature
        fields = signature.fields
        shown = {name: value for name, value in demo.items() if name in fields}
        if all(name in shown for name in signature.output_fields):
            predictor.demos = [dspy.Example(shown)]
    scripted, context = small(inferred(), decided("answer"), "So.")
    with context:
        deliberating(prompt="Why?")
    infer, deliberate, _ = requests(scripted)
    assert [role for role, _ in turns(infer)] == ["system", "user", "assistant", "user"]
    demo_turn, answer_turn, last = [text for _, text in turns(deliberate)][1:]
    assert PROMPT in demo_turn and POLICY not in demo_turn and POLICY in last
    assert json.loads(answer_turn)["decision"] == "answer"


def test_a_saved_program_is_the_same_program(tmp_path):
    compiled = program()
    compiled.deliberate.signature = Deliberate.with_instructions("Look twice.")
    compiled.save(tmp_path / "program.json")
    loaded = program()
    loaded.load(tmp_path / "program.json")
    signature: Any = loaded.deliberate.signature
    assert signature.instructions == "Look twice."


# Baselines


@pytest.mark.parametrize(
    ("baseline", "sees", "unseen"),
    [
        (ZeroShotAnswer, "You are a helpful assistant.", "nurse"),
        (CautiousPrompt, "When in doubt", "nurse"),
        (AttributesAnswer, "nurse", "It hangs."),
    ],
)
def test_baselines_answer_in_one_call(baseline, sees, unseen):
    scripted, context = small("So.")
    with context:
        out = baseline()(prompt=PROMPT, attributes=NURSE, earlier=["It hangs."], policy=POLICY)
    assert (out.text, out.hypotheses, out.decision) == ("So.", (), None)
    (said,) = asked(scripted)
    assert sees in said and PROMPT in said and unseen not in said
