"""From what a user calls a program (`authorship@champion`) to the folder that holds it."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from programs.aliases import read_aliases
from signatures.errors import SetupError, unknown
from signatures.paths import typed_path

PROGRAM = "program.json"
CARD = "card.json"
LEDGER = "ledger.parquet"
DEFAULT = "default"
"""The version that ships with the package."""
REGISTERED = "models:/"
"""How references to MLflow's registry start."""

_HERE = Path(__file__).parent
SHIPPED = (_HERE.parent / "artifacts", _HERE / "_shipped")
"""Where the program that ships stands: in a clone, and in an installed package."""

_REFERENCE = re.compile(r"(?P<task>[A-Za-z][\w-]*)(?:@(?P<alias>[\w-]+)|/(?P<version>[\w-]+))?")


def saved_versions(task_folder: Path) -> list[str]:
    """The numbered versions in a task's folder, lowest first; none if the folder is absent."""
    if not task_folder.is_dir():
        return []
    return sorted((path.name for path in task_folder.iterdir() if re.fullmatch("[1-9][0-9]*", path.name)), key=int)


def resolve(reference: str, root: Path | None, tasks: Collection[str]) -> Path:
    """Finds the folder that `reference` means; `root` as in `load`.

    Raises: SetupError if there is none, listing what there is.
    """
    parts = _REFERENCE.fullmatch(reference)
    if parts and parts["task"] in tasks:
        return _resolve_task(reference, parts["task"], parts["alias"], parts["version"], root)
    folder = typed_path(reference)
    if (folder / CARD).is_file():
        return folder
    if folder.is_dir():
        raise SetupError(f"folder {reference!r} holds no {CARD}; name a version's folder, with {PROGRAM} and {CARD}")
    if parts:
        raise unknown("task", parts["task"], tasks)
    raise SetupError(
        f"no folder {reference!r}; name a task ('authorship'), an alias ('authorship@challenger'), "
        f"a version ('authorship/3'), a version's folder or a registered model ('{REGISTERED}hyperalign-authorship/3')"
    )


def _resolve_task(reference: str, task: str, alias: str | None, version: str | None, root: Path | None) -> Path:
    roots = (root or Path("artifacts"), *SHIPPED)
    homes = roots[:1] if root else roots
    home = next((each / task for each in homes if (each / task).is_dir()), roots[0] / task)
    aliases = {str(name): held for name, held in read_aliases(home).items()}
    wanted = version or aliases.get(alias or "champion")
    if wanted and wanted != DEFAULT:
        candidates = [home / wanted]
    elif wanted or alias in (None, DEFAULT):
        candidates = [each / task / DEFAULT for each in roots]
    else:
        candidates = []
    for folder in candidates:
        if (folder / CARD).is_file():
            return folder
    known = ", ".join(repr(name) for name in _known(home, task, aliases)) or "none yet"
    raise SetupError(
        f"unknown program {reference!r}; there are: {known} (in {str(home)!r}); "
        f"make one with: python -m programs.compile --task {task}"
    )


def _known(home: Path, task: str, aliases: dict[str, str]) -> Iterator[str]:
    for name in sorted(aliases):
        yield f"{task}@{name}"
    for name in saved_versions(home):
        yield f"{task}/{name}"
    if any((folder / task / DEFAULT / CARD).is_file() for folder in (home.parent, *SHIPPED)):
        yield f"{task}/{DEFAULT}"
