"""The schema of an answer, in which quotations can only be spans of what was read, and claims only what is offered."""

from collections.abc import Iterator, Mapping
from typing import Any

import pydantic
from dspy.adapters.utils import serialize_for_json

from data.sentences import sentences
from programs.lms.wording import text_of

VERBATIM = {"evidence": "samples"}
"""Properties of an answer that quote an input field: a constrained model may only choose spans that occur there."""
OFFERED = {"Hypothesis": "habits", "UserHypothesis": "cues"}
"""Records of an answer that can only repeat an item of an input field, where that holds enough of them.

Only what the item does not have, such as a confidence, is the model's own, and which of its quotations are kept.
"""
CHOSEN = {"decision": "leanings"}
"""Fields of an answer that can only repeat the value that the first item of a ranked input field has under it."""

_MAX_SPANS = 60
_SPAN_BYTES = range(8, 81)
"""In UTF-8, since a model spends up to a token on each byte of what it has no word for."""
_CLAUSE_ENDS = ",;:\n—–，、；："
_SHORT_STRING = 60
_LONG_STRING = 120
"""A small model that has not ended a statement by here repeats itself to the limit."""


def answer_schema(signature: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of a signature's answer to these inputs.

    Quotations are limited to spans of the inputs; inputs too short to quote from get none. Records that the inputs
    offer are limited to those, each at most once; where they offer fewer than a list must hold, records are free. A
    choice for which the inputs rank values is the first of them.
    """
    fields: dict[str, Any] = {
        name: (field.annotation, pydantic.Field(**_limits(field))) for name, field in signature.output_fields.items()
    }
    schema = pydantic.create_model(
        "Answer", __config__=pydantic.ConfigDict(extra="forbid"), **fields
    ).model_json_schema()
    for record in schema.get("$defs", {}).values():
        for name, source in VERBATIM.items():
            quoted = record.get("properties", {}).get(name)
            if quoted is None or source not in inputs:
                continue
            spans = quotable_spans([text_of(value) for value in inputs[source] or ()])
            quoted.update({"items": {"enum": spans}, "minItems": 1} if spans else {"minItems": 0, "maxItems": 0})
        for inner in record.get("properties", {}).values():
            if "maxLength" in inner:
                inner["maxLength"] = min(inner["maxLength"], _LONG_STRING)
    for name, source in OFFERED.items():
        _limit_to(serialize_for_json(list(inputs.get(source) or ())), name, schema)
    for name, source in CHOSEN.items():
        ranked = serialize_for_json(list(inputs.get(source) or ()))
        if ranked and name in schema["properties"]:
            schema["properties"][name] = {"enum": [ranked[0][name]]}
    return schema


def tightened(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema with as few items and as short strings as it allows, for an answer that ran out of tokens."""
    node = {name: _tightened(inner) for name, inner in schema.items()}
    if node.get("type") == "array":
        fewest = max(node.get("minItems", 0), 1)
        node["maxItems"] = min(node.get("maxItems", fewest), fewest)
    if node.get("type") == "string" and "enum" not in node:
        shortest = max(node.get("minLength", 0), _SHORT_STRING)
        node["maxLength"] = min(node.get("maxLength", shortest), shortest)
    return node


def quotable_spans(texts: list[str]) -> list[str]:
    """Spans of 8 to 80 bytes that occur in the texts, from all texts in turn.

    They are sentences, or the clauses of longer ones, or runs of words of clauses that are too long.
    """
    pools = [[span for sentence in sentences(text) for span in _clauses(sentence)] for text in texts]
    spans = []
    for rank in range(max((len(pool) for pool in pools), default=0)):
        spans += [pool[rank] for pool in pools if rank < len(pool)]
    return list(dict.fromkeys(spans))[:_MAX_SPANS]


def _limit_to(items: list[dict[str, Any]], name: str, schema: dict[str, Any]) -> None:
    """Makes every list of the record `name` one of different items, if there are enough."""
    record = {"$ref": f"#/$defs/{name}"}
    lists = [each for each in schema["properties"].values() if each.get("items") == record]
    if not items or not lists or any(len(items) < each.get("minItems", 0) for each in lists):
        return
    schema["$defs"][name] = {"anyOf": [_fixed(schema["$defs"][name], item) for item in items]}
    for each in lists:
        each.update(uniqueItems=True, maxItems=min(each.get("maxItems", len(items)), len(items)))


def _fixed(record: dict[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """A record's schema with the values of an item; of a list, some of its values that are short enough."""
    properties = {}
    for name, free in record["properties"].items():
        value = item.get(name)
        if isinstance(value, list):
            short = [each for each in dict.fromkeys(value) if _size(each) < _SPAN_BYTES.stop]
            bounds = {"minItems": min(1, len(short)), "maxItems": len(short)}
            properties[name] = {"type": "array", "items": {"enum": short}, "uniqueItems": True, **bounds}
        else:
            properties[name] = free if value is None else {"const": value}
    return {**record, "properties": properties}


def _clauses(sentence: str) -> list[str]:
    if _size(sentence) in _SPAN_BYTES and "\n" not in sentence:
        return [sentence]
    parts, start = [], 0
    for index, character in enumerate(sentence):
        if character in _CLAUSE_ENDS:
            parts.append(sentence[start:index].strip())
            start = index + 1
    parts.append(sentence[start:].strip())
    return [run for part in parts for run in _runs(part) if _size(run) in _SPAN_BYTES]


def _runs(clause: str) -> Iterator[str]:
    """Cuts a clause into runs that are short enough, between words where it has any."""
    rest = clause
    while _size(rest) >= _SPAN_BYTES.stop:
        longest = rest.encode()[: _SPAN_BYTES.stop - 1].decode(errors="ignore")
        words, space, _ = longest.rpartition(" ")
        run = words if space and words.strip() else longest
        yield run.strip()
        rest = rest[len(run) :].strip()
    yield rest


def _size(text: str) -> int:
    return len(text.encode())


def _limits(field: Any) -> dict[str, Any]:
    """List bounds that the signature's field carries."""
    return {
        name: getattr(bound, name)
        for bound in field.metadata
        for name in ("min_length", "max_length")
        if getattr(bound, name, None) is not None
    }


def _tightened(value: Any) -> Any:
    if isinstance(value, list):
        return [_tightened(item) for item in value]
    return tightened(value) if isinstance(value, dict) else value
