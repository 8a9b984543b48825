"""Answers of one search apart from those of others: what one optimizer paid for must not be another's for nothing."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dspy

from programs.lms.answer_cache import AnswerCache


@contextmanager
def answers_apart(environment: Mapping[str, str]) -> Iterator[None]:
    """In the block, this process's cache of answers is one of its own that starts empty and is deleted afterwards.

    A search that asks the same twice pays once, as it would alone. One at a time: the cache is the process's.
    """
    with tempfile.TemporaryDirectory(prefix="hyperalign-answers-", ignore_cleanup_errors=True) as folder:
        own = AnswerCache(Path(folder), environment)
        before = dspy.cache
        _use(own)
        try:
            yield
        finally:
            _use(before)
            closing: Any = own.disk_cache
            closing.close()


def _use(cache: Any) -> None:
    with dspy._cache_lock:  # pyright: ignore[reportAttributeAccessIssue]
        dspy.cache = cache  # pyright: ignore[reportAttributeAccessIssue]
