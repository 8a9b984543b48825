"""Saving compiled programs as numbered versions, and loading them again. Nothing here pickles or unpickles."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import dspy
from dspy.utils.saving import get_dependency_versions
from pydantic import JsonValue

from programs.card import Card, CardDraft, read_card
from programs.disk import TEMPORARY, disk_faults, sync_folder, temporary, write_file
from programs.references import CARD, LEDGER, PROGRAM, REGISTERED, resolve, saved_versions
from signatures.errors import SetupError, unknown

ABANDONED_SECONDS = 3600.0
"""A temporary folder this old is from a run that died; saving takes seconds."""


class BuildsProgram(Protocol):
    """The part of a task that loading needs."""

    def build(self, settings: Mapping[str, JsonValue], /) -> dspy.Module:
        """Makes a fresh program from the settings on a card."""
        ...


def save_version(
    program: dspy.Module,
    draft: CardDraft,
    ledger: Path | Callable[[Path], object],
    root: Path = Path("artifacts"),
    version: str | None = None,
) -> Path:
    """Saves a program, its card and its ledger as a new version, and returns the version's folder.

    The folder appears whole under its name or not at all; two processes saving at once get different numbers.
    Models set on the program's predictors are left out: a version runs with the model its caller chooses.

    Args:
        program: Any DSPy program; its `dump_state()` must be JSON.
        draft: The card without what saving adds.
        ledger: A parquet file to copy, or what writes it to the path it is handed.
        root: The folder of all tasks.
        version: A fixed name such as "default"; by default the next number.

    Raises: SetupError if the folder cannot be written, the disk is full or the fixed name is taken.
    """
    task_folder = root / draft.task
    with disk_faults(task_folder):
        task_folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(task_folder)
        scratch = temporary(task_folder)
        scratch.mkdir()
        try:
            content = program_json(program)
            write_file(scratch / PROGRAM, content)
            _write_ledger(ledger, scratch / LEDGER)
            folder = _publish(scratch, task_folder, draft, hashlib.sha256(content).hexdigest(), version)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        sync_folder(task_folder)
    return folder


def program_json(program: dspy.Module) -> bytes:
    """The content of program.json: DSPy's own form, readable by `dspy.Module.load`, without models and traces."""
    state = program.dump_state()
    _drop_run_time_parts(state)
    state["metadata"] = {"dependency_versions": get_dependency_versions()}
    return json.dumps(state, indent=2, ensure_ascii=False, default=_plain).encode() + b"\n"


def _drop_run_time_parts(state: dict[str, Any]) -> None:
    """Empties what belongs to a run, not to the program; a compiled sub-module nests its state one level deeper."""
    for part in state.values():
        if isinstance(part, dict):
            if "signature" in part:
                part |= {"lm": None, "traces": [], "train": []}
            else:
                _drop_run_time_parts(part)


def _plain(value: Any) -> JsonValue:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"the program's state holds {value!r}, which is not JSON")


def _write_ledger(ledger: Path | Callable[[Path], object], path: Path) -> None:
    if isinstance(ledger, Path):
        shutil.copyfile(ledger, path)
    else:
        ledger(path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _publish(scratch: Path, task_folder: Path, draft: CardDraft, sha256: str, fixed: str | None) -> Path:
    """Gives the scratch folder its name; renaming onto a full folder fails, so that nobody's version is replaced."""
    while True:
        version = fixed or str(max((int(name) for name in saved_versions(task_folder)), default=0) + 1)
        facts = {name: getattr(draft, name) for name in CardDraft.model_fields}
        card = Card(**facts, version=version, created=datetime.now(UTC), program_sha256=sha256)
        write_file(scratch / CARD, card.to_json())
        sync_folder(scratch)
        folder = task_folder / version
        try:
            os.rename(scratch, folder)
        except OSError as fault:
            if fault.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            if fixed:
                raise SetupError(f"{str(folder)!r} exists already; remove it first or save under a number") from fault
        else:
            return folder


def _remove_abandoned(task_folder: Path) -> None:
    for path in task_folder.glob(f"{TEMPORARY}*"):
        if path.is_dir() and time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def load(
    reference: str = "authorship", root: Path | None = None, tasks: Mapping[str, BuildsProgram] | None = None
) -> dspy.Module:
    """Loads a compiled program.

    Args:
        reference: `authorship` (the champion, or the program that ships where there is none),
            `authorship@challenger`, `authorship/3`, a version's folder such as `runs/authorship/3/`, or
            `models:/hyperalign-authorship@champion` (or `/3`) from MLflow's registry.
        root: The folder of all tasks; by default `artifacts` here, else the one the package brings.
        tasks: The tasks by name; by default all there are.

    Returns: The program, a plain DSPy module, with the name of its version in `version`.

    Raises: SetupError if the reference is unknown, or the version is broken, tampered with or from a newer release.
    """
    known = _all_tasks() if tasks is None else tasks
    if not reference.startswith(REGISTERED):
        return load_folder(resolve(reference, root, tuple(known)), known)
    from programs.tracking import download_registered  # MLflow takes seconds to import

    with tempfile.TemporaryDirectory() as scratch:
        return load_folder(download_registered(reference, root, Path(scratch)), known)


def _all_tasks() -> Mapping[str, BuildsProgram]:
    from programs.tasks import TASKS  # tasks import programs, and the package of those imports this module

    return TASKS


def load_folder(folder: Path, tasks: Mapping[str, BuildsProgram]) -> dspy.Module:
    """Loads the program of one version's folder.

    Raises: SetupError if the card or the program cannot be read, or the program is not the one the card is of.
    """
    card = read_card(folder / CARD)
    if card.task not in tasks:
        raise unknown("task", card.task, tasks)
    state = _read_state(folder / PROGRAM, card.program_sha256)
    try:
        program = tasks[card.task].build(card.settings)
        program.load_state(state)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise SetupError(
            f"{str(folder)!r} does not fit this release's {card.task!r} program "
            f"({type(fault).__name__}: {str(fault).splitlines()[0] if str(fault) else 'no details'}); compile again"
        ) from fault
    vars(program)["version"] = card.version
    return program


def _read_state(path: Path, sha256: str) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise SetupError(f"cannot read {str(path)!r}: {fault.strerror}; restore the file or compile again") from fault
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SetupError(
            f"{str(path)!r} is not the program its card is of (sha256 {found[:12]!r} instead of {sha256[:12]!r}); "
            "restore the file or compile again"
        )
    try:
        state = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise SetupError(f"{str(path)!r} is not JSON: {fault}; compile again") from fault
    if not isinstance(state, dict):
        raise SetupError(f"{str(path)!r} is not a program's state but a {type(state).__name__}; compile again")
    return state
