"""A JSON schema as a grammar whose every answer is compact and ends.

The runtime's own schema mode allows any white space between tokens, where a small model can spend
its whole token limit. This grammar allows none. It covers what pydantic writes for records of
strings, numbers, booleans, enumerations, lists and nested records; `grammar` returns None for anything else.
"""

import json
from typing import Any

_CHARACTER = r"[^\"\\\x00-\x1f\x7f]"
_MAX_STRING = 400
_MAX_ITEMS = 12


class _Unsupported(Exception):
    """The schema holds something the grammar has no rule for."""


def grammar(schema: dict[str, Any]) -> str | None:
    """EBNF that accepts compact JSON of `schema`, or None where the schema is beyond it."""
    rules: dict[str, str] = {}
    try:
        rules["root"] = _rule(schema, schema.get("$defs", {}), rules, ())
    except _Unsupported:
        return None
    return "\n".join(f"{name} ::= {body}" for name, body in rules.items())


def _rule(schema: Any, defs: dict[str, Any], rules: dict[str, str], seen: tuple[str, ...]) -> str:
    """The right-hand side for one schema, adding the rules it needs to `rules`."""
    if not isinstance(schema, dict):
        raise _Unsupported
    if "$ref" in schema:
        return _reference(schema["$ref"], defs, rules, seen)
    if "enum" in schema or "const" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return "(" + " | ".join(_literal(json.dumps(value, ensure_ascii=False)) for value in values) + ")"
    if "anyOf" in schema:
        return "(" + " | ".join(_rule(option, defs, rules, seen) for option in schema["anyOf"]) + ")"
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, defs, rules, seen)
    if kind == "array":
        return _array(schema, defs, rules, seen)
    return _scalar(kind, schema)


def _reference(reference: str, defs: dict[str, Any], rules: dict[str, str], seen: tuple[str, ...]) -> str:
    name = reference.rpartition("/")[2]
    if name in seen or name not in defs:
        raise _Unsupported
    rule = "def_" + "".join(character if character.isalnum() else "_" for character in name)
    if rule not in rules:
        rules[rule] = _rule(defs[name], defs, rules, (*seen, name))
    return rule


def _object(schema: dict[str, Any], defs: dict[str, Any], rules: dict[str, str], seen: tuple[str, ...]) -> str:
    properties = schema.get("properties")
    if not properties:
        raise _Unsupported
    parts = []
    for index, (name, inner) in enumerate(properties.items()):
        opening = ("{" if index == 0 else ",") + json.dumps(name) + ":"
        parts += [_literal(opening), _rule(inner, defs, rules, seen)]
    return " ".join([*parts, '"}"'])


def _array(schema: dict[str, Any], defs: dict[str, Any], rules: dict[str, str], seen: tuple[str, ...]) -> str:
    least = int(schema.get("minItems", 0))
    most = int(schema.get("maxItems", max(_MAX_ITEMS, least)))
    if "items" not in schema or most < max(least, 1):
        raise _Unsupported
    item = f"item_{len(rules)}"
    rules[item] = ""
    rules[item] = _rule(schema["items"], defs, rules, seen)
    some = f'"[" {item} ("," {item}){{{max(least - 1, 0)},{most - 1}}} "]"'
    return some if least else f'("[]" | {some})'


def _scalar(kind: Any, schema: dict[str, Any]) -> str:
    if kind == "string" and "pattern" not in schema and "format" not in schema:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", _MAX_STRING))
        return f'"\\"" {_CHARACTER}{{{least},{most}}} "\\""'
    if kind == "boolean":
        return '("true" | "false")'
    if kind == "null":
        return '"null"'
    if kind == "number" and schema.get("minimum") == 0 and schema.get("maximum") == 1:
        return '("0." [0-9]{1,2} | "1.0")'
    unbounded = not {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"} & schema.keys()
    if kind == "integer" and unbounded:
        return '"-"? ("0" | [1-9] [0-9]{0,8})'
    if kind == "number" and unbounded:
        return '"-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,6})?'
    raise _Unsupported


def _literal(text: str) -> str:
    """`text` as an EBNF literal; JSON's escapes are the grammar's own."""
    return json.dumps(text, ensure_ascii=False)
