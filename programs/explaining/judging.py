"""What judges make of the texts: each by itself where the judge scores, and each beside the full set's text."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from programs.contest import Scores
from programs.explaining.records import Arm, JudgedText, WrittenText
from programs.judges import Judge, opinions
from programs.judges.judge import Preference
from programs.judges.opinions import Opinion
from programs.judges.validation import answer
from signatures.records import Text

_POINTS: Mapping[Preference, float] = {"a": 1.0, "tie": 0.5, "b": 0.0}


class Slot(NamedTuple):
    """Where a text stands in the experiment."""

    author: str
    target_id: str
    draw: int
    arm: Arm
    place: int | None

    @property
    def full(self) -> "Slot":
        """The text from all hypotheses that it is compared with."""
        return self._replace(arm="full", place=None)


def slot_of(text: WrittenText | JudgedText) -> Slot:
    """Where a text stands."""
    return Slot(text.author, text.target_id, text.draw, text.arm, text.place)


def judged_by(
    judge: Judge,
    texts: Sequence[WrittenText],
    targets: Mapping[str, Text],
    on_pair: Callable[[], None] = lambda: None,
) -> list[JudgedText]:
    """One record for every text that did not fail; each pair is asked for in both orders.

    Args:
        judge: Fitted on references of the authors.
        texts: Of the experiment.
        targets: Target id to target; what its prompt gave away is cut before the judge reads.
        on_pair: Called for each opinion of a judge as it comes.
    """
    read = {slot_of(text): answer(targets[text.target_id], text.text) for text in texts if text.error is None}
    pairs = [slot for slot in read if slot.arm != "full" and slot.full in read]
    authors = [slot.author for slot in pairs]
    mine, full = [read[slot] for slot in pairs], [read[slot.full] for slot in pairs]
    said = opinions(judge, [*authors, *authors], [*mine, *full], [*full, *mine], lambda index, opinion: on_pair())
    points = {
        slot: _agreed(first, second)
        for slot, first, second in zip(pairs, said[: len(pairs)], said[len(pairs) :], strict=True)
    }
    return [_record(judge, slot, text, *points.get(slot, (None, None))) for slot, text in read.items()]


def _agreed(first: Opinion, second: Opinion) -> tuple[float | None, str | None]:
    """Points of a text that stood first and then second, or why there are none."""
    if first.preference is None or second.preference is None:
        return None, first.error or second.error
    return (_POINTS[first.preference] + 1 - _POINTS[second.preference]) / 2, None


def _record(judge: Judge, slot: Slot, text: str, points: float | None, error: str | None) -> JudgedText:
    score = judge.score(slot.author, text) if isinstance(judge, Scores) and text else None
    return JudgedText(judge=judge.name, **slot._asdict(), score=score, points=points, error=error)
