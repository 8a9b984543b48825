"""Prompts for a small model: a plain one for a single text, constrained JSON for typed fields."""

import json
from collections.abc import Mapping
from typing import Any

import dspy
from dspy.adapters.utils import parse_value, serialize_for_json
from dspy.utils.exceptions import AdapterParseError

from programs.lms.quotations import answer_schema, tightened
from programs.lms.wording import headed, holds_samples, prompt_of, text_of, worded

_SECOND_TRY = 2**31
"""Rollout of a repeated call, far from those that optimizers count up from 0."""


class PlainAdapter(dspy.Adapter):
    """A single text field, asked for without field markers or output format.

    The instruction and what is known of the author form the system message, so that all prompts of one author
    share a prefix; demos follow as turns, then each of the author's samples as a turn that answered its
    prompt; the last input field is the request. The whole answer is the text; an empty one is asked for once more.
    """

    def __call__(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Runs the call, twice where the first answer is empty."""
        try:
            return super().__call__(lm, dict(lm_kwargs), signature, demos, inputs)
        except AdapterParseError:
            return super().__call__(lm, _again(lm, lm_kwargs), signature, demos, inputs)

    async def acall(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The same, without blocking."""
        try:
            return await super().acall(lm, dict(lm_kwargs), signature, demos, inputs)
        except AdapterParseError:
            return await super().acall(lm, _again(lm, lm_kwargs), signature, demos, inputs)

    def format(self, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Messages for one call."""
        *context, request = signature.input_fields
        shown = [name for name in context if holds_samples(signature.input_fields[name])]
        facts = headed([name for name in context if name not in shown], inputs)
        system = "\n\n".join(part for part in (signature.instructions.strip(), *facts) if part)
        messages = [{"role": "system", "content": system}] if system else []
        for demo in demos:
            messages += self._demo_turns(signature, demo)
        for name in shown:
            for sample in inputs.get(name) or ():
                messages.append({"role": "user", "content": prompt_of(sample) or "Write a text."})
                messages.append({"role": "assistant", "content": text_of(sample)})
        return [*messages, {"role": "user", "content": worded(inputs[request])}]

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """The whole answer as the one output field.

        Raises: AdapterParseError if it is empty.
        """
        text = completion.strip()
        if not text:
            raise AdapterParseError(
                adapter_name=type(self).__name__, signature=signature, lm_response=completion, message="empty answer"
            )
        return {next(iter(signature.output_fields)): text}

    @staticmethod
    def _demo_turns(signature: Any, demo: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One demo: what was known of that author stands in the request, since their samples would cost too much."""
        *context, request = signature.input_fields
        answer = demo.get(next(iter(signature.output_fields)))
        if not answer or not demo.get(request):
            return []
        facts = headed([name for name in context if not holds_samples(signature.input_fields[name])], demo)
        asked = "\n\n".join([*facts, worded(demo[request])])
        return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


class CompactAdapter(dspy.Adapter):
    """Typed output fields as one line of JSON, constrained to the schema; demos show the form instead of describing it.

    Quotations are chosen from the spans of the input that they quote, so that they always occur there. An answer that
    ran out of tokens is asked for once more, with as few items and as short strings as its type allows.
    """

    def __call__(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Adds the schema of this call's answer and runs it."""
        schema = answer_schema(signature, inputs)
        try:
            return super().__call__(lm, _constrained(lm_kwargs, schema), signature, demos, inputs)
        except AdapterParseError:
            shorter = _constrained(_again(lm, lm_kwargs), tightened(schema))
            return super().__call__(lm, shorter, signature, demos, inputs)

    async def acall(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The same, without blocking."""
        schema = answer_schema(signature, inputs)
        try:
            return await super().acall(lm, _constrained(lm_kwargs, schema), signature, demos, inputs)
        except AdapterParseError:
            shorter = _constrained(_again(lm, lm_kwargs), tightened(schema))
            return await super().acall(lm, shorter, signature, demos, inputs)

    def format(self, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Messages for one call."""
        messages = [{"role": "system", "content": signature.instructions.strip()}]
        for demo in demos:
            outputs = {name: demo.get(name) for name in signature.output_fields}
            if all(value is not None for value in outputs.values()):
                answer = json.dumps(serialize_for_json(outputs), ensure_ascii=False, separators=(",", ":"))
                messages.append({"role": "user", "content": "\n\n".join(headed(signature.input_fields, demo))})
                messages.append({"role": "assistant", "content": answer})
        return [*messages, {"role": "user", "content": "\n\n".join(headed(signature.input_fields, inputs))}]

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """The output fields, validated.

        Raises: AdapterParseError if the answer is not JSON of the signature's fields.
        """
        try:
            raw = json.loads(completion)
            return {name: parse_value(raw[name], field.annotation) for name, field in signature.output_fields.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise AdapterParseError(
                adapter_name=type(self).__name__,
                signature=signature,
                lm_response=completion,
                message=f"not JSON of the fields {', '.join(signature.output_fields)}: {error}",
            ) from error


def _constrained(lm_kwargs: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    response_format = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
    return {**lm_kwargs, "response_format": response_format}


def _again(lm: Any, lm_kwargs: dict[str, Any]) -> dict[str, Any]:
    """The settings of a second try: another rollout than the first, so that no cache and no seed repeats the answer."""
    asked = {**lm.kwargs, **lm_kwargs}
    if not asked.get("temperature"):
        return dict(lm_kwargs)
    first = asked.get("rollout_id") or 0
    return {**lm_kwargs, "rollout_id": _SECOND_TRY + first}
