import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal

import pydantic
import pytest
from dspy.lm15 import Config, InvalidRequestError, Message, Request
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from programs.lms.decoding import check_schema
from programs.lms.embedded import EmbeddedEngine
from programs.lms.grammar import grammar
from tests.lms.derivations import derived

PART = re.compile(r'"(?:[^"\\]|\\.)*"')


def rules(schema: dict[str, Any]) -> dict[str, str]:
    text = grammar(schema)
    assert text is not None
    return dict(line.split(" ::= ", 1) for line in text.splitlines())


def test_a_record_is_written_compactly_with_all_its_properties_in_order():
    schema = {"type": "object", "properties": {"b": {"type": "boolean"}, "a": {"type": "null"}}}
    assert rules(schema)["root"] == r'"{\"b\":" ("true" | "false") ",\"a\":" "null" "}"'


def test_an_enumeration_keeps_its_values_exactly():
    values = ['say "hi"', "a\\b", "line\nbreak", "ümläut", 3, None, True]
    body = rules({"enum": values})["root"]
    # Each value is JSON inside one or more EBNF literals, which are JSON strings too: both layers give it back.
    written = ["".join(json.loads(part) for part in PART.findall(option)) for option in body[1:-1].split(" | ")]
    assert [json.loads(option) for option in written] == values


def test_a_list_holds_at_least_and_at_most_what_its_schema_says():
    schema = {"type": "array", "items": {"type": "null"}, "minItems": 2, "maxItems": 4}
    # One item, then 1 to 3 more.
    assert rules(schema) == {"item_0": '"null"', "root": '"[" item_0 ("," item_0){1,3} "]"'}


@pytest.mark.parametrize("bounds", [{}, {"minItems": 0}, {"maxItems": 3}])
def test_a_list_may_be_empty_unless_told_otherwise(bounds: dict[str, int]):
    assert rules({"type": "array", "items": {"type": "null"}, **bounds})["root"].startswith('("[]" | ')


def test_a_list_that_must_be_empty_is_empty():
    assert rules({"type": "array", "items": {"enum": []}, "maxItems": 0})["root"] == '"[]"'


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        # Three letters: of 8 subsets, those with as many letters as the bounds allow.
        ({"minItems": 1, "maxItems": 2}, {"a", "b", "c", "ab", "ac", "bc"}),
        ({"minItems": 2, "maxItems": 9}, {"ab", "ac", "bc", "abc"}),
        ({"minItems": 3}, {"abc"}),
        ({"maxItems": 1}, {"", "a", "b", "c"}),
        ({"maxItems": 0}, {""}),
    ],
)
def test_a_list_of_different_values_is_any_part_of_them_in_their_order(bounds: dict[str, int], expected: set[str]):
    text = grammar({"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True, **bounds})
    assert text is not None
    rng = random.Random(0)
    made = {derived(text, rng.randrange) for _ in range(200)}
    assert {"".join(json.loads(each)) for each in made} == expected


def test_alternatives_that_constants_tell_apart_occur_once_each():
    options = [{"type": "object", "properties": {"name": {"const": n}, "sure": {"type": "boolean"}}} for n in (1, 2, 3)]
    schema = {"type": "array", "items": {"$ref": "#/$defs/One"}, "uniqueItems": True, "minItems": 2}
    text = grammar({**schema, "$defs": {"One": {"anyOf": options}}})
    assert text is not None
    rng = random.Random(0)
    made = [[each["name"] for each in json.loads(derived(text, rng.randrange))] for _ in range(200)]
    assert {tuple(names) for names in made} == {(1, 2), (1, 3), (2, 3), (1, 2, 3)}


def test_different_items_without_constants_are_a_list_like_any_other():
    schema = {"type": "array", "items": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "minItems": 3}
    assert rules({**schema, "uniqueItems": True}) == rules(schema)


def longest(body: str, found: dict[str, str]) -> int:
    """Characters that a string rule can hold: the sum over its parts of the most repeats times what is repeated."""
    sizes = {"five": 5, "twenty": 20}
    total = 0
    for name, most in re.findall(r"(twenty|five|\[[^ ]*\])\{(?:\d+,)?(\d+)\}", body):
        total += sizes.get(name, 1) * int(most)
    return total


@pytest.mark.parametrize(
    ("schema", "most"),
    [
        ({"maxLength": 7}, 7),
        ({"maxLength": 160, "minLength": 1}, 160),
        # Counted in twenties: 173 = 8 * 20 + 13, and the 13 are given up.
        ({"maxLength": 173}, 160),
        ({"minLength": 30, "maxLength": 45}, 45),
        ({}, 400),
    ],
)
def test_a_string_is_never_longer_than_its_bound(schema: dict[str, int], most: int):
    found = rules({"type": "string", **schema})
    assert longest(found["root"], found) == most


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "string", "pattern": "^a$"},
        {"type": "string", "format": "date"},
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "array"},
        {"type": "array", "items": {"type": "null"}, "minItems": 3, "maxItems": 2},
        {"type": "array", "prefixItems": [{"type": "null"}], "minItems": 1, "maxItems": 1},
        {"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 3},
        {"type": "number", "minimum": 3},
        {"type": "integer", "multipleOf": 3},
        {"type": ["string", "null"]},
        {"enum": []},
        {"$ref": "#/$defs/Gone"},
        {"$ref": "#/$defs/Loop", "$defs": {"Loop": {"type": "array", "items": {"$ref": "#/$defs/Loop"}}}},
        {"allOf": [{"type": "string"}]},
        True,
        {},
    ],
)
def test_what_it_has_no_rule_for_is_left_to_the_runtime(schema: Any):
    assert grammar(schema) is None


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "nonsense"}, "type 'nonsense'"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/Gone"}}}, "refers to '#/\\$defs/Gone'"),
        ({"anyOf": [{"type": ["string", "void"]}]}, "type 'void'"),
    ],
)
def test_a_faulty_schema_is_found_before_it_reaches_the_runtime(schema: dict[str, Any], fault: str):
    with pytest.raises(InvalidRequestError, match=fault):
        check_schema(schema)


