"""Models' answers on disk, keyed by all that decides them; whatever cannot be read of it is asked for again.

DSPy's cache keys on model, messages, decoding, schema and rollout, and leaves out the server's address: two servers
that call their model the same would share answers. It knows nothing of the file behind the embedded model's name. Its
disk part (diskcache, SQLite) may be shared by any number of processes; it unpickles whatever the folder holds, and a
broken file or a record of another version ends the run. Here the address, the file and the runtime belong to the key,
only plain data and litellm's own records are unpickled, what is broken is a miss, and of threads that ask the same at
the same time one asks the model.
"""

import contextvars
import functools
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dspy
from dspy.clients.cache import Cache
from dspy.clients.call_result import CACHE_FORMAT, CallResult
from dspy.lm15 import LM15Error
from dspy.utils.caching import default_cache_dir

from signatures.errors import SetupError
from signatures.paths import typed_path

logger = logging.getLogger(__name__)

MOST_IN_MEMORY = 4096
"""Answers kept in memory beside those on disk; a long study asks for tens of thousands."""
_BYTES = 30_000_000_000
_PATIENCE = 120.0
"""Seconds to wait for an answer that another thread asked for: DSPy, too, asks anew for what takes longer."""
_SECRETS = ["api_key"]
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, LM15Error)

_refusal: contextvars.ContextVar[BaseException | None] = contextvars.ContextVar("refusal", default=None)
_claim: contextvars.ContextVar["_Claim | None"] = contextvars.ContextVar("claim", default=None)


class _Claims:
    """The answers that are being made, each by one thread; the others that want it wait, and only for so long."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._changed = threading.Condition()

    def take(self, key: str) -> bool:
        """Whether the answer is now the caller's to make; else waits until the other has made it, or failed."""
        with self._changed:
            if key not in self._keys:
                self._keys.add(key)
                return True
            self._changed.wait_for(lambda: key not in self._keys, _PATIENCE)
            return False

    def give_up(self, key: str) -> None:
        """Lets those go on who wait."""
        with self._changed:
            self._keys.discard(key)
            self._changed.notify_all()


@dataclass
class _Claim:
    """What one call makes: at most one answer, so that nobody who is waited for waits."""

    claims: _Claims | None = None
    key: str = ""

    def take(self, claims: _Claims, key: str) -> None:
        if self.claims is None and claims.take(key):
            self.claims, self.key = claims, key

    def give_up(self) -> None:
        if self.claims is not None:
            self.claims.give_up(self.key)
            self.claims = None


