"""Values as a person would write them down: no braces, no quotes.

A value reads the same whether it is a record or the plain data that a saved program holds in its place.
"""

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from dspy.adapters.utils import serialize_for_json

from signatures.generation import Sample


def label(name: str) -> str:
    """A field's name as a heading."""
    return name.replace("_", " ").capitalize()


def worded(value: Any) -> str:
    """A value in words."""
    return _plain(serialize_for_json(value))


def headed(names: Any, values: Mapping[str, Any]) -> list[str]:
    """One passage for each named value that is not empty, under its heading."""
    return [f"{label(name)}:\n{worded(values[name])}" for name in names if values.get(name)]


def holds_samples(field: Any) -> bool:
    """Whether a signature's field is a list of samples."""
    return get_origin(field.annotation) is list and Sample in get_args(field.annotation)


def text_of(sample: Any) -> str:
    """A sample's text, from a record, its plain data, or the text itself."""
    if isinstance(sample, str):
        return sample
    return sample["text"] if isinstance(sample, Mapping) else sample.text


def prompt_of(sample: Any) -> str:
    """What a sample answered, empty where unknown."""
    if isinstance(sample, str):
        return ""
    return (sample.get("prompt") if isinstance(sample, Mapping) else sample.prompt) or ""


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {inner}" for name, inner in value.items())
    if isinstance(value, list):
        return "\n".join(_item(index, item) for index, item in enumerate(value, 1))
    return str(value)


def _item(index: int, item: Any) -> str:
    if not isinstance(item, Mapping):
        return f"- {item}"
    if "statement" in item:
        return f"- {item['statement']}"
    if "text" in item:
        return f"Text {index}:\n{item['text']}\n"
    return "- " + "; ".join(f"{name}: {inner}" for name, inner in item.items())
