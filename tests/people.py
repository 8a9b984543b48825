"""Texts of people of the bundled corpus, and the model that reads them in tests."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from scripted import lm

BUNDLED = Path(__file__).parents[1] / "data" / "bundled" / "texts.jsonl"


@cache
def texts_of(author: str) -> tuple[str, ...]:
    """All fifteen texts of an author."""
    rows = [json.loads(line) for line in BUNDLED.read_text("utf-8").splitlines()]
    return tuple(row["text"] for row in rows if row["author"] == author)


def claim(statement: str, *evidence: str, **fields: Any) -> dict[str, Any]:
    """A hypothesis as a model gives it."""
    place = {"dimension": "writing style", "aspect": "rhythm"}
    return {**place, "statement": statement, "evidence": list(evidence), "confidence": 0.5, **fields}


def stating(*claims: dict[str, Any]) -> Any:
    """A model that states these claims once."""
    return lm([f"[[ ## hypotheses ## ]]\n{json.dumps(claims)}\n\n[[ ## completed ## ]]"], schema=False)
