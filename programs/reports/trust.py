"""Whether a judge's results may be shown without a mark, from how the judge was validated; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from programs.card import JudgeNote
from programs.judges.validation import TRUSTED_FROM
from programs.reports.wording import interval, label, percent

Level = Literal["trusted", "not trusted", "not validated"]


@dataclass(frozen=True)
class Trust:
    """What is known of a judge before its results are read."""

    judge: str
    notes: tuple[JudgeNote, ...]

    @property
    def level(self) -> Level:
        """Trusted if every validation reaches 80%; not validated if there is none."""
        if not self.notes:
            return "not validated"
        return "trusted" if all(note.trusted for note in self.notes) else "not trusted"

    @property
    def mark(self) -> str:
        """Stands before each of the judge's numbers where no style can: empty for a trusted one."""
        return {"trusted": "", "not trusted": "✗ ", "not validated": "? "}[self.level]

    def in_words(self) -> str:
        """How far the judge may be believed, in a sentence."""
        right = "; ".join(
            f"right in {percent(note.accuracy)} ({interval(note.low, note.high)}) of {note.n_pairs} pairs against"
            f" {label(note.against, 40)}"
            if note.low is not None
            else f"right in {percent(note.accuracy)} of {note.n_pairs} pairs against {label(note.against, 40)}"
            for note in self.notes
        )
        if self.level == "not validated":
            return "Not validated: nothing says how often this judge is right. Do not rely on these numbers."
        if self.level == "not trusted":
            return f"Not to be trusted: {right}. Below {TRUSTED_FROM:.0%} a judge's numbers mean nothing."
        return f"{right[0].upper()}{right[1:]}."

    def in_brief(self) -> str:
        """The same for the heading of a plot."""
        if not self.notes:
            return "NOT VALIDATED"
        right = " and ".join(f"{note.accuracy:.0%}" for note in self.notes)
        return f"right in {right}" if self.level == "trusted" else f"NOT TO BE TRUSTED, right in {right}"


def trust_in(judge: str, notes: Sequence[JudgeNote]) -> Trust:
    """What `notes` say of a judge."""
    return Trust(judge, tuple(note for note in notes if note.judge == judge))
