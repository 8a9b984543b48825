import asyncio
import json
from typing import Annotated, Any, Literal

import dspy
import pytest
from dspy.lm15 import ServerError
from dspy.utils.exceptions import AdapterParseError, LMServerError
from pydantic import BaseModel, Field

from programs.lms import make_lm
from programs.lms.adapters import CompactAdapter, FittingAdapter, PlainAdapter
from signatures.generation import InferHypotheses, PersonalizedGeneration, PlainGeneration, Sample
from signatures.hypotheses import Hypothesis
from tests.scripted import lm, requests, turns

HYPOTHESIS = Hypothesis(
    dimension="writing style",
    aspect="rhythm",
    statement="They write in short bursts.",
    evidence=("Up early.",),
    confidence=0.75,
)
SAMPLES = [
    Sample(text="Up early. Tea, then the bus.", prompt="Write about your morning."),
    Sample(text="Rain again. Good for the beans."),
]
INPUTS: dict[str, Any] = {
    "habits": [],
    "advice": [],
    "attributes": {"occupation": "nurse", "region": "Leeds"},
    "hypotheses": [HYPOTHESIS],
    "samples": SAMPLES,
    "prompt": "Write about your evening.",
}


class Claim(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=40)]
    evidence: Annotated[list[str], Field(max_length=2)] = []


class Claims(dspy.Signature):
    """State what the texts claim."""

    samples: list[Sample] = dspy.InputField()
    claims: Annotated[list[Claim], Field(min_length=1, max_length=3)] = dspy.OutputField()
    tone: Literal["dry", "warm"] = dspy.OutputField()


def schema_sent(model: dspy.LM, call: int = 0) -> dict[str, Any]:
    response_format = requests(model)[call].config.response_format
    assert response_format is not None
    return response_format["schema"]  # pyright: ignore[reportReturnType]


class TestPlain:
    def test_samples_are_turns_and_what_is_known_is_the_system_message(self):
        model = lm(["In the evening I read."], small=True)
        signature = PersonalizedGeneration.with_instructions("Write as this person.")
        (made,) = PlainAdapter()(model, {}, signature, [], INPUTS)
        assert made == {"text": "In the evening I read."}
        assert turns(requests(model)[0]) == [
            (
                "system",
                "Write as this person.\n\n"
                "Attributes:\noccupation: nurse\nregion: Leeds\n\n"
                "Hypotheses:\n- They write in short bursts.",
            ),
            ("user", "Write about your morning."),
            ("assistant", "Up early. Tea, then the bus."),
            ("user", "Write a text."),
            ("assistant", "Rain again. Good for the beans."),
            ("user", "Write about your evening."),
        ]

    def test_prompts_of_one_author_differ_in_their_last_turn_only(self):
        model = lm(["a", "b"], small=True)
        for prompt in ("One.", "Two."):
            PlainAdapter()(model, {}, PersonalizedGeneration, [], {**INPUTS, "prompt": prompt})
        first, second = map(turns, requests(model))
        assert first[:-1] == second[:-1]
        assert first[-1] != second[-1]

    def test_a_demo_is_a_request_and_its_answer_before_the_samples(self):
        model = lm(["x"], small=True)
        demo = {"attributes": {"age": "40"}, "hypotheses": [HYPOTHESIS], "prompt": "Write a note.", "text": "Noted."}
        PlainAdapter()(model, {}, PersonalizedGeneration, [demo], INPUTS)
        assert turns(requests(model)[0])[1:4] == [
            ("user", "Attributes:\nage: 40\n\nHypotheses:\n- They write in short bursts.\n\nWrite a note."),
            ("assistant", "Noted."),
            ("user", "Write about your morning."),
        ]

    @pytest.mark.parametrize("demo", [{}, {"prompt": "Write."}, {"text": "Words."}, {"prompt": "Write.", "text": ""}])
    def test_a_demo_without_request_or_answer_is_left_out(self, demo: dict[str, str]):
        model = lm(["x"], small=True)
        PlainAdapter()(model, {}, PlainGeneration, [demo], {"prompt": "Go."})
        assert [role for role, _ in turns(requests(model)[0])] == ["system", "user"]

    def test_no_schema_is_sent(self):
        model = lm(["x"], small=True)
        PlainAdapter()(model, {}, PlainGeneration, [], {"prompt": "Go."})
        assert requests(model)[0].config.response_format is None

    def test_an_empty_answer_is_asked_for_once_more_with_another_seed(self):
        model = lm(["  ", "Words."], small=True, temperature=0.7)
        assert PlainAdapter()(model, {}, PlainGeneration, [], {"prompt": "Go."}) == [{"text": "Words."}]
        first, second = (request.config.seed for request in requests(model))
        assert first != second

    def test_two_empty_answers_are_an_error(self):
        with pytest.raises(AdapterParseError):
            PlainAdapter()(lm(["", ""], small=True), {}, PlainGeneration, [], {"prompt": "Go."})

    def test_a_failing_model_is_not_asked_again(self):
        model = lm([ServerError("down")], small=True)
        with pytest.raises(LMServerError):
            PlainAdapter()(model, {}, PlainGeneration, [], {"prompt": "Go."})


