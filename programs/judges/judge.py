"""What every judge promises: which of two texts is closer to what an author writes."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

Preference = Literal["a", "b", "tie"]


@runtime_checkable
class Judge(Protocol):
    """Compares two texts by how close they are to what an author writes.

    A judge is fitted on, or holds, references of the authors it knows. It is told neither which system wrote a text
    nor what was asked; callers cut the prompt's own words from both texts first. One contract holds for all: identical
    texts tie, an empty text loses to one that is not, two empty ones tie, the same call gives the same answer, and an
    author that the judge does not know is a `SetupError`. A judge that reads the texts in order may favour a slot, so
    callers ask both orders. A judge that can fail raises `opinions.NoVerdict` where it is asked for a bare
    preference, and keeps the failure as a record where it is asked for `opinions`; a failure is never a preference.
    """

    @property
    def name(self) -> str:
        """The name under which `make_judge` builds it."""
        ...

    @property
    def version(self) -> str:
        """The name and a hash of all that decides its verdicts but the references; stands in ledgers."""
        ...

    def prefers(self, author: str, a: str, b: str) -> Preference:
        """Says which of two texts is closer to what `author` writes."""
        ...

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        """Answers n comparisons at once; item i is `prefers(authors[i], a[i], b[i])`."""
        ...

    def reason(self, author: str, a: str, b: str) -> str:
        """Says in a line for people what decided `prefers(author, a, b)`."""
        ...
