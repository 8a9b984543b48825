"""The marks that a person types where keyboards differ: which apostrophe, quotation marks and dash, which spelling."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from programs.repairs.spelling import Variety, varieties

FEWEST = 3
"""Uses in the samples from which a person is taken to have a way."""
MOSTLY = 0.9
"""Share of them that must be alike."""

Dash = Literal["—", " — ", " – ", "--", " -- ", " - "]
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")
_DASH = re.compile(r"(?<=[^\W_]|[,.!?…:;\"”’')\]])(?P<gap> ?)(?P<mark>—|--|–|-)(?P=gap)(?=[^\W_]|[\"“‘'(\[])")
_OPENS_AFTER, _CLOSES_BEFORE = "([{—–", ".,;:!?…)]}—–"


class Marks(BaseModel):
    """A person's ways with marks that say the same; None where the texts show none, or several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    apostrophe: Literal["'", "’"] | None = None
    quotation: Literal["straight", "curly"] | None = None
    dash: Dash | None = None
    """With its spaces."""
    spelling: Variety | None = None


def marks_of(samples: Sequence[str]) -> Marks:
    """The marks that a person uses in nine of ten cases, and in three at least."""
    uses = {
        "apostrophe": [found for text in samples for found in _APOSTROPHE.findall(text)],
        "quotation": ["straight" if mark == '"' else "curly" for text in samples for mark in text if mark in '"“”'],
        "dash": [found[0] for text in samples for found in _DASH.finditer(text) if _is_dash(found)],
        "spelling": [variety for text in samples for variety, n in varieties(text).items() for _ in range(n)],
    }
    return Marks.model_validate({kind: _usual(found) for kind, found in uses.items()})


def with_apostrophes(text: str, mark: str) -> tuple[str, int]:
    """The text with one apostrophe inside words, and how many changed; code and addresses stay."""
    n = 0

    def typed(found: re.Match[str]) -> str:
        nonlocal n
        changed = found[0] != mark and not _literal(found)
        n += changed
        return mark if changed else found[0]

    return _APOSTROPHE.sub(typed, text), n


def _literal(found: re.Match[str]) -> bool:
    """Whether a mark stands in code, between backticks, or in an address."""
    before = found.string[: found.start()]
    return before.count("`") % 2 == 1 or "://" in before[max(before.rfind(" "), before.rfind("\n")) + 1 :]


def with_dashes(text: str, dash: str) -> tuple[str, int]:
    """The text with one kind of dash between words, and how many changed.

    Ranges, subtractions, code and addresses stay.
    """
    n = 0

    def typed(found: re.Match[str]) -> str:
        nonlocal n
        changed = _is_dash(found) and found[0] != dash and not _literal(found)
        n += changed
        return dash if changed else found[0]

    return _DASH.sub(typed, text), n


def with_quotation_marks(text: str, kind: str) -> tuple[str, int]:
    """The text with straight or curly double quotation marks, and how many changed.

    Straight ones become curly in lines where they pair and each stands as an opening or closing mark does; a line with
    low marks (German), inches or code stays.
    """
    lines = text.split("\n")
    turned = [_straight(line) if kind == "straight" else _curly(line) for line in lines]
    n = sum(
        before != after for old, new in zip(lines, turned, strict=True) for before, after in zip(old, new, strict=True)
    )
    return "\n".join(turned), n


def _straight(line: str) -> str:
    return line if "„" in line else line.replace("“", '"').replace("”", '"')


def _curly(line: str) -> str:
    places = [place for place, mark in enumerate(line) if mark == '"']
    if len(places) % 2 or any(mark in line for mark in "“”„"):
        return line
    written = [*line]
    for index, place in enumerate(places):
        before, after = line[place - 1 : place] or " ", line[place + 1 : place + 2] or " "
        opens = (before.isspace() or before in _OPENS_AFTER) and not after.isspace()
        closes = not before.isspace() and (after.isspace() or after in _CLOSES_BEFORE)
        if not (closes if index % 2 else opens):
            return line
        written[place] = "”" if index % 2 else "“"
    return "".join(written)


def _is_dash(found: re.Match[str]) -> bool:
    """Whether a mark sets something off: an en dash or hyphen only between spaces, and none between figures."""
    text, mark = found.string, found["mark"]
    before, after = text[found.start() - 1], text[found.end()]
    if mark in "–-" and (not found["gap"] or (mark == "-" and (before in ".:" or before.isdigit() or after.isdigit()))):
        return False
    return not (before.isdigit() and after.isdigit())


def _usual(uses: Sequence[str]) -> str | None:
    """What nearly all of the uses are."""
    most, n = max(Counter(uses).items(), key=lambda use: use[1], default=(None, 0))
    return most if n >= max(FEWEST, MOSTLY * len(uses)) else None
