"""Which version of a task is champion and which is challenger, and the rule that decides it."""

import json
from pathlib import Path
from typing import Literal, Protocol

from pydantic import TypeAdapter, ValidationError

from programs.disk import disk_faults, replace_file
from signatures.errors import SetupError

Alias = Literal["champion", "challenger"]
Aliases = dict[Alias, str]

_ALIASES = TypeAdapter(Aliases)


class Interval(Protocol):
    """A win rate with the ends of its 95% interval, fractions in [0, 1]."""

    @property
    def value(self) -> float:
        """The win rate."""
        ...

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        ...

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        ...


def decide_alias(against_rival: Interval | None, same_split: bool) -> Alias:
    """Names the alias that a new version has earned.

    The rival is the current champion; where there is none, it is zero-shot, so that the first version too has to show
    that it is better than no program at all. `against_rival` is None when the two were not compared.
    `same_split` says whether both answered the same test targets. The win rate itself does not matter, only that
    the whole interval lies above one half.
    """
    if against_rival is not None and same_split and against_rival.low > 0.5:
        return "champion"
    return "challenger"


def read_aliases(folder: Path) -> Aliases:
    """Reads the aliases of a task's folder, such as `artifacts/authorship`; none if the file is absent.

    Raises: SetupError if the file cannot be read or is not a table of aliases.
    """
    path = folder / "aliases.json"
    try:
        return _ALIASES.validate_python(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise SetupError(f"cannot read {str(path)!r}: {fault.strerror}; restore the file or delete it") from fault
    except (ValidationError, ValueError, RecursionError) as fault:
        raise SetupError(
            f"{str(path)!r} is not a table of aliases; delete it and name a version, as in {folder.name + '/1'!r}"
        ) from fault


def promote(root: Path, task: str, version: str, alias: Alias) -> Aliases:
    """Gives `version` the alias and returns all aliases of the task.

    A version that becomes champion is no longer challenger; the former champion keeps its number only.

    Raises: SetupError if the version does not exist or the folder cannot be written.
    """
    folder = root / task
    if not (folder / version / "card.json").is_file():
        raise SetupError(
            f"cannot promote {task + '/' + version!r}: {str(folder)!r} holds no such version; save it first"
        )
    aliases: Aliases = {name: held for name, held in read_aliases(folder).items() if held != version}
    aliases[alias] = version
    with disk_faults(folder):
        replace_file(folder / "aliases.json", json.dumps(aliases, indent=2).encode() + b"\n")
    return aliases
