import hashlib
import json
from typing import Annotated, Any

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, create_model
from scripted import lm, requests, turns

from programs.lms.adapters import FittingAdapter
from programs.lms.grammar import grammar
from programs.lms.quotations import answer_schema
from programs.lms.small_adapters import CompactAdapter
from programs.profiles.record import ProfileHypothesis
from signatures.dimensions import Dimensions, inferring_signature, read_dimensions
from signatures.errors import SetupError
from signatures.generation import Habit, InferHypotheses, PersonalizedGeneration, Sample
from signatures.hypotheses import ASPECTS, Aspect, Dimension, Hypothesis, ShippedHypothesis, Span, hypothesis_type

SAMPLES = [Sample(text="Well, well. The kettle is on; the cat is not."), Sample(text="A short one, then tea.")]
HABITS = [Habit(dimension="writing style", aspect="rhythm", statement=f"Habit {number}.") for number in range(4)]
CLAIM: dict[str, Any] = {"dimension": "humour", "aspect": "puns", "statement": "Puns on names."}
MORE: dict[str, tuple[str, ...]] = {"humour": ("irony", "puns"), "personality": ("warmth",)}


class LiteralHypothesis(BaseModel):
    """One claim about how an author writes, testable on text not seen yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: Dimension
    aspect: Aspect
    statement: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    evidence: Annotated[tuple[Span, ...], Field(max_length=2)] = ()
    confidence: float = Field(default=0.5, ge=0.0, le=1.0)


def spelled_out() -> type[dspy.Signature]:
    """The inferring step with a record whose dimensions are written out as literals, under the same name."""
    record = create_model("Hypothesis", __base__=LiteralHypothesis, __doc__=LiteralHypothesis.__doc__)
    return InferHypotheses.with_updated_fields("hypotheses", type_=list[record])


@pytest.mark.parametrize("record", [Hypothesis, ShippedHypothesis])
def test_the_schema_of_a_hypothesis_is_the_one_that_saved_programs_were_made_with(record: type[BaseModel]):
    # Taken of the record whose dimensions were literals, before dimensions could be configured.
    written = json.dumps(record.model_json_schema())
    assert hashlib.sha256(written.encode()).hexdigest()[:16] == "7896a88c20fe5620"


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), dspy.JSONAdapter(), CompactAdapter()])
def test_prompts_of_the_shipped_dimensions_are_byte_for_byte_those_of_literals(adapter: dspy.Adapter):
    inputs = {"attributes": {"age": "60s"}, "samples": SAMPLES, "habits": HABITS}
    shown = Hypothesis(dimension="personality", aspect="openness", statement="Says odd things.")
    demos: list[Any] = [dspy.Example(**inputs, hypotheses=[shown])]
    assert adapter.format(InferHypotheses, demos, inputs) == adapter.format(spelled_out(), demos, inputs)


@pytest.mark.parametrize("habits", [[], HABITS])
def test_the_grammar_of_an_answer_is_that_of_literals(habits: list[Habit]):
    inputs = {"attributes": {}, "samples": SAMPLES, "habits": habits}
    schema = answer_schema(InferHypotheses, inputs)
    assert json.dumps(schema) == json.dumps(answer_schema(spelled_out(), inputs))
    assert grammar(schema) is not None


def test_the_shipped_dimensions_leave_the_inferring_step_as_it_is():
    assert inferring_signature(Dimensions()) is InferHypotheses


def test_an_answer_of_another_dimension_is_refused_where_the_dimensions_are_known():
    with pytest.raises(ValidationError):
        TypeAdapter(ShippedHypothesis).validate_python(CLAIM)
    found = TypeAdapter(hypothesis_type(Dimensions().extended(MORE).dimensions)).validate_python(CLAIM)
    assert type(found) is Hypothesis and found == Hypothesis(**CLAIM)


def test_what_is_validated_already_is_taken_as_it_is():
    given = Hypothesis(dimension="personality", aspect="openness", statement="x", check="commas>=1")
    assert TypeAdapter(ShippedHypothesis).validate_python(given) == given
    of_a_profile = ProfileHypothesis(**given.model_dump(), n_tested=2)
    assert TypeAdapter(ShippedHypothesis).validate_python(of_a_profile) == given


def test_saved_hypotheses_of_configured_dimensions_load():
    assert Hypothesis.model_validate_json(json.dumps(CLAIM)).dimension == "humour"
    assert ProfileHypothesis.model_validate_json(json.dumps(CLAIM)).plain() == Hypothesis(**CLAIM)


@pytest.mark.parametrize("name", ["", "x" * 41, "new\nline", " edge", "bell\x07", "turn\u202e", "\u2028", 3, None])
def test_a_name_that_is_none_is_refused_everywhere(name: Any):
    for record in (Hypothesis, ProfileHypothesis):
        for field in ("dimension", "aspect"):
            with pytest.raises(ValidationError):
                record.model_validate({**CLAIM, field: name})
    with pytest.raises(ValidationError):
        Dimensions.model_validate({"dimensions": {"humour": [name]}})


def test_configured_dimensions_are_enumerated_exactly_and_named_in_the_instruction():
    signature = inferring_signature(Dimensions().extended(MORE))
    record = answer_schema(signature, {"attributes": {}, "samples": SAMPLES})["$defs"]["Hypothesis"]["properties"]
    assert record["dimension"]["enum"] == [*ASPECTS, "humour"]
    assert record["aspect"]["enum"] == [
        *ASPECTS["communication strategy"],
        *ASPECTS["personality"],
        "warmth",
        *ASPECTS["writing style"],
        "irony",
        "puns",
    ]
    added = signature.instructions.removeprefix(InferHypotheses.instructions)
    assert added == "\n\nLook also at personality (warmth); humour (irony, puns)."


def test_dimensions_that_are_left_out_are_neither_asked_for_nor_claimed():
    kept = {**ASPECTS, "writing style": ("rhythm",)}
    del kept["personality"]
    signature = inferring_signature(Dimensions(dimensions=kept))
    named = answer_schema(signature, {"samples": SAMPLES})["$defs"]["Hypothesis"]["properties"]
    assert named["dimension"]["enum"] == ["communication strategy", "writing style"]
    assert "Claim nothing about personality, punctuation, vocabulary" in signature.instructions
    assert Dimensions(dimensions=kept).names("writing style", "rhythm")
    gone = Hypothesis(dimension="personality", aspect="openness", statement="x")
    assert not Dimensions(dimensions=kept).admits(gone)


def test_a_single_dimension_of_one_aspect_has_a_grammar():
    signature = inferring_signature(Dimensions(dimensions={"humour": ("puns",)}))
    assert grammar(answer_schema(signature, {"samples": SAMPLES})) is not None


def test_the_list_keeps_its_bounds_and_a_compiled_instruction_is_kept_and_added_to_once():
    compiled = InferHypotheses.with_instructions("State what is odd.")
    once = inferring_signature(Dimensions().extended(MORE), compiled)
    twice = inferring_signature(Dimensions().extended(MORE), once)
    assert (
        once.instructions
        == twice.instructions
        == ("State what is odd.\n\nLook also at personality (warmth); humour (irony, puns).")
    )
    hypotheses = answer_schema(twice, {"samples": SAMPLES})["properties"]["hypotheses"]
    assert (hypotheses["minItems"], hypotheses["maxItems"]) == (3, 4)


@pytest.mark.parametrize("small", [True, False])
def test_a_model_is_asked_for_configured_dimensions_and_its_answer_is_read(small: bool):
    model = lm([json.dumps({"hypotheses": [CLAIM, CLAIM, CLAIM]})], small=small)
    step = dspy.Predict(inferring_signature(Dimensions().extended(MORE)))
    with dspy.context(lm=model, adapter=FittingAdapter()):
        found = step(attributes={}, samples=SAMPLES).hypotheses
    assert found == [Hypothesis(**CLAIM)] * 3
    (request,) = requests(model)
    assert "humour (irony, puns)" in turns(request)[0][1]


def test_hypotheses_of_configured_dimensions_can_be_written_by():
    messages = dspy.ChatAdapter().format(
        PersonalizedGeneration,
        [],
        {"attributes": {}, "hypotheses": [Hypothesis(**CLAIM)], "samples": [], "prompt": "x"},
    )
    assert "Puns on names." in messages[-1]["content"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("own.toml", '[dimensions]\n"writing style" = ["rhythm"]\nhumour = ["irony", "puns"]\n'),
        ("own.json", '{"dimensions": {"writing style": ["rhythm"], "humour": ["irony", "puns"]}}'),
        ("own.JSON", '\ufeff{"dimensions": {"writing style": ["rhythm"], "humour": ["irony", "puns"]}}'),
    ],
)
def test_dimensions_are_read_from_a_file(name: str, written: str, tmp_path: Any):
    (tmp_path / name).write_text(written, "utf-8")
    found = read_dimensions(tmp_path / name)
    assert found == Dimensions(dimensions={"writing style": ("rhythm",), "humour": ("irony", "puns")})
    assert list(found.dimensions) == ["writing style", "humour"]


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("a.toml", "", "no table 'dimensions'"),
        ("a.json", "[]", "no table 'dimensions'"),
        ("a.toml", "[dimensions]\n", "dimensions is {}"),
        ("a.toml", "[dimensions]\nhumour = []\n", "'humour' has no aspect"),
        ("a.toml", "[dimensions]\nhumour = 'irony'\n", "dimensions.humour is 'irony'"),
        ("a.toml", "[dimensions]\nhumour = ['irony', 3]\n", r"dimensions.humour\[1\] is 3"),
        ("a.toml", "[dimensions]\nhumour = ['irony', 'irony']\n", "'irony' stands in 'humour' and 'humour'"),
        ("a.toml", "[dimensions]\none = ['irony']\ntwo = ['Irony']\n", "'Irony' stands in 'one' and 'two'"),
        ("a.toml", "[dimensions]\nhumour = ['irony']\nHumour = ['puns']\n", "same name"),
        ("a.toml", f"[dimensions]\nhumour = ['{'x' * 41}']\n", r"dimensions.humour\[0\] is 'x+.*40 characters"),
        ("a.toml", '[dimensions]\n"a\\u0007b" = ["irony"]\n', "control characters"),
        ("a.toml", "[dimension]\nhumour = ['irony']\n", "no table 'dimensions'"),
        ("a.toml", "x = 1\n[dimensions]\nhumour = ['irony']\n", "x is not known"),
        ("a.toml", "[dimensions\n", "is no TOML"),
        ("a.json", "{", "is no JSON"),
        ("a.json", '{"dimensions": {"a": ["b"], "a": ["c"]}}', "'a' stands twice"),
        ("a.json", '{"dimensions": {"a": ["\\ud800"]}}', r"dimensions.a\[0\]"),
        ("a.yaml", "dimensions:", "name it .toml or .json"),
    ],
)
def test_nonsense_is_refused_at_its_place(name: str, written: str, said: str, tmp_path: Any):
    (tmp_path / name).write_text(written, "utf-8")
    with pytest.raises(SetupError, match=said):
        read_dimensions(tmp_path / name)


def test_a_file_that_cannot_be_read_is_the_users_fault(tmp_path: Any):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("a.toml", "none.json"):
        with pytest.raises(SetupError, match="cannot read dimensions"):
            read_dimensions(tmp_path / name)


NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=40)


@given(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=4))
def test_whatever_dimensions_are_accepted_come_back_from_a_file_and_bound_the_answer(found: dict[str, list[str]]):
    try:
        dimensions = Dimensions.model_validate({"dimensions": found})
    except ValidationError:
        names = [aspect.casefold() for aspects in found.values() for aspect in aspects]
        assert len(set(names)) < len(names) or len({name.casefold() for name in found}) < len(found)
        return
    assert Dimensions.model_validate_json(dimensions.model_dump_json()) == dimensions
    record = hypothesis_type(dimensions.dimensions)
    for dimension, aspects in found.items():
        for aspect in aspects:
            assert dimensions.names(dimension, aspect)
            record.model_validate({**CLAIM, "dimension": dimension, "aspect": aspect})
