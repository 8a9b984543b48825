"""The model and adapter a program runs with."""

from collections.abc import Iterator
from contextlib import contextmanager

import dspy

from programs.lms.adapters import FittingAdapter
from programs.lms.make import make_lm
from programs.once import Once

_defaults = Once()


@contextmanager
def model_scope(default_lm: str) -> Iterator[None]:
    """Runs with the caller's model and adapter, or where none is set, with the program's own.

    `dspy.configure` and `dspy.context` around a call are respected; nothing is configured for the process.
    """
    missing = {}
    if dspy.settings.lm is None:
        missing["lm"] = _defaults(default_lm, lambda: make_lm(default_lm))
    if dspy.settings.adapter is None:
        missing["adapter"] = FittingAdapter()
    with dspy.context(**missing):
        yield
