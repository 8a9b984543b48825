"""A JSON schema as a grammar whose every answer is compact and ends.

The runtime's own schema mode allows any white space between tokens, where a small model can spend
its whole token limit. This grammar allows none. It covers what pydantic writes for records of
strings, numbers, booleans, enumerations, lists and nested records; `grammar` returns None for anything else.
A list of different items (`uniqueItems`) of an enumeration, or of alternatives that constants tell apart, holds each at
most once, in the order of the schema: a grammar for every order would need a rule for every set of those left.
"""

import json
import re
from typing import Any

_CHARACTER = r"[^\"\\\x00-\x1f\x7f]"
_MAX_STRING = 400
_MAX_ITEMS = 12
_MAX_RANGE = 1000
_FIVE, _TWENTY = 5, 20
_AMBIGUOUS = re.compile(r"(?<=[\x7f-\xff])(?=[0-9a-fA-F])")


class _Unsupported(Exception):
    """The schema holds something the grammar has no rule for."""


def grammar(schema: Any) -> str | None:
    """EBNF that accepts compact JSON of `schema`, or None where the schema is beyond it."""
    rules: dict[str, str] = {}
    try:
        rules["root"] = _rule(schema, schema.get("$defs", {}) if isinstance(schema, dict) else {}, rules, ())
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
        if not values:
            raise _Unsupported
        literals = [_literal(json.dumps(value, ensure_ascii=False)) for value in values]
        return literals[0] if len(literals) == 1 else f"({' | '.join(literals)})"
    if "anyOf" in schema:
        return "(" + " | ".join(_rule(option, defs, rules, seen) for option in schema["anyOf"]) + ")"
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, defs, rules, seen)
    if kind == "array":
        return _array(schema, defs, rules, seen)
    return _scalar(kind, schema, rules)


def _reference(reference: str, defs: dict[str, Any], rules: dict[str, str], seen: tuple[str, ...]) -> str:
    name = reference.rpartition("/")[2]
    if name in seen or name not in defs:
        raise _Unsupported
    rule = f"def_{list(defs).index(name)}"
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
    if most < least:
        raise _Unsupported
    if most == 0:
        return '"[]"'
    if "items" not in schema or "prefixItems" in schema:
        raise _Unsupported
    options = _options(schema["items"], defs) if schema.get("uniqueItems") else []
    if options:
        return _different(options, (least, most), defs, rules, seen)
    item = f"item_{len(rules)}"
    rules[item] = ""
    rules[item] = _rule(schema["items"], defs, rules, seen)
    some = f'"[" {item} ("," {item}){{{max(least - 1, 0)},{most - 1}}} "]"'
    return some if least else f'("[]" | {some})'


def _options(schema: Any, defs: dict[str, Any]) -> list[Any]:
    """The values or alternatives that a schema names, each a schema; none where one is not told by a constant."""
    if isinstance(schema, dict) and "$ref" in schema:
        schema = defs.get(schema["$ref"].rpartition("/")[2])
    if not isinstance(schema, dict):
        return []
    named = [{"const": value} for value in schema.get("enum", ())] or list(schema.get("anyOf", ()))
    return named if all(map(_holds_constant, named)) else []


def _holds_constant(option: Any) -> bool:
    if not isinstance(option, dict):
        return False
    return any(isinstance(one, dict) and "const" in one for one in (option, *option.get("properties", {}).values()))


def _different(
    options: list[Any], bounds: tuple[int, int], defs: dict[str, Any], rules: dict[str, str], seen: tuple[str, ...]
) -> str:
    """A list of some of the options, in their order.

    The rule for what may follow k options, of which the last stands before place i, exists for each k and i.
    """
    least, most = bounds[0], min(bounds[1], len(options))
    if most < least:
        raise _Unsupported
    name = f"some_{len(rules)}"
    items = [f"{name}_item_{place}" for place in range(len(options))]
    rules.update(dict.fromkeys(items, ""))
    for item, option in zip(items, options, strict=True):
        rules[item] = _rule(option, defs, rules, seen)

    def rest(k: int, i: int) -> str:
        ways = ['"]"'] if k >= least else []
        if k < most:
            comma = '"," ' if k else ""
            places = range(i, len(options) - max(least - k - 1, 0))
            ways += [f"{comma}{items[place]} {following(k + 1, place + 1)}" for place in places]
        return "(" + " | ".join(ways) + ")"

    def following(k: int, i: int) -> str:
        if k == most:
            return '"]"'
        rule = f"{name}_{k}_{i}"
        if rule not in rules:
            rules[rule] = rest(k, i)
        return rule

    return f'"[" {rest(0, 0)}'


def _scalar(kind: Any, schema: dict[str, Any], rules: dict[str, str]) -> str:
    if kind == "string":
        return _string(schema, rules)
    if kind == "boolean":
        return '("true" | "false")'
    if kind == "null":
        return '"null"'
    least, most = schema.get("minimum"), schema.get("maximum")
    if {"exclusiveMinimum", "exclusiveMaximum", "multipleOf"} & schema.keys():
        raise _Unsupported
    if kind == "number" and (least, most) == (0, 1):
        return '("0." [0-9]{1,2} | "1.0")'
    if kind == "integer" and isinstance(least, int) and isinstance(most, int) and 0 <= most - least < _MAX_RANGE:
        return "(" + " | ".join(f'"{value}"' for value in range(least, most + 1)) + ")"
    if least is None and most is None and kind == "integer":
        return '"-"? ("0" | [1-9] [0-9]{0,8})'
    if least is None and most is None and kind == "number":
        return '"-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,6})?'
    raise _Unsupported


def _string(schema: dict[str, Any], rules: dict[str, str]) -> str:
    least = int(schema.get("minLength", 0))
    most = int(schema.get("maxLength", max(_MAX_STRING, least)))
    if {"pattern", "format"} & schema.keys() or most < least:
        raise _Unsupported
    return f'"\\"" {_characters(least, most, rules)} "\\""'


def _characters(least: int, most: int, rules: dict[str, str]) -> str:
    """Between `least` and `most` characters, or up to 19 fewer than `most`.

    The runtime works through the vocabulary for every position of a counted repetition: 160 in a row cost it a second
    for each new grammar, counted in fives and twenties a tenth of that.
    """
    if most < _TWENTY:
        return f"{_CHARACTER}{{{least},{most}}}"
    rules["five"] = f"{_CHARACTER}{{{_FIVE}}}"
    rules["twenty"] = "five five five five"
    if least > _FIVE:
        head = f"twenty{{{least // _TWENTY}}} {_CHARACTER}{{{least % _TWENTY}}}"
        return f"{head} {_characters(0, most - least, rules)}"
    return f"twenty{{0,{most // _TWENTY - 1}}} five{{0,3}} {_CHARACTER}{{{least},{_FIVE}}}"


def _literal(text: str) -> str:
    """`text` as EBNF literals; JSON's escapes are the grammar's own.

    The runtime's parser writes characters from U+007F to U+00FF as two hexadecimal digits and reads on into a digit
    that follows ("Ça" becomes U+0C7A), so a literal ends between the two.
    """
    return " ".join(json.dumps(part, ensure_ascii=False) for part in _AMBIGUOUS.split(text))
