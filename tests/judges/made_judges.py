"""Judges that follow a rule, and cases for them."""

from collections.abc import Sequence

from programs.judges import Preference
from signatures.records import Author, AuthorCase, Text


class ScriptedJudge:
    """Decides by a rule on the two texts alone."""

    name = "scripted"
    version = "scripted-1"

    def __init__(self, rule) -> None:
        self.rule = rule
        self.read: list[str] = []

    def prefers(self, author: str, a: str, b: str) -> Preference:
        self.read += [a, b]
        return self.rule(author, a, b)

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        return [self.prefers(*items) for items in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return self.prefers(author, a, b)


def case(author: str, written: Sequence[str], prefix: str = "") -> AuthorCase:
    targets = tuple(
        Text(id=f"{author}/{n}", author=author, prompt="Write.", text=text, prefix=prefix)
        for n, text in enumerate(written)
    )
    return AuthorCase(author=Author(id=author, texts=targets), samples=(), targets=targets, references=())


def by_name(author: str, a: str, b: str) -> Preference:
    return "a" if a.startswith(author) else "b"


CASES = [case("ann", ["ann 1", "ann 2"]), case("bob", ["bob 1"]), case("cy", ["cy 1", "cy 2", "cy 3"])]
