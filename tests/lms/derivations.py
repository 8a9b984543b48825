"""Texts that a grammar accepts, made by walking through it."""

import json
import re
from collections.abc import Callable

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{\d+(?:,\d+)?\}|[()|?]|\w+')


def derived(grammar: str, pick: Callable[[int], int]) -> str:
    """One text of the grammar; `pick(n)` chooses among n ways, as a number below n."""
    rules = {name: _TOKEN.findall(body) for name, body in (line.split(" ::= ", 1) for line in grammar.split("\n"))}
    return _Walk(rules, pick).rule("root")


class _Walk:
    def __init__(self, rules: dict[str, list[str]], pick: Callable[[int], int]):
        self.rules, self.pick = rules, pick

    def rule(self, name: str) -> str:
        text, rest = self._choice(self.rules[name])
        assert not rest, f"{name} goes on with {rest}"
        return text

    def _choice(self, tokens: list[str]) -> tuple[str, list[str]]:
        """One of the alternatives that stand here, and what follows them; all are read, one is made."""
        ways = [[]]
        depth = 0
        for place, token in enumerate(tokens):
            if token == ")" and depth == 0:
                return self._sequence(ways[self.pick(len(ways))]), tokens[place:]
            depth += (token == "(") - (token == ")")
            if token == "|" and depth == 0:
                ways.append([])
            else:
                ways[-1].append(token)
        return self._sequence(ways[self.pick(len(ways))]), []

    def _sequence(self, tokens: list[str]) -> str:
        made = ""
        while tokens:
            atom, tokens = self._atom(tokens)
            times = 1
            if tokens and tokens[0] == "?":
                times, tokens = self.pick(2), tokens[1:]
            elif tokens and tokens[0].startswith("{"):
                least, most = (int(bound) for bound in (tokens[0][1:-1] + "," + tokens[0][1:-1]).split(",")[:2])
                times, tokens = least + self.pick(most - least + 1), tokens[1:]
            made += "".join(self._made(atom) for _ in range(times))
        return made

    @staticmethod
    def _atom(tokens: list[str]) -> tuple[list[str], list[str]]:
        if tokens[0] != "(":
            return tokens[:1], tokens[1:]
        depth = 0
        for place, token in enumerate(tokens):
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return tokens[: place + 1], tokens[place + 1 :]
        raise AssertionError(f"unbalanced: {tokens}")

    def _made(self, atom: list[str]) -> str:
        first = atom[0]
        if first == "(":
            return self._choice(atom[1:])[0]
        if first.startswith('"'):
            return json.loads(first)
        if first.startswith("["):
            return {"[0-9]": "0", "[1-9]": "1"}.get(first, "x")
        return self.rule(first)
