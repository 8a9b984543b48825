"""Repairs that need no model: emoji, spellings and marks, changed where that is certain and says the same.

What is not certain stays for a writer: an emoji between two words may stand for a word or a full stop, and a
capitalised word may be a name.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from programs.constraints import Constraint
from programs.repairs.marks import Marks, with_apostrophes, with_dashes, with_quotation_marks
from programs.repairs.spelling import Variety, respelled
from programs.traits import TRAITS
from programs.traits.reading import Reading, Span
from signatures.errors import counted

_JOINED = re.compile("[\ufe0f\u200d\u20e3\U000e0020-\U000e007f]*")
"""What modifies or joins the emoji before it."""
_GAP = re.compile("[ \t\ufe0f\u200d]*")
_OPENING = "([{“‘\"'«"
_DEMANDS: Mapping[tuple[str, str], Variety] = MappingProxyType(
    {
        ("american", "<"): "British",
        ("british", ">="): "British",
        ("british", "<"): "American",
        ("american", ">="): "American",
    }
)
"""The spelling that a constraint asks for, by its trait and direction."""


def tidied(
    text: str, constraints: Iterable[Constraint] = (), marks: Marks | None = None
) -> tuple[str, tuple[str, ...]]:
    """The text with what can be mended without a model, and notes of what changed, in words.

    Emoji go where a constraint on them asks for fewer than there are, spellings change where one on a variety is not
    met, and apostrophes, quotation marks, dashes and spelling become the person's own. Twice is the same as once.

    Args:
        text: What a model wrote.
        constraints: What it should meet.
        marks: The person's ways with marks, such as `marks_of(samples)`; None leaves marks alone.
    """
    if not Reading(text).words:
        return text, ()
    marks, wanted, notes = marks or Marks(), tuple(constraints), []
    if any(each.parsed.trait == "emoji" and each.parsed.sign == "<" and not each.met(text) for each in wanted):
        text, n = without_emoji(text)
        notes += [f"removed emoji in {counted(n, 'place')}"] if n else []
    if variety := _variety(text, wanted, marks):
        text, n = respelled(text, variety)
        notes += [f"changed {counted(n, 'word')} to {variety} spelling"] if n else []
    for kind, turn, mark in (
        ("apostrophe", with_apostrophes, marks.apostrophe),
        ("quotation mark", with_quotation_marks, marks.quotation),
        ("dash", with_dashes, marks.dash),
    ):
        text, n = turn(text, mark) if mark else (text, 0)
        nouns = "dashes" if kind == "dash" else ""
        notes += [f"changed {counted(n, kind, nouns)} to the person's own"] if n else []
    return text, tuple(notes)


def without_emoji(text: str) -> tuple[str, int]:
    """The text without the emoji that stand at a line's end or start or beside a mark, and in how many places they did.

    Emoticons count as emoji. Lines that held nothing else go too.
    """
    n_places = 0
    while (found := _removable(text)) is not None:
        text, n_places = _joined(text[: found[0]], text[found[1] :]), n_places + 1
    return text, n_places


def _variety(text: str, constraints: tuple[Constraint, ...], marks: Marks) -> Variety | None:
    """The spelling that a constraint which is not met demands, else the person's; none where demands differ."""
    asking: dict[Constraint, Variety] = {
        each: _DEMANDS[key] for each in constraints if (key := each.parsed[:2]) in _DEMANDS
    }
    if not asking:
        return marks.spelling
    if len({*asking.values()}) > 1 or all(each.met(text) for each in asking):
        return None
    return next(iter(asking.values()))


def _removable(text: str) -> Span | None:
    """The first run of emoji that says nothing the words around it need."""
    for start, end in _runs(text):
        before = text[:start].rstrip(" \t")[-1:] or "\n"
        after = text[end:].lstrip(" \t")[:1] or "\n"
        between = before.isalnum() and after.isalnum()
        opened = text[start - 1 : start] in (*_OPENING,)
        if not between and not opened and _stands_alone(text, start, end, after):
            return start, end
    return None


def _runs(text: str) -> list[Span]:
    """Emoji that follow each other, with what modifies them."""
    runs: list[Span] = []
    for start, end in sorted(TRAITS["emoji"].shows(Reading(text))):
        end = _end(_JOINED, text, end)
        if runs and _end(_GAP, text, runs[-1][1]) >= start:
            runs.append((runs.pop()[0], end))
        else:
            runs.append((start, end))
    return runs


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _stands_alone(text: str, start: int, end: int, after: str) -> bool:
    """Whether a run that holds letters or common signs, such as ":D" and "<3", is one: set off, a heart at an end."""
    run = text[start:end]
    if not any(sign.isascii() and not sign.isspace() for sign in run):
        return True
    set_off = text[start - 1 : start] in ("", " ", "\t", "\n") and text[end : end + 1] in (
        "",
        " ",
        "\t",
        "\n",
        *".,!?…",
    )
    return set_off and ("<3" not in run or not after.isalnum())


def _joined(before: str, after: str) -> str:
    """Two parts of a text with as much space between them as there should be."""
    head, tail = before.rstrip(" \t"), after.lstrip(" \t")
    starts, ends = not head or head.endswith("\n"), not tail or tail.startswith("\n")
    if starts and ends:
        # Nothing else stood on the line, so it goes, and no second blank line stays in its place.
        tail = tail.lstrip("\n") if not head or head.endswith("\n\n") else tail.removeprefix("\n")
        return head + tail if tail else head.rstrip("\n")
    if starts:
        return before[: len(head)] + tail
    if ends or tail[0] in ".,;:!?…)]}”’»":
        return head + tail
    return f"{head} {tail}"