class TestCompact:
    def test_a_demo_shows_the_form_in_one_line(self):
        model = lm([json.dumps({"hypotheses": [HYPOTHESIS.model_dump()]})], small=True)
        demo = {"samples": SAMPLES[:1], "hypotheses": [HYPOTHESIS]}
        signature = InferHypotheses.with_instructions("State what is distinctive.")
        (made,) = CompactAdapter()(model, {}, signature, [demo], {"attributes": {}, "samples": SAMPLES})
        assert made == {"hypotheses": [HYPOTHESIS]}
        assert turns(requests(model)[0]) == [
            ("system", "State what is distinctive."),
            ("user", "Samples:\nText 1:\nUp early. Tea, then the bus.\n"),
            (
                "assistant",
                '{"hypotheses":[{"dimension":"writing style","aspect":"rhythm",'
                '"statement":"They write in short bursts.",'
                '"evidence":["Up early."],"confidence":0.75}]}',
            ),
            (
                "user",
                "Samples:\nText 1:\nUp early. Tea, then the bus.\n\nText 2:\nRain again. Good for the beans.\n",
            ),
        ]

    def test_evidence_can_only_be_a_span_of_the_samples(self):
        model = lm([json.dumps({"claims": [{"text": "a", "evidence": []}], "tone": "dry"})], small=True)
        CompactAdapter()(model, {}, Claims, [], {"samples": SAMPLES})
        evidence = schema_sent(model)["$defs"]["Claim"]["properties"]["evidence"]
        # Sentences of both texts in turn.
        spans = ["Up early.", "Rain again.", "Tea, then the bus.", "Good for the beans."]
        assert evidence["items"] == {"enum": spans}
        assert (evidence["minItems"], evidence["maxItems"]) == (1, 2)

    @pytest.mark.parametrize("samples", [[], [Sample(text="ok")]])
    def test_without_anything_to_quote_there_is_no_evidence(self, samples: list[Sample]):
        model = lm([json.dumps({"claims": [{"text": "a", "evidence": []}], "tone": "dry"})], small=True)
        CompactAdapter()(model, {}, Claims, [], {"samples": samples})
        evidence = schema_sent(model)["$defs"]["Claim"]["properties"]["evidence"]
        assert evidence["maxItems"] == 0

    def test_bounds_of_the_signature_reach_the_schema(self):
        model = lm([json.dumps({"claims": [{"text": "a"}], "tone": "dry"})], small=True)
        CompactAdapter()(model, {}, Claims, [], {"samples": SAMPLES})
        claims = schema_sent(model)["properties"]["claims"]
        assert (claims["minItems"], claims["maxItems"]) == (1, 3)

    def test_an_answer_that_ran_out_of_tokens_is_asked_for_again_with_a_shorter_form(self):
        model = lm(['{"claims":[{"text":"cut o', json.dumps({"claims": [{"text": "a"}], "tone": "warm"})], small=True)
        (made,) = CompactAdapter()(model, {"temperature": 0.7}, Claims, [], {"samples": SAMPLES})
        assert made == {"claims": [Claim(text="a")], "tone": "warm"}
        assert [schema_sent(model, call)["properties"]["claims"]["maxItems"] for call in (0, 1)] == [3, 1]
        evidence = schema_sent(model, 1)["$defs"]["Claim"]["properties"]["evidence"]
        assert (evidence["minItems"], evidence["maxItems"]) == (1, 1)

    @pytest.mark.parametrize("answer", ["", "no JSON", "[]", "{}", '{"claims": [], "tone": "cold"}'])
    def test_an_answer_that_never_fits_is_an_error_that_names_the_fields(self, answer: str):
        with pytest.raises(AdapterParseError):
            CompactAdapter()(lm([answer, answer], small=True), {}, Claims, [], {"samples": SAMPLES})

    def test_a_demo_without_all_outputs_is_left_out(self):
        model = lm([json.dumps({"claims": [{"text": "a"}], "tone": "dry"})], small=True)
        CompactAdapter()(model, {}, Claims, [{"samples": SAMPLES, "tone": "dry"}], {"samples": SAMPLES})
        assert [role for role, _ in turns(requests(model)[0])] == ["system", "user"]


