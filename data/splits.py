"""Who and what an experiment trains on, selects on and reports on: authors first, then texts within an author.

Everything is drawn by sorting on a hash of corpus, seed and id, so a split is the same on every machine and depends on
nothing else.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from data.cleaning import rank, same_text_key
from data.corpus import Corpus
from signatures.errors import SetupError, counted
from signatures.records import Author, AuthorCase, Text

MIN_REFERENCES = 3
"""Texts that judges see of an author, at least."""
MIN_AUTHORS = 4
"""One author each for train, val, dev and test."""


@dataclass(frozen=True)
class Splits:
    """Four disjoint groups of authors, each author with disjoint samples, targets and references."""

    train: tuple[AuthorCase, ...]
    """Demos come from these."""
    val: tuple[AuthorCase, ...]
    """An optimizer selects on these."""
    dev: tuple[AuthorCase, ...]
    """Designs are compared on these."""
    test: tuple[AuthorCase, ...]
    """Reported results come from these."""
    hash: str
    """Sha-256 (hex) of which ids went where."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plan:
    seed: str
    n_samples: int
    n_targets: int
    n_references: int | None
    by_part: bool

    def pools(self, author: Author) -> tuple[list[Text], list[Text]]:
        """Texts for samples and references, and texts for targets; the same list where the corpus has no parts."""
        texts = _unique(author.texts)
        if not self.by_part:
            return texts, texts
        return [text for text in texts if text.part != "test"], [text for text in texts if text.part == "test"]


def split(
    corpus: Corpus,
    *,
    seed: int = 0,
    n_samples: int = 5,
    n_targets: int = 3,
    n_references: int | None = None,
    min_texts: int | None = None,
    test_share: float = 0.5,
) -> Splits:
    """Splits authors over train, val, dev and test, and each author's texts over samples, targets and references.

    Where the corpus has its own parts, samples and references come from its train part and targets from its test part.
    Samples and targets are spread over the domains an author writes in.

    Args:
        corpus: Whose authors to split.
        seed: Another seed, another split.
        n_samples: Texts of an author shown to a program.
        n_targets: Prompts of an author to answer.
        n_references: Texts of an author for judges, at least 3; all that are left if None.
        min_texts: Authors with fewer texts are left out, which is noted.
        test_share: Fraction of the authors that goes to test, in (0, 1); the others share the rest evenly.

    Raises: SetupError if there are too few authors, an author has too few texts, or a number is out of range.
    """
    _check_numbers(n_samples, n_targets, n_references, test_share)
    authors, notes = _long_enough(corpus, min_texts)
    if len(authors) < MIN_AUTHORS:
        few = f"{counted(len(authors), 'author')}{f' with {min_texts} texts' if min_texts else ''}"
        raise SetupError(
            f"corpus {corpus.name!r} has {few}; train, val, dev and test need one each, {MIN_AUTHORS} in all; "
            "add authors or lower --min-texts"
        )
    by_part = any(text.part == "test" for author in authors for text in author.texts)
    plan = _Plan(f"{corpus.hash}/{seed}", n_samples, n_targets, n_references, by_part)
    for author in authors:
        _check_author(author, plan)
    cases = {author.id: _case(author, plan) for author in authors}
    groups = _group_authors(list(cases), plan, test_share)
    train, val, dev, test = (tuple(cases[name] for name in group) for group in groups)
    return Splits(train, val, dev, test, _hash((train, val, dev, test)), notes)


def _check_numbers(n_samples: int, n_targets: int, n_references: int | None, test_share: float) -> None:
    if n_samples < 1 or n_targets < 1:
        raise SetupError(f"--samples and --targets must be at least 1, not {n_samples!r} and {n_targets!r}")
    if n_references is not None and n_references < MIN_REFERENCES:
        raise SetupError(f"n_references must be at least {MIN_REFERENCES}, not {n_references!r}")
    if not 0 < test_share < 1:
        raise SetupError(f"test_share must be between 0 and 1, not {test_share!r}")


