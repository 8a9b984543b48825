"""`dspy.LM` for the embedded model: candidates drawn side by side, rollouts that differ, limits that are no warning."""

import asyncio
import contextvars
import hashlib
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import dspy
from dspy.lm15 import Request
from dspy.utils.exceptions import LMUnexpectedError

from programs.lms.answer_cache import asking_once
from signatures.errors import SetupError

_expects_length_limit: contextvars.ContextVar[bool] = contextvars.ContextVar("expects_length_limit", default=False)


class EmbeddedLM(dspy.LM):
    """`dspy.LM` whose engine runs in this process.

    DSPy asks an engine n times for n candidates, one after the other, and keeps `rollout_id` to itself; a seeded engine
    would answer all alike. Here each candidate and rollout has a seed derived from the request's, and candidates
    are generated together. A text that ends at its token limit is normal for a small model, so
    DSPy's warning about it is left out for this model's calls.
    """

    small = True
    """Adapters give a small model plain prompts (programs/lms/adapters.py)."""

    def __call__(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """One list of outputs, or one Response for an explicit Request, as `dspy.LM` gives.

        Raises: SetupError where the model cannot be loaded; else DSPy's LM errors.
        """
        with _call_of_ours():
            candidates = list(self._candidates(prompt, kwargs))
            if len(candidates) == 1:
                prompt, kwargs = candidates[0]
                with asking_once():
                    return super().__call__(prompt, messages=messages, **kwargs)
            call = asking_once()(super().__call__)
            with ThreadPoolExecutor(len(candidates), thread_name_prefix="candidate") as pool:
                futures = [
                    pool.submit(contextvars.copy_context().run, call, prompt, messages=messages, **kwargs)
                    for prompt, kwargs in candidates
                ]
                return [output for future in futures for output in future.result()]

    async def acall(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """The same, without blocking."""
        with _call_of_ours():
            call = super().acall
            answers = await asyncio.gather(
                *(call(prompt, messages=messages, **kwargs) for prompt, kwargs in self._candidates(prompt, kwargs))
            )
        return answers[0] if len(answers) == 1 else [output for answer in answers for output in answer]

    def _warn_zero_temp_rollout(self, temperature: float | None, rollout_id: Any) -> None:
        """Says nothing: here a rollout has a seed of its own, and marks exact answers at any temperature."""

    def _candidates(self, prompt: Any, kwargs: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Prompt and settings of each candidate that a call asks for."""
        merged = {**self.kwargs, **kwargs}
        rollout = merged.get("rollout_id")
        if getattr(self.engine, "exact", False):
            # Exact answers are others than ordinary ones; DSPy tells answers apart by the rollout and drops it then.
            kwargs = {**kwargs, "rollout_id": f"exact {rollout}"}
        if isinstance(prompt, Request) or "request" in kwargs:
            kwargs = dict(kwargs)
            request = kwargs.pop("request", prompt)
            seed = derived_seed(request.config.seed, rollout, 0)
            yield replace(request, config=replace(request.config, seed=seed)), kwargs
            return
        n = merged.get("n")
        # DSPy itself refuses an n that is no positive integer.
        if isinstance(n, bool) or not isinstance(n, int) or n < 2:
            seed = derived_seed(merged.get("seed"), rollout, 0)
            yield prompt, kwargs if seed is None else {**kwargs, "seed": seed}
            return
        for index in range(n):
            seed = derived_seed(merged.get("seed"), rollout, index)
            yield prompt, {**kwargs, "n": 1} if seed is None else {**kwargs, "n": 1, "seed": seed}


def derived_seed(seed: int | None, rollout: Any, index: int) -> int | None:
    """The seed of one candidate: the request's own for the first outside any rollout, else one made from all three."""
    if rollout is None and index == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}\0{rollout}\0{index}".encode()).digest()[:4], "big")


@contextmanager
def _call_of_ours() -> Iterator[None]:
    """Leaves out the warning about length, and brings up a SetupError that DSPy wrapped as unexpected."""
    token = _expects_length_limit.set(True)
    try:
        yield
    except LMUnexpectedError as error:
        if isinstance(error.__cause__, SetupError):
            raise error.__cause__ from None
        raise
    finally:
        _expects_length_limit.reset(token)


def _keep(record: logging.LogRecord) -> bool:
    return not (_expects_length_limit.get() and "truncated" in record.getMessage())


logging.getLogger("dspy.clients.lm").addFilter(_keep)
