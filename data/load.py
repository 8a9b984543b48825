"""Loading a corpus by name."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from data.cleaning import Limits, build_authors, rank
from data.columns import ColumnMap
from data.corpus import Corpus
from data.rows import iterate
from data.sources.registry import SOURCES
from signatures.errors import SetupError, unknown

if TYPE_CHECKING:
    from datasets import Dataset


def load_corpus(
    name: str,
    *,
    columns: ColumnMap | None = None,
    min_texts: int = 0,
    max_authors: int | None = None,
    max_texts: int | None = None,
    seed: int = 0,
) -> Corpus:
    """Loads `bundled`, `jsonl:PATH`, `csv:PATH`, `hub:ID?author=COLUMN&text=COLUMN`, or `c50`, `blogs`, `enron`.

    The last three come from the hub, or from a local copy as `c50:PATH` and so on. A file may name its columns as
    `hub:` does. Texts without a prompt are given one by the DITTO protocol (`data.sentences.ditto_prompt`).

    Args:
        name: Which corpus, as above.
        columns: Which column holds what, instead of naming them in `name`.
        min_texts: Authors with fewer usable texts are dropped.
        max_authors: Authors kept, drawn by seed; all if None, except in blogs and enron (60).
        max_texts: Texts kept of an author, drawn by seed; all if None, except in blogs and enron (60).
        seed: Draws authors and texts where there are more than asked for.

    Raises: SetupError if the name is unknown, or the corpus cannot be had, read or used.
    """
    family, _, rest = name.partition(":")
    source = SOURCES.get(family)
    if source is None:
        raise _unknown_corpus(name)
    if source.name in ("jsonl", "csv", "hub") and not rest:
        raise SetupError(f"corpus {name!r} names no source; write {source.form}")
    if 0 in (max_authors, max_texts) or min(max_authors or 1, max_texts or 1) < 1:
        raise SetupError(f"max_authors and max_texts must be at least 1, not {max_authors!r} and {max_texts!r}")
    limits = replace(
        source.limits,
        min_texts=min_texts or source.limits.min_texts,
        max_authors=source.limits.max_authors if max_authors is None else max_authors,
        max_texts=source.limits.max_texts if max_texts is None else max_texts,
        seed=seed,
    )
    table = source.read(rest, columns)
    rows, drawn = _draw_authors(table.rows, limits)
    authors, dropped = build_authors(iterate(rows), limits=limits, tidy=source.tidy, gold=table.gold)
    notes = (*table.notes, *drawn, *dropped)
    if not authors:
        raise SetupError(f"corpus {name!r} has no usable text ({'; '.join(notes)}); give longer texts, or prompts")
    return Corpus(name=name, authors=authors, notes=notes, licence=table.licence)


def _draw_authors(rows: "Dataset", limits: Limits) -> tuple["Dataset", tuple[str, ...]]:
    """Draws authors before any text is read, so that a corpus of thousands of people costs what its sample costs."""
    if limits.max_authors is None:
        return rows, ()
    owners = [author.strip() for author in rows["author"]]
    counts = Counter(owners)
    able = [author for author, n in counts.items() if author and n >= max(limits.min_texts, 1)]
    if len(able) <= limits.max_authors:
        return rows, ()
    drawn = set(sorted(able, key=lambda author: rank(limits.seed, "authors", author))[: limits.max_authors])
    note = f"drew {limits.max_authors} of {len(able)} authors with seed {limits.seed}"
    return rows.select([i for i, author in enumerate(owners) if author in drawn]), (note,)


def _unknown_corpus(name: str) -> SetupError:
    forms = [source.form for source in SOURCES.values()]
    error = unknown("corpus", name, forms)
    if not Path(name).is_file():
        return error
    kind = "csv" if ".csv" in Path(name).suffixes else "jsonl"
    return SetupError(f"{error}; for this file write {kind}:{name}")
