"""Every corpus there is, by the name that `load_corpus` takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data.cleaning import Limits
from data.columns import ColumnMap, parse_location
from data.rows import Table
from data.sources import bundled, hub, local_files
from data.sources.blogs import BLOGS
from data.sources.c50 import C50
from data.sources.enron import ENRON
from data.sources.public import PublicCorpus
from signatures.errors import SetupError


@dataclass(frozen=True)
class Source:
    """One family of corpora."""

    name: str
    form: str
    """What to write, for help texts and errors."""
    read: Callable[[str, ColumnMap | None], Table]
    """Reads what follows the name and its colon (empty if nothing does)."""
    tidy: Callable[[str, str], str] | None = None
    limits: Limits = Limits()


def _bundled(rest: str, columns: ColumnMap | None) -> Table:
    _refuse("bundled", rest, columns)
    return bundled.read()


def _jsonl(rest: str, columns: ColumnMap | None) -> Table:
    location, columns, _ = _located(rest, columns)
    return local_files.read_jsonl(location, columns)


def _csv(rest: str, columns: ColumnMap | None) -> Table:
    location, columns, _ = _located(rest, columns)
    return local_files.read_csv(location, columns)


def _hub(rest: str, columns: ColumnMap | None) -> Table:
    location, columns, extra = _located(rest, columns, ("config", "split"))
    return hub.read_hub(location, columns, extra.get("config"), extra.get("split"))


def _public(corpus: PublicCorpus) -> Source:
    def read(rest: str, columns: ColumnMap | None) -> Table:
        _refuse(corpus.name, "", columns)
        return corpus.read(rest)

    return Source(corpus.name, f"{corpus.name} or {corpus.name}:PATH", read, corpus.tidy, corpus.limits)


def _located(
    rest: str, columns: ColumnMap | None, extra: tuple[str, ...] = ()
) -> tuple[str, ColumnMap, dict[str, str]]:
    location, in_name, others = parse_location(rest, extra)
    if columns is not None and (in_name.attributes or in_name.model_fields_set - {"attributes"}):
        raise SetupError(f"columns are given twice, in {rest!r} and as an argument; give them once")
    return location, columns or in_name, others


def _refuse(name: str, rest: str, columns: ColumnMap | None) -> None:
    if rest:
        raise SetupError(f"corpus {name!r} takes nothing after its name, not {rest!r}; write {name}")
    if columns is not None:
        raise SetupError(f"corpus {name!r} knows its columns; leave columns out, or use jsonl:, csv: or hub:")


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source("bundled", "bundled", _bundled),
            Source("jsonl", "jsonl:PATH", _jsonl),
            Source("csv", "csv:PATH", _csv),
            Source("hub", "hub:ID?author=COLUMN&text=COLUMN", _hub),
            _public(C50),
            _public(BLOGS),
            _public(ENRON),
        )
    }
)
