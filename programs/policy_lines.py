"""On which line of a policy's file a field stands, which TOML parsers do not tell."""

import re
from collections.abc import Sequence
from typing import Any

_RULE = re.compile(r"\s*\[\[\s*rules\s*\]\]")
_TABLE = re.compile(r"\s*\[")


class PolicyLines:
    """The lines of a policy's fields, found by their keys and texts; `held` is what the parser made of the text."""

    def __init__(self, text: str, held: dict[str, object]) -> None:
        """Takes the text of the file and its parsed content."""
        self._lines = text.splitlines()
        self._held = held

    def at(self, loc: Sequence[str | int]) -> str:
        """Such as "line 12"; "the file" where the place cannot be told."""
        found = self._number(list(loc))
        return f"line {found}" if found else "the file"

    def value(self, loc: Sequence[str | int]) -> object:
        """What the parser found there; None where there is nothing."""
        held: Any = self._held
        for key in loc:
            if isinstance(held, dict) and key in held:
                held = held[key]
            elif isinstance(held, list) and isinstance(key, int) and key < len(held):
                held = held[key]
            else:
                return None
        return held

    def _number(self, loc: list[str | int]) -> int:
        first, last = self._span(loc)
        key = loc[-1] if loc else ""
        if isinstance(key, str) and key:
            for n in range(first, last):
                if re.match(rf"\s*(?:{re.escape(key)}|[\"']{re.escape(key)}[\"'])\s*=", self._lines[n]):
                    return n + 1
        text = self.value(loc)
        if isinstance(text, str) and text.strip():
            for n in range(first, last):
                if text in self._lines[n]:
                    return n + 1
        return first + 1 if first else 0

    def _span(self, loc: list[str | int]) -> tuple[int, int]:
        """The lines of the rule, list or head of the file that a place stands in, from 0, the end excluded."""
        if len(loc) > 1 and loc[0] == "rules" and isinstance(loc[1], int):
            return self._rule(loc[1])
        if len(loc) > 1 and isinstance(loc[0], str):
            start = next((n for n, line in enumerate(self._lines) if re.match(rf"\s*{loc[0]}\s*=", line)), 0)
            return start, len(self._lines)
        return 0, next((n for n, line in enumerate(self._lines) if _TABLE.match(line)), len(self._lines))

    def _rule(self, place: int) -> tuple[int, int]:
        """The lines of one `[[rules]]` table; those of the list where rules are written in one."""
        heads = [n for n, line in enumerate(self._lines) if _RULE.match(line)]
        rules = self._held.get("rules")
        if not isinstance(rules, list) or len(heads) != len(rules):
            return 0, len(self._lines)
        return heads[place], [*heads, len(self._lines)][place + 1]
