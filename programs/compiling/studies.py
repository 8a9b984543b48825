"""Where a search that can be gone on with is kept, and what a killed run had spent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import dspy

from optimizers.joints.study import Study
from optimizers.joints.workers import Lock
from programs.compiling.asked import JOINT, Asked
from programs.disk import disk_faults, replace_file
from programs.experiment import Experiment
from programs.metering import Tally
from signatures.errors import SetupError

FOLDER = "studies"
"""Beside the folders of the tasks."""
NO_STUDY = "keeps no study: the search starts anew, and what was answered before comes from the cache"


@dataclass(frozen=True)
class Kept:
    """Where one search is kept."""

    where: Path | str | None
    """A journal, a database URL, or nowhere."""
    spent: Path | None
    """What the run has spent; None where nobody keeps it, or several processes spend."""

    def spent_before(self, resume: bool) -> Tally:
        """What the run that is gone on with had spent; nothing of a file that cannot be read."""
        if not resume or self.spent is None:
            return Tally()
        try:
            return Tally(**json.loads(self.spent.read_bytes()))
        except (OSError, ValueError, TypeError):
            return Tally()

    def note(self, spent: Tally) -> None:
        """Keeps what is spent so far. Raises: SetupError if it cannot be written."""
        if self.spent is None:
            return
        with disk_faults(self.spent):
            self.spent.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.spent, json.dumps(asdict(spent)).encode())

    def begin(self, resume: bool) -> str:
        """Makes way for a fresh search of one's own: one that is there is put aside. Returns what to tell the user.

        From here on there is a run to go on with, though its search has not begun.

        Raises: SetupError if a living process works on it.
        """
        said = "" if resume else self._put_aside()
        if not resume or (self.spent is not None and not self.spent.exists()):
            self.note(Tally())
        return said

    @property
    def begun(self) -> bool:
        """Whether there is anything to go on with; of a database nobody knows before it is opened."""
        return not isinstance(self.where, Path) or self.where.exists() or bool(self.spent and self.spent.exists())

    def _put_aside(self) -> str:
        if self.spent is None or not isinstance(self.where, Path) or not self.where.exists():
            return ""
        _check_idle(self.where)
        aside = self.where.with_name(self.where.name + ".old")
        with disk_faults(aside):
            self.where.replace(aside)
            self.spent.unlink(missing_ok=True)
        return f"an earlier search of the same choices is put aside as {aside}; --resume goes on with one"


def kept(experiment: Experiment, asked: Asked, student: dspy.Module) -> Kept:
    """Where the search of these choices is kept, or was.

    Raises: SetupError if one is to be gone on with that is not there.
    """
    if asked.optimizer != JOINT or asked.opponent == "self":
        return Kept(None, None)
    if asked.study is not None:
        where: Path | str = asked.study if "://" in asked.study else Path(asked.study)
        found = Kept(where, None)
    else:
        out, task = experiment.choices.out, experiment.task.name
        path = out / FOLDER / f"{task}-{_key(experiment, asked, student)}.log"
        found = Kept(path, path.with_suffix(".spent.json"))
    if asked.resume and not found.begun:
        raise SetupError(
            f"no search to go on with at {str(found.where)!r}: it was made by other choices, or never begun; "
            "leave --resume out, or name its file with --study"
        )
    if asked.study is not None and (not isinstance(found.where, Path) or found.where.exists()):
        _check_same(found.where, about(experiment, asked))
    return found


def about(experiment: Experiment, asked: Asked) -> Mapping[str, str]:
    """What a study must agree in to be continued, beside what the optimizer compares."""
    return {
        "settings tried": json.dumps(experiment.tried(asked.budget)),
        "corpus split": experiment.splits.hash[:16],
        "judge": experiment.choices.judge,
        "opponent": asked.opponent,
    }


def _key(experiment: Experiment, asked: Asked, student: dspy.Module) -> str:
    """Of all that decides a search but how long it may be; what settings it tries decides it too."""
    choices = experiment.choices
    settings: Any = getattr(student, "settings", None)
    decided = {
        **about(experiment, asked),
        "lm": choices.lm,
        "api base": choices.api_base,
        "proposer": asked.proposer,
        "seed": choices.seed,
        "prefer": asked.prefer,
        "settings": settings.model_dump(mode="json") if settings is not None else None,
    }
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]


def _check_same(where: Path | str | None, ours: Mapping[str, str]) -> None:
    """Refuses, before the first call, a study that is about something else; the optimizer compares the rest."""
    study = Study.open(where)
    known = study.identity
    told = [
        f"{name} {known[name]!r} there and {ours[name]!r} here"
        for name in ours
        if known.get(name, ours[name]) != ours[name]
    ]
    if told:
        raise SetupError(f"study {study.shown!r} was made from something else: {'; '.join(told)}; name another study")


def _check_idle(journal: Path) -> None:
    folder = journal.with_name(journal.name + ".locks")
    if not folder.is_dir():
        return
    lock = Lock(folder / "worker-0")
    if not lock.take(wait=False):
        raise SetupError(
            f"a process that lives works on the study {str(journal)!r}; wait for it, end it, or take part in it with "
            "--study and this path"
        )
    lock.give()
