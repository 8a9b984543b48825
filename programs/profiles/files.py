"""A profile's file: JSON that a person can read and edit, and what is wrong with one that was edited into nonsense."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from programs.disk import disk_faults, replace_file
from programs.profiles.record import SCHEMA_VERSION, Profile
from programs.reading import read_text
from signatures.errors import SetupError

_TABLES = ("traits", "texts")
_LONGEST_VALUE = 60


def save_profile(profile: Profile, path: Path) -> None:
    """Writes a profile in one step; measurements take one line each.

    Raises: SetupError if the file cannot be written.
    """
    head = json.dumps(profile.model_dump(mode="json", exclude=set(_TABLES)), indent=2, ensure_ascii=False)
    tables = [_table(name, getattr(profile, name)) for name in _TABLES]
    written = ",\n".join([head.removesuffix("\n}"), *tables]) + "\n}\n"
    with disk_faults(path):
        if path.is_dir():
            raise SetupError(f"{str(path)!r} is a folder; name a file, such as {str(path / 'profile.json')!r}")
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        replace_file(path.absolute(), written.encode())


def load_profile(path: str | Path) -> Profile:
    """Reads a profile.

    Raises: SetupError if there is no such file, it is no JSON, of a newer schema, or a field of it makes no sense; the
        message names the place, such as `hypotheses[2].confidence`.
    """
    name = repr(str(path))
    try:
        content = json.loads(read_text(str(path)), object_pairs_hook=_once, parse_constant=_no_constant)
        written = json.dumps(content, ensure_ascii=False).encode()
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise SetupError(f"{name} is no JSON ({place}: {fault.msg}); mend it there, or infer it again") from fault
    except UnicodeEncodeError as fault:
        raise SetupError(f"{name} holds {fault.object[fault.start]!r}, half a character; take it out") from fault
    except (ValueError, RecursionError) as fault:
        raise SetupError(f"{name} is no profile: {fault}; mend it, or infer it again") from fault
    if not isinstance(content, dict):
        raise SetupError(f"{name} holds {type(content).__name__}, not a profile; infer one with --save-profile")
    schema = content.get("schema_version")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise SetupError(f"{name}: profile schema {schema} is newer than {SCHEMA_VERSION}; upgrade hyperalign")
    if schema is None:
        raise SetupError(f"{name} has no schema_version, so it is no profile; infer one with --save-profile")
    try:
        return Profile.model_validate_json(written)
    except ValidationError as fault:
        raise SetupError(f"{name}: {_first(fault)}") from fault


def _first(fault: ValidationError) -> str:
    """The first thing wrong, where it stands, and what else is."""
    errors = fault.errors(include_url=False)
    first = errors[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    if first["type"] == "extra_forbidden":
        said = "is no field of a profile; take it out or correct its name"
    elif first["type"] == "missing":
        said = "is missing; add it"
    else:
        value = repr(first["input"])
        shown = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
        said = f"is {shown}: {first['msg'].removeprefix('Value error, ')}; correct it"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place} {said}{more}"


def _table(name: str, records: tuple[BaseModel, ...]) -> str:
    lines = [f"    {json.dumps(each.model_dump(mode='json'), ensure_ascii=False)}" for each in records]
    return f'  "{name}": [\n' + ",\n".join(lines) + "\n  ]" if lines else f'  "{name}": []'


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table in which no name stands twice. Raises: ValueError."""
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one place")
    return table


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
