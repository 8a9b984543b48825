import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.habits import measured_habits, offered
from programs.lms.grammar import grammar
from programs.lms.quotations import answer_schema, quotable_spans, tightened
from signatures.generation import Habit, InferHypotheses, Sample
from signatures.hypotheses import Hypothesis
from tests.lms.derivations import derived

SAMPLES = [
    Sample(text="Rain again; good for the beans. We plant anyway -- who would not?"),
    Sample(text="Tea, then the bus; late, of course. We walked anyway -- why wait?"),
]
HABITS = [
    Habit(
        dimension="writing style", aspect="punctuation", statement=f"Habit {number}.", evidence=("again; good", "Tea")
    )
    for number in range(5)
]


def inputs(samples: list[Sample], habits: list[Any]) -> dict[str, Any]:
    return {"attributes": {}, "samples": samples, "habits": habits}


def answers(schema: dict[str, Any], n: int, seed: int = 0) -> list[list[Hypothesis]]:
    """Answers that the schema's grammar accepts."""
    text = grammar(schema)
    assert text is not None
    rng = random.Random(seed)
    made = [json.loads(derived(text, rng.randrange))["hypotheses"] for _ in range(n)]
    return [[Hypothesis.model_validate(each) for each in claims] for claims in made]


def test_sentences_of_all_texts_take_turns():
    assert quotable_spans(["One is here. Two is here.", "Three is here."]) == [
        "One is here.",
        "Three is here.",
        "Two is here.",
    ]


def test_a_long_sentence_gives_its_clauses():
    long = "The committee, which had met on every second Tuesday since the flood of 1953, agreed; nobody else did."
    assert quotable_spans([long]) == [
        "The committee",
        "which had met on every second Tuesday since the flood of 1953",
        "nobody else did.",
    ]


def test_a_long_clause_is_cut_between_words():
    text = "so " * 40 + "there"
    spans = quotable_spans([text])
    assert spans
    assert all(span.split() and set(span.split()) <= {"so", "there"} for span in spans)


def test_a_span_occurs_once():
    assert quotable_spans(["Same again.", "Same again."]) == ["Same again."]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",))), max_size=5))
def test_every_span_occurs_in_a_text_and_is_short(texts: list[str]):
    spans = quotable_spans(texts)
    assert len(spans) <= 60
    for span in spans:
        assert 8 <= len(span.encode()) <= 80
        assert any(span in text for text in texts)


@pytest.mark.parametrize(
    "text", ["日本語の文章です。とても長い文章が続きます、そして終わります。" * 4, "😀" * 50, "無空格" * 60]
)
def test_texts_without_spaces_can_be_quoted(text: str):
    assert quotable_spans([text])


def test_a_tightened_schema_has_as_few_items_and_as_short_strings_as_it_may():
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "few": {"type": "array", "minItems": 2, "maxItems": 9, "items": {"type": "string", "maxLength": 160}},
            "none": {"type": "array", "maxItems": 0, "items": {"enum": []}},
            "free": {"type": "array", "items": {"anyOf": [{"type": "string", "minLength": 90}, {"type": "null"}]}},
            "many": {"type": "array", "minItems": 3, "items": {"type": "null"}},
            "kind": {"type": "string", "enum": ["a", "b"]},
        },
    }
    properties = tightened(schema)["properties"]
    assert properties["few"] == {
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": {"type": "string", "maxLength": 60},
    }
    assert properties["none"]["maxItems"] == 0
    assert properties["free"]["items"]["anyOf"][0] == {"type": "string", "minLength": 90, "maxLength": 90}
    assert properties["many"]["maxItems"] == 3
    assert properties["kind"] == {"type": "string", "enum": ["a", "b"]}


def test_offered_habits_are_all_that_can_be_claimed_each_once():
    known = {(one.dimension, one.aspect, one.statement) for one in HABITS}
    stated = set()
    for claims in answers(answer_schema(InferHypotheses, inputs(SAMPLES, HABITS)), 100):
        assert 3 <= len(claims) <= 4
        assert {(one.dimension, one.aspect, one.statement) for one in claims} <= known
        assert len({one.statement for one in claims}) == len(claims)
        assert all(one.evidence in {("again; good",), ("Tea",), ("again; good", "Tea")} for one in claims)
        stated.update(one.statement for one in claims)
    assert stated == {one.statement for one in HABITS}


@pytest.mark.parametrize("dumped", [False, True])
def test_habits_may_be_records_or_the_plain_data_of_a_saved_program(dumped: bool):
    offers = [one.model_dump(mode="json") if dumped else one for one in HABITS]
    assert answer_schema(InferHypotheses, inputs(SAMPLES, offers)) == answer_schema(
        InferHypotheses, inputs(SAMPLES, HABITS)
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_habits_than_claims_leave_the_statements_free(n: int):
    free = answer_schema(InferHypotheses, {"attributes": {}, "samples": SAMPLES})
    assert answer_schema(InferHypotheses, inputs(SAMPLES, HABITS[:n])) == free
    assert "maxLength" in free["$defs"]["Hypothesis"]["properties"]["statement"]


def test_three_habits_are_all_claimed():
    assert [
        [one.statement for one in claims]
        for claims in answers(answer_schema(InferHypotheses, inputs(SAMPLES, HABITS[:3])), 5)
    ] == [["Habit 0.", "Habit 1.", "Habit 2."]] * 5


def test_a_quotation_of_too_many_bytes_is_not_offered():
    # 30 characters of 3 bytes each are 90 bytes; at most 80 may be quoted.
    habits = [one.model_copy(update={"evidence": ("雨" * 30, "短い")}) for one in HABITS[:3]]
    habits[2] = habits[2].model_copy(update={"evidence": ("雨" * 30,)})
    (claims,) = answers(answer_schema(InferHypotheses, inputs(SAMPLES, habits)), 1)
    assert [one.evidence for one in claims] == [("短い",), ("短い",), ()]


def test_a_second_try_is_as_short_as_three_habits_with_a_quotation_each():
    for claims in answers(tightened(answer_schema(InferHypotheses, inputs(SAMPLES, HABITS))), 30):
        assert [len(one.evidence) for one in claims] == [1, 1, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=120), min_size=1, max_size=3))
def test_whatever_the_samples_the_grammar_takes_the_schema_and_allows_habits_only(texts: list[str]):
    habits = offered(measured_habits(texts))
    schema = answer_schema(InferHypotheses, inputs([Sample(text=text) for text in texts], habits))
    assert grammar(schema) is not None
    assert grammar(tightened(schema)) is not None
    if len(habits) >= 3:
        known = {(one.dimension, one.aspect, one.statement): one.evidence for one in habits}
        for claims in answers(schema, 3):
            for one in claims:
                assert set(one.evidence) <= set(known[one.dimension, one.aspect, one.statement])
