"""The systems that an evaluation compares, by the names that users type."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import dspy

from programs.adjusting import adjusted, read_settings
from programs.card import read_card
from programs.outside import read_texts
from programs.references import CARD, REGISTERED, resolve
from programs.selection import with_candidates
from programs.tasks import Task
from programs.versions import load
from signatures.errors import SetupError, counted

TEXTS = "texts:"
"""How a reference to texts made elsewhere starts."""
_SEVERAL = re.compile(r"(?P<base>[^*]+)\*(?P<n>\d+)")
_SETTINGS = "?"


@dataclass(frozen=True)
class System:
    """What answers the targets: a program, or texts that exist already."""

    name: str
    """As the user typed it."""
    program: dspy.Module | None
    """None if `texts` holds what it wrote."""
    texts: Mapping[str, str] | None
    """Target id to text, None if `program` writes them."""
    about: str
    """What it is, in a line; of a version also which one the name meant."""


def other_forms(task: Task) -> str:
    """What a reference may be beside the task's own names, for help texts."""
    name = task.name
    return (
        f"a compiled version ({name!r}, {name + '@champion'!r}, {name + '/3'!r}), a version's folder, "
        f"a registered model ({REGISTERED + 'hyperalign-' + name + '/3'!r}), any of these that writes several "
        f"candidates and keeps the one most like the samples ({name + '*8'!r}) or has other settings "
        f"({name + '?n_shown=7&n_repairs=2'!r}), or texts made elsewhere "
        f"({TEXTS + 'FILE'!r}, JSON lines of target_id and text)"
    )


def find_system(reference: str, task: Task, root: Path | None = None) -> System:
    """The system that `reference` means.

    Args:
        reference: A name in the task's `bench.systems`, anything that `programs.versions.load` takes, either of them
            with `*N` after it for N candidates, or `texts:FILE`.
        task: The task whose targets it is to answer.
        root: The folder of all tasks' versions, as for `load`.

    Raises: SetupError for an unknown name, listing what there is; and where a version or a file cannot be read, the
    version is of another task, or N candidates are asked of a program that writes one.
    """
    base, n = without_candidates(reference)
    if n is not None:
        return _several(reference, find_system(base, task, root), n)
    base, changes = without_settings(reference)
    if changes:
        return _adjusted(reference, find_system(base, task, root), changes)
    systems = task.bench.systems
    known = systems.get(reference)
    if known is not None:
        return System(reference, known.build(task), None, known.about)
    if reference.startswith(TEXTS):
        return _outside(reference)
    if not _may_be_version(reference, task):
        raise SetupError(f"unknown system {reference!r}; choose one of: {', '.join(systems)}; or {other_forms(task)}")
    program = load(reference, root, {task.name: task})
    return System(reference, program, None, _about_version(reference, program, task, root))


def without_candidates(reference: str) -> tuple[str, int | None]:
    """A reference such as `authorship*8` as its system and its number of candidates; None where it gives none."""
    parts = _SEVERAL.fullmatch(reference)
    if parts is None or reference.startswith(TEXTS) or os.path.isdir(reference):
        return reference, None
    return parts["base"], int(parts["n"])


def without_settings(reference: str) -> tuple[str, dict[str, str]]:
    """A reference such as `authorship?n_shown=7&n_repairs=2` as its system and the settings that it changes.

    Raises: SetupError if what follows the question mark is no setting.
    """
    base, mark, written = reference.partition(_SETTINGS)
    if not mark or reference.startswith(TEXTS) or os.path.isdir(reference):
        return reference, {}
    return base, read_settings(written.split("&"))


def base_of(reference: str) -> str:
    """The system that a reference varies, such as `authorship` of `authorship?n_shown=7*8`."""
    return without_settings(without_candidates(reference)[0])[0]


def _adjusted(reference: str, system: System, changes: Mapping[str, str]) -> System:
    if system.program is None:
        raise SetupError(f"{reference!r} changes settings of texts that are written already; leave them out")
    program = adjusted(system.program, changes, system.name)
    said = ", ".join(f"{name} {value}" for name, value in changes.items())
    return System(reference, program, None, f"{system.about}; {said}")


def _several(reference: str, system: System, n: int) -> System:
    """The system with N candidates for each text."""
    with_candidates(system.program, system.name, n)
    return System(reference, system.program, None, f"{system.about}; of {counted(n, 'candidate')} the likeliest")


def _outside(reference: str) -> System:
    path = reference.removeprefix(TEXTS)
    if not path:
        raise SetupError(f"{reference!r} names no file; give one, as in {TEXTS + 'answers.jsonl'!r}")
    texts = read_texts(path)
    content = json.dumps(sorted(texts.items())).encode()
    about = f"{counted(len(texts), 'text')} made elsewhere, sha256 {hashlib.sha256(content).hexdigest()[:12]}"
    return System(reference, None, MappingProxyType(texts), about)


def _may_be_version(reference: str, task: Task) -> bool:
    marks = ("/", "@", os.sep)
    is_folder = bool(reference) and os.path.isdir(reference)
    return reference == task.name or is_folder or any(mark in reference for mark in marks)


def _about_version(reference: str, program: dspy.Module, task: Task, root: Path | None) -> str:
    about = f"{task.name}/{getattr(program, 'version', None)}"
    if reference.startswith(REGISTERED):
        return f"{about}, from MLflow's registry"
    card = read_card(resolve(reference, root, (task.name,)) / CARD)
    return f"{about}, compiled by {card.optimizer.name} on {card.corpus.name}"
