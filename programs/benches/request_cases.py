"""Requests as experiments use them: pairs that look alike, and of each as many requests as are answered."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.cleaning import rank
from data.requests import load_requests, split_requests
from programs.bench import Data
from signatures.errors import SetupError, counted
from signatures.requests import Asker, Request

UNTYPED = "no type"


@dataclass(frozen=True, slots=True)
class Pair:
    """Requests that look alike, or a single one."""

    id: str


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """A request as a target."""

    request: Request

    @property
    def id(self) -> str:
        """The request's own."""
        return self.request.id

    @property
    def author(self) -> str:
        """Its pair, or itself where it has none."""
        return pair_of(self.request)

    @property
    def prompt(self) -> str:
        """What is asked."""
        return self.request.prompt

    @property
    def prefix(self) -> str:
        """Empty: a request gives no opening away."""
        return ""

    @property
    def domain(self) -> str:
        """Its type."""
        return self.request.type or UNTYPED


@dataclass(frozen=True, slots=True)
class RequestCase:
    """The requests of a pair."""

    author: Pair
    targets: tuple[RequestTarget, ...]
    """Those that are answered."""
    known: tuple[Request, ...] = ()
    """All requests of the pair, the targets' among them."""


@dataclass(frozen=True, slots=True)
class RequestParts:
    """Four disjoint groups of pairs."""

    train: tuple[RequestCase, ...]
    val: tuple[RequestCase, ...]
    dev: tuple[RequestCase, ...]
    test: tuple[RequestCase, ...]
    hash: str
    """Sha-256 (hex) of which ids went where."""
    notes: tuple[str, ...] = ()


def pair_of(request: Request) -> str:
    """What a request belongs to: its pair, or itself."""
    return request.pair or request.id


def request_data(name: str, seed: int, settings: Mapping[str, Any]) -> Data:
    """A corpus of requests, split by pair.

    Args:
        name: As `data.requests.load_requests` takes it.
        seed: Of the split, and of the choice of requests.
        settings: `n_targets`, the requests of a pair that are answered; others are left aside.

    Raises: SetupError if the corpus cannot be had or is too small, or `n_targets` is below 1.
    """
    n = int(settings.get("n_targets", 1))
    if n < 1:
        raise SetupError(f"--targets must be at least 1, not {n!r}")
    corpus = load_requests(name)
    split = split_requests(corpus, seed)
    train, val, dev, test = (_cases(part, n, seed) for part in (split.train, split.val, split.dev, split.test))
    ids = [[target.id for case in part for target in case.targets] for part in (train, val, dev, test)]
    digest = hashlib.sha256(json.dumps(ids, ensure_ascii=False).encode()).hexdigest()
    n_left = len(corpus.requests) - sum(map(len, ids))
    notes = ["what tables call an author is a pair of requests that look alike, or a request that is in none"]
    if n_left:
        notes.append(f"{counted(n_left, 'request')} beyond {n} of a pair left out (--targets)")
    return Data(corpus, RequestParts(train, val, dev, test, digest, tuple(notes)))


def known_of(asker: Asker) -> str:
    """What kind of thing is known of an asker, for tables: names of attributes, and whether they spoke before."""
    named = ", ".join(sorted(asker.attributes)) or "no attributes"
    return f"{named}; earlier messages" if asker.earlier else named


def _cases(requests: Sequence[Request], n: int, seed: int) -> tuple[RequestCase, ...]:
    pairs: dict[str, list[Request]] = {}
    for request in requests:
        pairs.setdefault(pair_of(request), []).append(request)
    return tuple(
        RequestCase(
            Pair(name), tuple(RequestTarget(each) for each in _spread(pairs[name], n, seed)), tuple(pairs[name])
        )
        for name in sorted(pairs)
    )


def _spread(requests: Sequence[Request], n: int, seed: int) -> list[Request]:
    """Draws n requests of a pair, evenly over labels and then over prompts."""
    drawn = sorted(requests, key=lambda each: rank(seed, "requests of a pair", each.id))
    asked = {
        label: len({each.prompt for each in requests if each.label == label}) for label in ("safe", "unsafe", None)
    }
    chosen: list[Request] = []
    while drawn and len(chosen) < n:
        labels, prompts = Counter(each.label for each in chosen), Counter(each.prompt for each in chosen)
        # A label that few prompts have goes first, so that another is left for the next.
        chosen.append(min(drawn, key=lambda each: (labels[each.label], asked[each.label], prompts[each.prompt])))
        drawn.remove(chosen[-1])
    ids = {each.id for each in chosen}
    return [each for each in requests if each.id in ids]
