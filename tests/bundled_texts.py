"""Some of the bundled corpus, as a file of the user's own."""

import json
from collections.abc import Callable
from pathlib import Path

from data import load_corpus


def write_bundled(
    path: Path, n_authors: int, n_texts: int, write: Callable[[str, int, str], str] = lambda author, number, text: text
) -> Path:
    """Writes the first texts of the first authors to a JSONL file; `write` makes a text of author, number and text."""
    rows = [
        {
            "author": author.id,
            "text": write(author.id, number, text.text),
            "prompt": text.prompt,
            "domain": text.domain,
            "id": text.id,
        }
        for author in load_corpus("bundled").authors[:n_authors]
        for number, text in enumerate(author.texts[:n_texts])
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path
