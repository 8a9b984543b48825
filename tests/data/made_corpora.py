"""Corpora made for tests."""

from data.corpus import Corpus
from signatures.records import Author, Text


def make_corpus(
    texts_by_author: dict[str, int], *, domains: tuple[str, ...] = ("news",), parts: bool = False
) -> Corpus:
    """Authors with so many texts each, domains in turn; with parts, texts are train and test in turn."""
    authors = []
    for name, n in texts_by_author.items():
        texts = tuple(
            Text(
                id=f"{name}/{i:03d}",
                author=name,
                prompt=f"Write about thing {i}.",
                text=f"{name} writes about thing {i}. It is fine.",
                domain=domains[i % len(domains)],
                part=("train", "test")[i % 2] if parts else "",
            )
            for i in range(n)
        )
        authors.append(Author(id=name, texts=texts))
    return Corpus(name="made", authors=tuple(authors))
