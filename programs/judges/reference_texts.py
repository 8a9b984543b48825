"""References as judges take them: without blank texts and repetitions, and bounded where a model reads them."""

from collections.abc import Mapping, Sequence

from data.sentences import clip, count_words
from signatures.errors import SetupError

MOST_AUTHORS = 3000


def distinct(author: str, texts: Sequence[str]) -> list[str]:
    """An author's texts without blank ones and repetitions.

    Raises:
        SetupError: One string in place of a list, or no text that has anything in it.
    """
    if isinstance(texts, str):
        raise SetupError(f"the references of author {author!r} are one string; give a list of texts")
    found = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if not found:
        raise SetupError(f"author {author!r} has no reference with text in it; add one or leave the author out")
    return found


def told_apart(judge: str, references: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The distinct texts of two authors or more.

    Args:
        judge: As an error names it.
        references: Author to texts.

    Raises:
        SetupError: Fewer than two authors, more than can be told apart at once, or an author without text.
    """
    if not 2 <= len(references) <= MOST_AUTHORS:
        raise SetupError(
            f"the {judge} judge tells 2 to {MOST_AUTHORS} authors apart and got references of {len(references)}"
            f" ({', '.join(map(repr, list(references)[:3]))}); {'add' if len(references) < 2 else 'leave out'} authors"
        )
    return {author: distinct(author, texts) for author, texts in references.items()}


def spread(texts: list[str], most: int) -> list[str]:
    """Keeps at most `most` texts, evenly spread over the list."""
    if len(texts) <= most:
        return texts
    return [texts[len(texts) * i // most] for i in range(most)]


def excerpt(texts: Sequence[str], n_words: int) -> list[str]:
    """The first texts, each cut at the end of a sentence, with at most `n_words` words in all.

    No text takes more than a third of the words, so that at least three show where there are as many; texts that are
    shorter leave their words to the next.
    """
    left, found = n_words, []
    for text in texts:
        found.append(clip(text, min(left, max(1, n_words // 3))))
        left -= count_words(found[-1])
        if left < 1:
            break
    return found
