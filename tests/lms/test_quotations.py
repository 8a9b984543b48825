from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.lms.quotations import quotable_spans, tightened


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
