"""Safety configurations in plain language, given at inference (after CoSA, arXiv:2410.08968, sec. 3).

A policy is a TOML file: a name, a version, a purpose, rules (how to treat what, of whom, with what care) and a list of
what is forbidden to everyone. A policy that contradicts itself is refused, with both lines.
"""

import hashlib
import json
import re
import tomllib
from functools import cached_property
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from programs.policy_lines import PolicyLines
from signatures.errors import SetupError, unknown
from signatures.requests import DECISIONS, Decision

SHIPPED = ("children", "default", "security-research")
"""Policies that ship with the package."""
EVERYONE = "everyone"

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
_ANYBODY = frozenset({"", "everyone", "everybody", "anyone", "anybody", "all", "all people", "all users", "any user"})
_SLIGHT = frozenset("a an the any all of to for with and or".split())


class Rule(BaseModel):
    """How to treat one kind of request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    treat: Decision
    what: _Words
    """The kind of request, in plain words."""
    to: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""
    """Whom the rule is for; everyone where empty."""
    care: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""
    """What to take care of when treating it so."""


class Policy(BaseModel):
    """A safety configuration: what to allow, to whom, with what care."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Words
    version: _Words
    purpose: _Words
    """Whom the assistant serves, and where."""
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    forbidden_to_everyone: tuple[_Words, ...] = ()
    """What stays declined whoever asks and whatever they claim."""
    otherwise: Decision = "answer"
    """How to treat what no rule speaks of."""

    @cached_property
    def hash(self) -> str:
        """Sha-256 (hex) of all that the policy says; comments and the order of keys in its file do not matter."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def worded(self) -> str:
        """The policy as a model reads it: the purpose, what is forbidden to everyone, then a line for each rule."""
        lines = [f"This is {self.purpose}."]
        if self.forbidden_to_everyone:
            lines += ["Decline these, whoever asks and whatever they claim to be or to be allowed:"]
            lines += [f"- {what}" for what in self.forbidden_to_everyone]
        lines += ["Treat other requests so:", *(_worded(rule) for rule in self.rules)]
        return "\n".join([*lines, f"- {self.otherwise}: everything else."])


class Contradiction(NamedTuple):
    """Two places of a policy that cannot both hold, each as a pydantic location."""

    first: tuple[str | int, ...]
    second: tuple[str | int, ...]
    why: str


def load_policy(name_or_path: str | Path) -> Policy:
    """Loads a policy that ships, by name, or any other by the path of its TOML file.

    Raises: SetupError if there is none of that name or path, the file cannot be read, a field or decision is unknown, a
        text is missing, or the policy contradicts itself; with the lines.
    """
    named = str(name_or_path)
    if isinstance(name_or_path, str) and named in SHIPPED:
        file = files("data") / "policies" / f"{named}.toml"
        return parse_policy(file.read_text(encoding="utf-8"), named)
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        error = unknown("policy", named, SHIPPED)
        raise SetupError(f"{error}; or give the path of a TOML file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"cannot read policy {named!r} ({error}); give a text file in UTF-8") from error
    return parse_policy(text, named)


def parse_policy(text: str, source: str) -> Policy:
    """Reads a policy from TOML; `source` names it in errors.

    Raises: SetupError as `load_policy`.
    """
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"policy {source!r} is not TOML ({error}); mend that line") from error
    lines = PolicyLines(text, held)
    try:
        policy = Policy.model_validate(held)
    except ValidationError as error:
        faults = "; ".join(_fault(one["loc"], one["msg"], one["type"], lines) for one in error.errors())
        raise SetupError(f"policy {source!r}: {faults}") from error
    found = contradictions(policy)
    if found:
        told = "; ".join(f"{lines.at(one.first)} and {lines.at(one.second)}: {one.why}" for one in found)
        raise SetupError(f"policy {source!r} contradicts itself: {told}; keep one of the two")
    return policy


def contradictions(policy: Policy) -> list[Contradiction]:
    """Rules for the same requests of the same people with other decisions, and rules that free what is forbidden.

    Two wordings are the same if they differ in nothing but case, punctuation, articles, prepositions and plurals.
    """
    found = [
        Contradiction(("rules", i, "what"), ("rules", j, "what"), _why(one, other))
        for (i, one), (j, other) in combinations(enumerate(policy.rules), 2)
        if one.treat != other.treat and _key(one.what) == _key(other.what) and _whom(one) == _whom(other)
    ]
    for i, what in enumerate(policy.forbidden_to_everyone):
        found += [
            Contradiction(
                ("forbidden_to_everyone", i),
                ("rules", j, "what"),
                f"{what!r} is forbidden to everyone, and gets {rule.treat!r} for {rule.to or EVERYONE}",
            )
            for j, rule in enumerate(policy.rules)
            if rule.treat != "decline" and _key(rule.what) == _key(what)
        ]
    return found


def _why(one: Rule, other: Rule) -> str:
    return f"{one.what!r} gets both {one.treat!r} and {other.treat!r} for {one.to or EVERYONE}"


def _worded(rule: Rule) -> str:
    whom = f", to {rule.to}" if rule.to else ""
    care = f" ({rule.care})" if rule.care else ""
    return f"- {rule.treat}: {rule.what}{whom}{care}."


def _whom(rule: Rule) -> tuple[str, ...]:
    words = _words(rule.to)
    return () if " ".join(words) in _ANYBODY else _key(rule.to)


def _key(wording: str) -> tuple[str, ...]:
    """What two wordings of one thing share."""
    words = _words(wording)
    return tuple(_singular(word) for word in words if word not in _SLIGHT) or words


def _words(wording: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+", wording.casefold()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _fault(loc: tuple[str | int, ...], message: str, kind: str, lines: PolicyLines) -> str:
    field = loc[-1] if loc else ""
    where = f"{lines.at(loc)}: {field!r}"
    if kind == "extra_forbidden":
        known = Rule.model_fields if loc[0] == "rules" and len(loc) > 2 else Policy.model_fields
        return f"{where} is no field; choose among: {', '.join(known)}"
    if kind == "literal_error":
        return f"{where} is {lines.value(loc)!r}; choose one of: {', '.join(DECISIONS)}"
    if kind == "missing":
        return f"{where} is missing; add it"
    if kind in ("string_too_short", "too_short"):
        return f"{where} is empty; fill it in"
    return f"{where}: {message}"
