"""From rows to authors: what cannot be used is dropped, and every drop is counted in a note."""

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from data.rows import Row
from data.sentences import count_words, ditto_prompt, sentences
from signatures.errors import SetupError
from signatures.hypotheses import GoldHypothesis
from signatures.records import Author, Text


@dataclass(frozen=True)
class Limits:
    """How much of a corpus to keep."""

    min_texts: int = 0
    """Authors with fewer usable texts are dropped."""
    max_authors: int | None = None
    """Authors kept, drawn by seed."""
    max_texts: int | None = None
    """Texts kept of an author, drawn by seed."""
    min_words: int = 0
    """Shorter texts are dropped."""
    seed: int = 0


@dataclass
class Tally:
    """Counts what was dropped, by reason."""

    counts: Counter[str] = field(default_factory=Counter)

    def notes(self) -> tuple[str, ...]:
        """One note a reason, in the order in which reasons first came up."""
        return tuple(reason.format(n=n, s="" if n == 1 else "s") for reason, n in self.counts.items())


def rank(seed: int, purpose: str, key: str) -> bytes:
    """A sort key that puts things in an order drawn by seed, the same on every machine and Python version."""
    return hashlib.sha256(f"{seed}\x1f{purpose}\x1f{key}".encode()).digest()


def build_authors(
    rows: Iterable[Row],
    *,
    limits: Limits,
    tidy: Callable[[str, str], str] | None = None,
    gold: dict[str, tuple[GoldHypothesis, ...]] | None = None,
) -> tuple[tuple[Author, ...], tuple[str, ...]]:
    """Cleans rows and groups them by author; returns authors sorted by id, and notes.

    Args:
        rows: Rows as the source has them.
        limits: How much to keep.
        tidy: Given author and text, the text without what the author did not write.
        gold: Hypotheses by author.
    """
    tally = Tally()
    kept = [row for row in (_tidied(row, tidy, limits, tally) for row in rows) if row is not None]
    kept = _without_duplicates(kept, tally)
    attributes = _attributes(kept)
    texts: dict[str, list[Text]] = {}
    for row in kept:
        text = _with_prompt(row, tally)
        if text is not None:
            texts.setdefault(row.author, []).append(text)
    authors = [
        Author(
            id=name,
            attributes=attributes.get(name, {}),
            texts=_chosen(own, limits, tally),
            gold=(gold or {}).get(name, ()),
        )
        for name, own in sorted(texts.items())
        if _enough(own, limits, tally)
    ]
    return _checked(authors), tally.notes()


def _tidied(row: Row, tidy: Callable[[str, str], str] | None, limits: Limits, tally: Tally) -> Row | None:
    author = row.author.strip()
    text = row.text.replace("\r\n", "\n").replace("\r", "\n")
    text = (tidy(author, text) if tidy else text).strip()
    reason = _unusable(author, text, limits)
    if reason:
        tally.counts[reason] += 1
        return None
    return row._replace(author=author, text=text, prompt=row.prompt.strip(), id=row.id.strip())


def _unusable(author: str, text: str, limits: Limits) -> str:
    if not author:
        return "dropped {n} row{s} without an author"
    if not text:
        return "dropped {n} empty text{s}"
    if not any(unicodedata.category(char)[0] in "LNS" for char in text):
        return "dropped {n} text{s} without a letter, number or symbol"
    if limits.min_words and count_words(text) < limits.min_words:
        return f"dropped {{n}} text{{s}} of fewer than {limits.min_words} words"
    return ""


def _without_duplicates(rows: Sequence[Row], tally: Tally) -> list[Row]:
    """Drops repeated texts of one author, and every copy of a text that several authors claim."""
    copies: dict[str, list[Row]] = {}
    for row in rows:
        copies.setdefault(same_text_key(row.text), []).append(row)
    kept = []
    for same in copies.values():
        if len({row.author for row in same}) > 1:
            tally.counts["dropped {n} text{s} that more than one author claims"] += len(same)
            continue
        # The copy that says most of itself, so that the order of rows does not matter.
        kept.append(min(same, key=lambda row: (not row.prompt, not row.id, row)))
        if len(same) > 1:
            tally.counts["dropped {n} repeated text{s} of one author"] += len(same) - 1
    return kept


def same_text_key(text: str) -> str:
    """What two texts share if they differ in nothing but whitespace."""
    return " ".join(text.split())


def _with_prompt(row: Row, tally: Tally) -> Text | None:
    prompt, prefix = row.prompt, ""
    if prompt:
        first = sentences(row.text)[0]
        prefix = first if same_text_key(prompt).endswith(same_text_key(first)) else ""
    else:
        prompt, prefix = ditto_prompt(row.text, row.domain)
        if not prompt:
            tally.counts["dropped {n} text{s} of one sentence without a prompt (nothing left to write)"] += 1
            return None
        tally.counts["made the prompts of {n} text{s} from their first sentences"] += 1
    digest = hashlib.sha256(row.text.encode()).hexdigest()[:12]
    return Text(
        id=row.id or f"{row.author}/{digest}",
        author=row.author,
        prompt=prompt,
        text=row.text,
        prefix=prefix,
        domain=row.domain or "text",
        part=row.part,
    )


def _attributes(rows: Iterable[Row]) -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.attributes:
            known[row.author] = json.loads(row.attributes) | known.get(row.author, {})
    return known


def _enough(texts: Sequence[Text], limits: Limits, tally: Tally) -> bool:
    if len(texts) >= limits.min_texts:
        return True
    tally.counts[f"dropped {{n}} author{{s}} with fewer than {limits.min_texts} usable texts"] += 1
    return False


def _chosen(texts: Sequence[Text], limits: Limits, tally: Tally) -> tuple[Text, ...]:
    drawn = sorted(texts, key=lambda text: rank(limits.seed, "texts", text.id))[: limits.max_texts]
    if len(drawn) < len(texts):
        tally.counts[f"kept {limits.max_texts} texts each of {{n}} author{{s}} who have more"] += 1
    return tuple(sorted(drawn, key=lambda text: text.id))


def _checked(authors: Sequence[Author]) -> tuple[Author, ...]:
    repeated = [id for id, n in Counter(text.id for author in authors for text in author.texts).items() if n > 1]
    if repeated:
        raise SetupError(f"id {repeated[0]!r} stands on several texts; make ids unique or remove the id column")
    return tuple(authors)