class AnswerCache(Cache):
    """DSPy's cache, with what it leaves out in the key, and misses where it would fail."""

    def __init__(self, directory: Path | None, environment: Mapping[str, str]) -> None:
        """Opens or makes a cache.

        Args:
            directory: Where it lies; None for one in memory alone.
            environment: What the addresses of servers are read from, and the most bytes on disk, DSPY_CACHE_LIMIT.

        Raises: OSError or sqlite3.Error where the folder cannot be used.
        """
        self._environment = environment
        self._claims = _Claims()
        super().__init__(
            enable_disk_cache=directory is not None,
            enable_memory_cache=True,
            disk_cache_dir=None if directory is None else str(directory),
            disk_size_limit_bytes=int(environment.get("DSPY_CACHE_LIMIT") or _BYTES),
            memory_max_entries=MOST_IN_MEMORY,
            restrict_pickle=True,
        )

    def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
        """The hash of a request, of where it goes, and of the model file and runtime that answer it; no secrets."""
        model = str(request.get("model") or "")
        asked = {name: value for name, value in request.items() if value is not None}
        return super().cache_key({**asked, **_answerer(model, asked, self._environment)}, _SECRETS)

    def get(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> Any:
        """The answer, None where there is none that can be read; in `asking_once` it waits for one that is being made.

        Raises: the refusal that stands (`refusing`), if there is none.
        """
        found = self._found(request)
        if found is None and (claim := _claim.get()) is not None:
            found = self._awaited(request, claim)
        if found is None and (refusal := _refusal.get()):
            raise refusal
        return found

    def _awaited(self, request: dict[str, Any], claim: "_Claim") -> Any:
        """The answer that another thread makes; None where it is now this one's to make."""
        try:
            key = self.cache_key(request)
        except (TypeError, ValueError, AttributeError) as fault:
            logger.debug("a request cannot be told from others: %s", fault)
            return None
        # Whoever made it may have kept it between the look and the claim. Who waited in vain asks without a claim, so
        # that many who want what cannot be had fail together and not in turn.
        claim.take(self._claims, key)
        return self._found(request)

    def _found(self, request: dict[str, Any]) -> Any:
        try:
            found = super().get(request, _SECRETS)
        except (sqlite3.Error, OSError) as fault:
            logger.debug("the cache of answers cannot be read: %s", fault)
            return None
        return found if found is not None and _readable(request, found) else None


def open_cache(environment: Mapping[str, str]) -> tuple[AnswerCache, str]:
    """The cache in DSPY_CACHEDIR, or else in DSPy's own folder; a note where only memory is left."""
    directory = Path(environment.get("DSPY_CACHEDIR") or default_cache_dir())
    try:
        return AnswerCache(directory, environment), ""
    except (sqlite3.Error, OSError) as fault:
        note = f"answers are not kept on disk: {str(directory)!r} cannot be used as a cache ({fault})"
        return AnswerCache(None, environment), f"{note}; delete the folder or set DSPY_CACHEDIR"


def keep_answers(environment: Mapping[str, str] = os.environ) -> str:
    """Makes `open_cache` this process's cache; for commands. A note for the user, empty where all is well."""
    cache, note = open_cache(environment)
    with dspy._cache_lock:  # pyright: ignore[reportAttributeAccessIssue]
        dspy.cache = cache  # pyright: ignore[reportAttributeAccessIssue]
    return note


@contextmanager
def asking_once() -> Iterator[None]:
    """One call of a model in the block: where another thread makes the same call, it waits for that one's answer.

    Where the other fails, or takes long, it asks itself.
    """
    claim = _Claim()
    token = _claim.set(claim)
    try:
        yield
    finally:
        _claim.reset(token)
        claim.give_up()


@contextmanager
def refusing(refusal: BaseException | None) -> Iterator[None]:
    """In the block, an answer that the cache does not hold raises `refusal`, unless that is None."""
    token = _refusal.set(refusal)
    try:
        yield
    finally:
        _refusal.reset(token)


def _answerer(model: str, request: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What answers under a model's name here."""
    kind, _, path = model.partition(":")
    if kind == "embedded":
        from programs.lms.embedded import FAST

        return {"_file": _file_state(path), "_runtime": f"{_runtime()} {sorted(FAST.items())}"}
    if request.get("api_base") or request.get("base_url"):
        return {}
    provider = model.partition("/")[0].upper()
    named = (environment.get(f"{provider}_API_BASE"), environment.get(f"{provider}_BASE_URL"))
    return {"_server": named} if any(named) else {}


def _file_state(path: str) -> list[int]:
    """Size and time of change of a model file; nothing where it cannot be found, which the engine will say.

    Asked for every answer, so the file is not opened.
    """
    from programs.lms.gguf_file import bundled_path

    try:
        state = (typed_path(path) if path else bundled_path()).stat()
    except (OSError, SetupError):
        return []
    return [state.st_size, state.st_mtime_ns]


@functools.cache
def _runtime() -> str:
    try:
        return version("openvino-genai")
    except PackageNotFoundError:
        return ""


def _readable(request: Mapping[str, Any], record: Any) -> bool:
    """Whether DSPy of this version can make an answer of a record; records of other callers are theirs to judge."""
    if not str(request.get("_fn_identifier", "")).startswith(("dspy.clients.lm15.", "dspy.clients.lm.")):
        return True
    if not isinstance(record, dict):
        return bool(getattr(record, "choices", None) or getattr(record, "output", None))
    if record.get("_dspy_format") != CACHE_FORMAT:
        return False
    try:
        return bool(CallResult.load(record).outputs)
    except _UNREADABLE as fault:
        logger.debug("a record of the cache cannot be read: %s", fault)
        return False
