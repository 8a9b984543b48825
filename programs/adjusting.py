"""A program with other settings, as users write them: `n_shown=7`, `steps=contrast,verify`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import dspy
from pydantic import ValidationError

from signatures.errors import SetupError, unknown


def read_settings(written: Iterable[str]) -> dict[str, str]:
    """Name to value of settings written as NAME=VALUE.

    Raises: SetupError if one is not, or a name stands twice.
    """
    found: dict[str, str] = {}
    for each in written:
        name, sign, value = each.partition("=")
        if not sign or not name.strip():
            raise SetupError(f"{each!r} is no setting; write NAME=VALUE, as in 'n_shown=7'")
        if name.strip() in found:
            raise SetupError(f"setting {name.strip()!r} is given twice; give it once")
        found[name.strip()] = value.strip()
    return found


def adjusted(program: dspy.Module, changes: Mapping[str, str], name: str) -> dspy.Module:
    """A copy of a program, instructions and demos included, with some of its settings changed.

    Args:
        program: With a pydantic record `settings`, from which its class is made.
        changes: Setting to value: JSON, or words; a list may be written with commas.
        name: What the user calls the program.

    Raises: SetupError if it has no such setting, or the value makes no sense.
    """
    settings: Any = getattr(program, "settings", None)
    if settings is None:
        raise SetupError(f"program {name!r} has no settings to change; leave out {next(iter(changes))!r}")
    known = type(settings).model_fields
    for each in changes:
        if each not in known:
            raise unknown(f"setting of {name}", each, known)
    dumped = settings.model_dump(mode="json")
    changed = {**dumped, **{each: _value(value, dumped[each]) for each, value in changes.items()}}
    try:
        record = type(settings).model_validate(changed)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        at = str(fault["loc"][0])
        raise SetupError(f"setting {at} of {name} is {changes.get(at)!r}: {fault['msg']}; correct it") from error
    made: Any = type(program)(record)
    made.load_state(program.dump_state())
    if hasattr(program, "version"):
        vars(made)["version"] = program.version
    return made


def _value(written: str, before: Any) -> Any:
    """What was written, read as the setting it takes the place of."""
    if isinstance(before, list) and not written.startswith("["):
        return [part.strip() for part in written.split(",") if part.strip()]
    try:
        return json.loads(written)
    except ValueError:
        return written