def test_a_property_may_be_called_like_a_keyword():
    check_schema({"type": "object", "properties": {"type": {"type": "string"}, "$ref": {"enum": [{"type": "x"}]}}})


class Place(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    kind: Literal["town", 'the "old" one', "naïve café"]


class Report(BaseModel):
    places: Annotated[list[Place], Field(min_length=1, max_length=2)]
    score: float = Field(ge=0, le=1)
    stars: int = Field(ge=-1, le=3)
    count: int
    weight: float
    sure: bool
    note: str | None = Field(max_length=30)


# Surrogates, and code points that stand for no character: the vocabulary lacks bytes for most of these.
UNWRITTEN = ("Cs", "Cn", "Co")
WRITTEN = st.text(st.characters(exclude_categories=UNWRITTEN), min_size=1, max_size=12)
TYPES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.sampled_from([bool, int, float, Place, None]),
        st.tuples(st.integers(0, 8), st.integers(0, 30)).map(
            lambda bounds: Annotated[str, Field(min_length=bounds[0], max_length=sum(bounds))]
        ),
        st.lists(
            st.text(st.characters(exclude_categories=UNWRITTEN), min_size=1, max_size=12), min_size=1, max_size=4
        ).map(lambda values: Literal[tuple(values)]),
        st.tuples(st.integers(-9, 9), st.integers(0, 20)).map(
            lambda bounds: Annotated[int, Field(ge=bounds[0], le=sum(bounds))]
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.integers(0, 2), st.integers(0, 1)).map(
            lambda made: Annotated[list[made[0]], Field(min_length=made[1], max_length=made[1] + made[2])]
        ),
        inner.map(lambda kind: kind | None if isinstance(kind, type) else kind),
    ),
    max_leaves=3,
)


def answered(engine: EmbeddedEngine, schema: dict[str, Any], prompt: str, max_tokens: int = 400) -> str:
    response_format = {"type": "json_schema", "schema": schema, "name": "answer"}
    config = Config(max_tokens=max_tokens, temperature=1.0, response_format=response_format)
    return engine.complete(Request("m", messages=(Message.user(prompt),), config=config)).message.text or ""


def test_a_record_of_every_kind_parses_whatever_the_model_says(quick_engine: EmbeddedEngine):
    schema = Report.model_json_schema()
    assert grammar(schema) is not None
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda index: answered(quick_engine, schema, f"Report {index}."), range(6)))
    for answer in answers:
        # Compact JSON survives being read and written again without white space.
        assert json.dumps(json.loads(answer), separators=(",", ":"), ensure_ascii=False).count(" ") == answer.count(" ")
        Report.model_validate_json(answer)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(kinds=st.lists(TYPES, min_size=1, max_size=3))
def test_random_records_parse(quick_engine: EmbeddedEngine, kinds: list[Any]):
    fields: dict[str, Any] = {f"field {index}": (kind, ...) for index, kind in enumerate(kinds)}
    record = pydantic.create_model("Record", **fields)
    schema = record.model_json_schema()
    assert grammar(schema) is not None
    record.model_validate_json(answered(quick_engine, schema, "Fill in the form."))


@pytest.mark.parametrize(
    "value",
    [
        "Ça va, déjà? Café 3",
        "£5, §3, a\u00a0b, \x7f3",
        "“Well—no,” she said…",
        "日本語の文章です。",
        "😀😀 party 👍🏽 ❤️\u200d🔥",
        'a "quoted" C:\\path\tand a tab',
    ],
)
def test_an_enumerated_value_is_written_as_it_stands(quick_engine: EmbeddedEngine, value: str):
    assert json.loads(answered(quick_engine, {"enum": [value]}, "Say it.")) == value


def test_a_schema_beyond_the_grammar_still_constrains(quick_engine: EmbeddedEngine):
    schema = {
        "type": "object",
        "properties": {"day": {"type": "string", "pattern": "^(Mon|Tues)day$"}},
        "required": ["day"],
    }
    assert grammar(schema) is None
    assert json.loads(answered(quick_engine, schema, "Which day?"))["day"] in ("Monday", "Tuesday")
