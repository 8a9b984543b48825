"""A corpus: people and their texts, with a hash of all that an experiment can see of them."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from signatures.records import Author


@dataclass(frozen=True)
class Corpus:
    """Authors in the order of their ids, texts in the order of theirs."""

    name: str
    """As given to `load_corpus`."""
    authors: tuple[Author, ...]
    notes: tuple[str, ...] = ()
    """What was dropped or changed on loading, with counts, for people."""
    licence: str = "not stated"

    @cached_property
    def hash(self) -> str:
        """Sha-256 (hex) of the authors' content; neither name, notes nor the order of rows in a file matter."""
        digest = hashlib.sha256()
        for author in sorted(self.authors, key=lambda author: author.id):
            texts = tuple(sorted(author.texts, key=lambda text: text.id))
            content = author.model_copy(update={"texts": texts}).model_dump(mode="json")
            digest.update(json.dumps(content, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        return digest.hexdigest()

    @property
    def n_texts(self) -> int:
        """Number of texts over all authors."""
        return sum(len(author.texts) for author in self.authors)
