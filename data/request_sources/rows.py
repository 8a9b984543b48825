"""The one shape that every corpus of requests is brought to before it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from signatures.errors import SetupError
from signatures.requests import DECISIONS, Asker, Decision, Label

_DECISIONS: dict[str, Decision] = {decision: decision for decision in DECISIONS}


class RequestRow(NamedTuple):
    """One row as its source has it: the fields of `signatures.requests.Request`, empty where the source says nothing.

    The prompt may be blank, and the id empty.
    """

    prompt: str
    id: str = ""
    type: str = ""
    label: Label | None = None
    pair: str = ""
    expected: Decision | None = None
    policy: str = ""
    asker: Asker = Asker()
    contains: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequestTable:
    """What a source hands over."""

    rows: tuple[RequestRow, ...]
    licence: str = "not stated"
    notes: tuple[str, ...] = ()


class Location(NamedTuple):
    """Where a corpus is, as its name says."""

    path: str = ""
    """Of a local copy or an id on the hub; empty where the name gives none."""
    options: Mapping[str, str] = {}
    """What stands after the question mark."""


def as_label(value: str, source: str) -> Label | None:
    """Reads "safe" or "unsafe"; None where nothing is said.

    Raises: SetupError if it says anything else.
    """
    folded = value.strip().casefold()
    if folded not in ("", "safe", "unsafe"):
        raise SetupError(f"{source} labels a prompt {value!r}; write safe or unsafe, or leave the label empty")
    return folded or None


def as_decision(value: str, source: str) -> Decision | None:
    """Reads a decision; None where nothing is said.

    Raises: SetupError if it is no decision, listing those there are.
    """
    folded = " ".join(value.replace("_", " ").casefold().split())
    if not folded:
        return None
    if folded not in _DECISIONS:
        raise SetupError(f"{source} expects {value!r}; choose one of: {', '.join(DECISIONS)}")
    return _DECISIONS[folded]