@pytest.mark.parametrize(
    ("adapter", "signature", "reply"),
    [
        (PlainAdapter(), PersonalizedGeneration, "x"),
        (CompactAdapter(), InferHypotheses, json.dumps({"hypotheses": [HYPOTHESIS.model_dump()]})),
    ],
)
def test_records_and_the_plain_data_of_a_saved_program_read_the_same(adapter: dspy.Adapter, signature: Any, reply: str):
    demo = {**INPUTS, "text": "Noted."}
    plain_demo = json.loads(json.dumps({name: dumped(value) for name, value in demo.items()}))
    plain_inputs = {name: dumped(value) for name, value in INPUTS.items()}
    asked = []
    shown: list[tuple[list[Any], dict[str, Any]]] = [([demo], INPUTS), ([plain_demo], plain_inputs)]
    shown.append(([dspy.Example(**demo)], INPUTS))
    for demos, inputs in shown:
        model = lm([reply], small=True)
        adapter(model, {}, signature, demos, {name: inputs[name] for name in signature.input_fields})
        asked.append(requests(model)[0])
    assert turns(asked[0]) == turns(asked[1]) == turns(asked[2])
    assert len(turns(asked[0])) > 3
    assert asked[0].config == asked[1].config


def dumped(value: Any) -> Any:
    return [item.model_dump(mode="json") for item in value] if isinstance(value, list) else value


class TestChoice:
    @pytest.mark.parametrize(
        ("small", "schema", "signature", "expected"),
        [
            (True, True, PlainGeneration, PlainAdapter),
            (True, True, InferHypotheses, CompactAdapter),
            (True, True, Claims, CompactAdapter),
            (False, True, PlainGeneration, dspy.ChatAdapter),
            (False, True, InferHypotheses, dspy.JSONAdapter),
            (False, False, InferHypotheses, dspy.ChatAdapter),
        ],
    )
    def test_follows_what_the_model_can_do(self, small: bool, schema: bool, signature: Any, expected: type):
        assert type(FittingAdapter.choose(lm([], schema=schema, small=small), signature)) is expected

    def test_a_program_runs_through_the_chosen_adapters(self):
        model = lm(["Words.", json.dumps({"hypotheses": [HYPOTHESIS.model_dump()]})], small=True)
        with dspy.context(lm=model, adapter=FittingAdapter()):
            assert dspy.Predict(PlainGeneration)(prompt="Go.").text == "Words."
            inferred = dspy.Predict(InferHypotheses)(attributes={}, samples=SAMPLES).hypotheses
        assert inferred == [HYPOTHESIS]

    def test_awaiting_gives_the_same(self, engine: object):
        async def written() -> str:
            with dspy.context(lm=make_lm("embedded", exact=True, cache=False, max_tokens=12), adapter=FittingAdapter()):
                return (await dspy.Predict(PlainGeneration).acall(prompt="Go.")).text

        with dspy.context(lm=make_lm("embedded", exact=True, cache=False, max_tokens=12), adapter=FittingAdapter()):
            expected = dspy.Predict(PlainGeneration)(prompt="Go.").text
        assert asyncio.run(written()) == expected
