"""Corpora of requests for the deliberative task, and the splits that experiments run on."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from pydantic import ValidationError

from data.cleaning import rank, same_text_key
from data.request_sources.registry import REQUEST_SOURCES
from data.request_sources.rows import Location, RequestRow
from signatures.errors import SetupError, counted, unknown
from signatures.requests import Request

MIN_GROUPS = 4
"""Groups of requests that belong together: one each for train, val, dev and test."""


@dataclass(frozen=True)
class RequestCorpus:
    """Requests in the order of their source."""

    name: str
    """As given to `load_requests`."""
    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()
    """What was dropped, and what the corpus does not say, with counts, for people."""
    licence: str = "not stated"

    @cached_property
    def hash(self) -> str:
        """Sha-256 (hex) of the requests' content; neither name, notes nor the order of rows matter."""
        dumped = [request.model_dump(mode="json") for request in sorted(self.requests, key=lambda one: one.id)]
        return _digest(dumped)


@dataclass(frozen=True)
class RequestSplits:
    """Four disjoint groups of requests; a pair, and all askers of a prompt, stand in the same one."""

    train: tuple[Request, ...]
    """Demos come from these."""
    val: tuple[Request, ...]
    """An optimizer selects on these."""
    dev: tuple[Request, ...]
    """Designs are compared on these."""
    test: tuple[Request, ...]
    """Reported results come from these."""
    hash: str
    """Sha-256 (hex) of which ids went where."""


def load_requests(name: str) -> RequestCorpus:
    """Loads a corpus that ships, a file, or a public corpus from the hub or a local copy of it.

    `bundled`, `claims` and `everyday` ship (see the card in `data/dilemmas`); files are `jsonl:PATH` and `csv:PATH`.

    The public ones are `xstest`, `jbb`, `strongreject`, `or-bench` and `cosapien`, or `xstest:PATH` and so on;
    `or-bench:?config=or-bench-80k` names a configuration. A file of one's own may name its columns, as in
    `csv:PATH?prompt=question&attributes=role,age`.

    Rows without a prompt are dropped and counted; prompts are kept whole, whatever their length or language. Requests
    that the corpus does not label have the label None, which a note counts.

    Raises: SetupError if the name is unknown, the corpus cannot be had or read, an id stands on two requests, or no
        request is left.
    """
    family, _, rest = name.partition(":")
    source = REQUEST_SOURCES.get(family)
    if source is None:
        raise unknown("requests", name, [source.form for source in REQUEST_SOURCES.values()])
    path, _, query = rest.partition("?")
    table = source.read(Location(path, dict(parse_qsl(query, keep_blank_values=True))))
    requests = _checked(name, table.rows)
    notes = (*table.notes, *_dropped(len(table.rows) - len(requests)), *_unlabelled(requests))
    if not requests:
        raise SetupError(f"requests {name!r} hold no prompt ({'; '.join(notes) or 'no rows'}); give at least one")
    return RequestCorpus(name, requests, notes, table.licence)


def split_requests(corpus: RequestCorpus, seed: int = 0, *, test_share: float = 0.5) -> RequestSplits:
    """Splits requests over train, val, dev and test, keeping together those of a pair and those of a prompt.

    Args:
        corpus: Whose requests to split.
        seed: Another seed, another split.
        test_share: Fraction of the groups that goes to test, in (0, 1); the others share the rest evenly.

    Raises: SetupError if there are too few groups or the share is out of range.
    """
    if not 0 < test_share < 1:
        raise SetupError(f"test_share must be between 0 and 1, not {test_share!r}")
    groups = _groups(corpus.requests)
    if len(groups) < MIN_GROUPS:
        raise SetupError(
            f"requests {corpus.name!r} hold {counted(len(groups), 'group')} of prompts that belong together; train, "
            f"val, dev and test need one each, {MIN_GROUPS} in all; add prompts, or pair fewer"
        )
    drawn = sorted(groups, key=lambda ids: rank(seed, f"{corpus.hash}/requests", ids[0]))
    # Half rounds up, and three groups at least are left for the other parts.
    n_test = min(max(1, int(len(drawn) * test_share + 0.5)), len(drawn) - (MIN_GROUPS - 1))
    rest = drawn[n_test:]
    placed = [{id for ids in part for id in ids} for part in (rest[0::3], rest[1::3], rest[2::3], drawn[:n_test])]
    train, val, dev, test = (tuple(one for one in corpus.requests if one.id in ids) for ids in placed)
    return RequestSplits(train, val, dev, test, _digest([sorted(ids) for ids in placed]))


def _checked(name: str, rows: Iterable[RequestRow]) -> tuple[Request, ...]:
    requests = []
    for n, row in enumerate(rows, start=1):
        if not row.prompt.strip():
            continue
        id = row.id.strip() or f"request-{n}"
        try:
            requests.append(Request.model_validate({**row._asdict(), "id": id}))
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(map(str, fault["loc"])) or "row"
            raise SetupError(f"request {id!r} of {name!r}: {where}: {fault['msg']}; mend that row") from error
    repeated = [id for id, n in Counter(request.id for request in requests).items() if n > 1]
    if repeated:
        raise SetupError(
            f"id {repeated[0]!r} stands on several requests of {name!r}; make ids unique, or leave out ids"
        )
    return tuple(requests)


def _dropped(n: int) -> tuple[str, ...]:
    return (f"dropped {counted(n, 'row')} without a prompt",) if n else ()


def _unlabelled(requests: Sequence[Request]) -> tuple[str, ...]:
    n = sum(request.label is None for request in requests)
    if not n:
        return ()
    return (f"{counted(n, 'request')} without a label: rates of over-refusal and unsafe compliance leave them out",)


def _groups(requests: Sequence[Request]) -> list[list[str]]:
    """Ids that belong together, directly or through others, each group sorted."""
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for request in requests:
        keys = ["prompt\x1f" + same_text_key(request.prompt).casefold()]
        keys += ["pair\x1f" + request.pair] if request.pair else []
        for key in keys:
            first, second = sorted((find("id\x1f" + request.id), find(key)))
            leader[second] = first
    groups: dict[str, list[str]] = {}
    for request in requests:
        groups.setdefault(find("id\x1f" + request.id), []).append(request.id)
    return [sorted(ids) for ids in groups.values()]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