def _long_enough(corpus: Corpus, min_texts: int | None) -> tuple[list[Author], tuple[str, ...]]:
    authors = sorted(corpus.authors, key=lambda author: author.id)
    kept = [author for author in authors if len(_unique(author.texts)) >= (min_texts or 0)]
    left_out = len(authors) - len(kept)
    if not left_out:
        return kept, ()
    return kept, (f"left out {counted(left_out, 'author')} with fewer than {min_texts} texts",)


def _check_author(author: Author, plan: _Plan) -> None:
    references = plan.n_references or MIN_REFERENCES
    targets, samples = counted(plan.n_targets, "target"), counted(plan.n_samples, "sample")
    remedy = "lower --samples or drop the author with --min-texts"
    shown, asked = plan.pools(author)
    if plan.by_part:
        if len(asked) < plan.n_targets:
            raise SetupError(
                f"author {author.id!r} has {len(asked)} texts of part 'test'; {targets} need "
                f"{plan.n_targets}; give every author some, or leave the split column out"
            )
        need = plan.n_samples + references
        if len(shown) < need:
            raise SetupError(
                f"author {author.id!r} has {len(shown)} texts of part 'train'; {samples} + "
                f"{references} references need {need}; {remedy}"
            )
        return
    need = plan.n_samples + plan.n_targets + references
    if len(shown) < need:
        raise SetupError(
            f"author {author.id!r} has {counted(len(shown), 'text')}; {samples} + {targets} + "
            f"{references} references need {need}; {remedy}"
        )


def _case(author: Author, plan: _Plan) -> AuthorCase:
    shown, asked = plan.pools(author)
    targets = _spread(asked, plan.n_targets, f"{plan.seed}/targets")
    left = [text for text in shown if text not in targets]
    samples = _spread(left, plan.n_samples, f"{plan.seed}/samples")
    left = [text for text in left if text not in samples]
    references = _spread(left, plan.n_references or len(left), f"{plan.seed}/references")
    return AuthorCase(author=author, samples=samples, targets=targets, references=references)


def _spread(texts: Sequence[Text], n: int, seed: str) -> tuple[Text, ...]:
    """Draws n texts, taking the domains in turn."""
    drawn = sorted(texts, key=lambda text: rank(0, seed, text.id))
    turns: dict[str, int] = {}
    order: list[tuple[int, bytes, int]] = []
    for position, text in enumerate(drawn):
        turn = turns.get(text.domain, 0)
        turns[text.domain] = turn + 1
        order.append((turn, rank(0, seed, text.author + "\x1f" + text.domain), position))
    return tuple(drawn[position] for _, _, position in sorted(order)[:n])


def _unique(texts: Sequence[Text]) -> list[Text]:
    """The texts without repetitions of one that stands before."""
    return list({same_text_key(text.text): text for text in reversed(texts)}.values())[::-1]


def _group_authors(names: Sequence[str], plan: _Plan, test_share: float) -> tuple[list[str], ...]:
    """Names of the train, val, dev and test authors, each sorted."""
    drawn = sorted(names, key=lambda name: rank(0, f"{plan.seed}/authors", name))
    # Half rounds up, and three authors at least are left for the other groups.
    n_test = min(max(1, int(len(drawn) * test_share + 0.5)), len(drawn) - (MIN_AUTHORS - 1))
    test, rest = drawn[:n_test], drawn[n_test:]
    return sorted(rest[0::3]), sorted(rest[1::3]), sorted(rest[2::3]), sorted(test)


def _hash(groups: Sequence[Sequence[AuthorCase]]) -> str:
    assigned = [
        [
            [case.author.id, *([text.id for text in part] for part in (case.samples, case.targets, case.references))]
            for case in group
        ]
        for group in groups
    ]
    return hashlib.sha256(json.dumps(assigned, ensure_ascii=False).encode()).hexdigest()
