"""How a typed signature becomes messages, by what the model can do.

`FittingAdapter` chooses for each call: a model that follows formats gets DSPy's own adapters; a small one gets
`PlainAdapter` for a single text and `CompactAdapter` for typed fields. `benchmarks/adapters.py` measures the choice.
"""

import json
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import dspy
import pydantic
from dspy.adapters.utils import parse_value, serialize_for_json
from dspy.utils.exceptions import AdapterParseError

from data.sentences import sentences
from signatures.generation import Sample
from signatures.hypotheses import Hypothesis

VERBATIM = {"evidence": "samples"}
"""Properties of an answer that quote an input: a model constrained to a schema may only choose spans that occur there."""

_MAX_SPANS = 60
_SPAN_CHARACTERS = range(8, 81)


class PlainAdapter(dspy.Adapter):
    """A single text field, asked for without field markers or output format.

    The instruction and what is known of the author form the system message, so that all prompts of one author
    share a prefix; demos follow as turns, then each of the author's samples as a turn that answered its
    prompt; the last input field is the request. The whole answer is the text.
    """

    def format(self, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Messages for one call."""
        *context, request = signature.input_fields
        turns, facts = [], []
        for name in context:
            value = inputs.get(name)
            if _holds(signature.input_fields[name], Sample):
                turns = [message for sample in value or () for message in _sample_turns(sample)]
            elif value:
                facts.append(f"{_label(name)}:\n{_plain(value)}")
        system = "\n\n".join([part for part in (signature.instructions.strip(), *facts) if part])
        messages = [{"role": "system", "content": system}] if system else []
        for demo in demos:
            messages += self._demo_turns(signature, context, request, demo)
        return [*messages, *turns, {"role": "user", "content": _plain(inputs[request])}]

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
    def _demo_turns(signature: Any, context: list[str], request: str, demo: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One demo: what was known of that author stands in the request, since their samples would cost too much."""
        answer = demo.get(next(iter(signature.output_fields)))
        if not answer or not demo.get(request):
            return []
        facts = [
            f"{_label(name)}:\n{_plain(demo[name])}"
            for name in context
            if demo.get(name) and not _holds(signature.input_fields[name], Sample)
        ]
        asked = "\n\n".join([*facts, _plain(demo[request])])
        return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


class CompactAdapter(dspy.Adapter):
    """Typed output fields as one line of JSON, constrained to the schema; demos show the form instead of describing it.

    Quotations are chosen from the spans of the input that they quote (`VERBATIM`), so that they always occur there.
    """

    def __call__(
        self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Adds the schema of this call's answer and runs it."""
        schema = answer_schema(signature, inputs)
        response_format = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        return super().__call__(lm, {**lm_kwargs, "response_format": response_format}, signature, demos, inputs)

    def format(self, signature: Any, demos: list[Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Messages for one call."""
        messages = [{"role": "system", "content": signature.instructions.strip()}]
        for demo in demos:
            outputs = {name: demo.get(name) for name in signature.output_fields}
            if all(outputs.values()):
                answer = json.dumps(serialize_for_json(outputs), ensure_ascii=False, separators=(",", ":"))
                messages.append({"role": "user", "content": _fields(signature, demo)})
                messages.append({"role": "assistant", "content": answer})
        return [*messages, {"role": "user", "content": _fields(signature, inputs)}]

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


class FittingAdapter(dspy.Adapter):
    """Hands each call to the adapter that suits the model and the signature.

    Measured with `benchmarks/adapters.py`: DSPy's ChatAdapter and JSONAdapter make the embedded model answer with
    field markers, code or an empty form; the two adapters above make it write text and records.
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


def answer_schema(signature: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of a signature's answer to these inputs, with quotations limited to spans of the inputs."""
    fields: dict[str, Any] = {
        name: (field.annotation, pydantic.Field(**_limits(field))) for name, field in signature.output_fields.items()
    }
    schema = pydantic.create_model(
        "Answer", __config__=pydantic.ConfigDict(extra="forbid"), **fields
    ).model_json_schema()
    for record in schema.get("$defs", {}).values():
        for name, source in VERBATIM.items():
            quoted = record.get("properties", {}).get(name)
            if quoted and source in inputs:
                spans = quotable_spans([_text_of(value) for value in inputs[source]])
                if spans:
                    quoted["items"] = {"enum": spans}
                    quoted["minItems"] = 1
    return schema


def quotable_spans(texts: list[str]) -> list[str]:
    """Spans of 8 to 80 characters that occur in the texts: sentences, or the clauses of longer ones, from all texts in turn."""
    pools = [[span for sentence in sentences(text) for span in _clauses(sentence)] for text in texts]
    spans = []
    for rank in range(max((len(pool) for pool in pools), default=0)):
        spans += [pool[rank] for pool in pools if rank < len(pool)]
    return list(dict.fromkeys(spans))[:_MAX_SPANS]


def _clauses(sentence: str) -> list[str]:
    if len(sentence) in _SPAN_CHARACTERS and "\n" not in sentence:
        return [sentence]
    parts, start = [], 0
    for index, character in enumerate(sentence):
        if character in ",;:\n—–":
            parts.append(sentence[start:index].strip())
            start = index + 1
    parts.append(sentence[start:].strip())
    return [part for part in parts if len(part) in _SPAN_CHARACTERS]


def _limits(field: Any) -> dict[str, int]:
    """List bounds that the signature's field carries."""
    limits = {}
    for bound in field.metadata:
        for name in ("min_length", "max_length"):
            if hasattr(bound, name):
                limits[name] = getattr(bound, name)
    return limits


def _holds(field: Any, record: type) -> bool:
    return get_origin(field.annotation) is list and record in get_args(field.annotation)


def _sample_turns(sample: Any) -> list[dict[str, Any]]:
    prompt = sample.get("prompt") if isinstance(sample, Mapping) else sample.prompt
    return [
        {"role": "user", "content": prompt or "Write a text."},
        {"role": "assistant", "content": _text_of(sample)},
    ]


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    return value["text"] if isinstance(value, Mapping) else value.text


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _fields(signature: Any, values: Mapping[str, Any]) -> str:
    parts = [f"{_label(name)}:\n{_plain(values[name])}" for name in signature.input_fields if values.get(name)]
    return "\n\n".join(parts)


def _plain(value: Any) -> str:
    """A value as a person would write it down: no braces, no quotes."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and not {"text", "statement"} & value.keys():
        return "\n".join(f"{name}: {inner}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return "\n".join(_item(index, item) for index, item in enumerate(value, 1))
    return str(value)


def _item(index: int, item: Any) -> str:
    record = item if isinstance(item, Mapping) else item.__dict__ if isinstance(item, (Hypothesis, Sample)) else None
    if record is None:
        return f"- {item}"
    return f"- {record['statement']}" if "statement" in record else f"Text {index}:\n{record['text']}\n"
