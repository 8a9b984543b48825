"""How a typed signature becomes messages, by what the model can do."""

from typing import Any

import dspy

from programs.lms.small_adapters import CompactAdapter, PlainAdapter

__all__ = ["CompactAdapter", "FittingAdapter", "PlainAdapter"]


class FittingAdapter(dspy.Adapter):
    """Hands each call to the adapter that suits the model and the signature.

    A model that follows formats gets DSPy's own adapters; a small one gets `PlainAdapter` for a single text and
    `CompactAdapter` for typed fields. Measured with `benchmarks/adapters.py`: DSPy's ChatAdapter and JSONAdapter make
    the embedded model answer with field markers, code or an empty form; the other two make it write text and records.
    """

    def __call__(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Runs the call through the chosen adapter."""
        return self.choose(lm, signature)(lm, lm_kwargs, signature, demos, inputs)

    async def acall(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Runs the call through the chosen adapter, without blocking."""
        return await self.choose(lm, signature).acall(lm, lm_kwargs, signature, demos, inputs)

    @staticmethod
    def choose(lm: Any, signature: Any) -> dspy.Adapter:
        """The adapter for this model and signature."""
        outputs = list(signature.output_fields.values())
        if getattr(lm, "small", False):
            return PlainAdapter() if len(outputs) == 1 and outputs[0].annotation is str else CompactAdapter()
        typed = any(field.annotation is not str for field in outputs)
        return dspy.JSONAdapter() if typed and lm.supports_response_schema else dspy.ChatAdapter()
