"""Every corpus of requests there is, by the name that `load_requests` takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data.request_sources.bundled import read_claims, read_dilemmas, read_everyday
from data.request_sources.cosapien import COSAPIEN
from data.request_sources.jbb import JBB
from data.request_sources.or_bench import OR_BENCH
from data.request_sources.own_files import read_own
from data.request_sources.public import PublicRequests
from data.request_sources.rows import Location, RequestTable
from data.request_sources.strongreject import STRONGREJECT
from data.request_sources.xstest import XSTEST
from signatures.errors import SetupError


@dataclass(frozen=True)
class RequestSource:
    """One family of corpora of requests."""

    name: str
    form: str
    """What to write, for help texts and errors."""
    read: Callable[[Location], RequestTable]


def _bundled(name: str, read: Callable[[], RequestTable]) -> RequestSource:
    def read_here(location: Location) -> RequestTable:
        if location != Location():
            raise SetupError(f"requests {name!r} take nothing after their name, not {location.path!r}; write {name}")
        return read()

    return RequestSource(name, name, read_here)


def _own(kind: str) -> RequestSource:
    def read_here(location: Location) -> RequestTable:
        if not location.path:
            raise SetupError(f"requests {kind!r} name no file; write {kind}:PATH")
        return read_own(location, kind)

    return RequestSource(kind, f"{kind}:PATH", read_here)


def _public(corpus: PublicRequests) -> RequestSource:
    return RequestSource(corpus.name, f"{corpus.name} or {corpus.name}:PATH", corpus.read)


REQUEST_SOURCES: Mapping[str, RequestSource] = MappingProxyType(
    {
        source.name: source
        for source in (
            _bundled("bundled", read_dilemmas),
            _bundled("claims", read_claims),
            _bundled("everyday", read_everyday),
            _own("jsonl"),
            _own("csv"),
            *(_public(corpus) for corpus in (XSTEST, JBB, STRONGREJECT, OR_BENCH, COSAPIEN)),
        )
    }
)
