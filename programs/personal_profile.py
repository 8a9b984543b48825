"""The profile that a text is written by on the command line: loaded, revised by new texts, inferred, saved."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import dspy

from programs.disk import check_writable
from programs.profile import Change, Profile, learn_from_edit, load_profile, update
from programs.traits import default_population
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.traits import Population


@dataclass(frozen=True)
class KeptProfile:
    """A profile, if there is one yet, and where it goes."""

    profile: Profile | None = None
    file: Path | None = None
    """Where it is saved; None if it is not."""
    notes: tuple[str, ...] = ()
    """What to tell the user of it."""
    changes: tuple[Change, ...] = ()
    """What this revision changed."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the profile knows of the person."""
        return self.profile.attributes if self.profile else {}

    def inferred(self, infer: Callable[[], Profile]) -> "KeptProfile":
        """With a profile, inferred now unless there is one."""
        if self.profile is not None:
            return self
        found = infer()
        return replace(self, profile=found, notes=(*self.notes, *found.notes))

    def save(self) -> None:
        """Writes it where it goes, if anywhere. Raises: SetupError if that cannot be written."""
        if self.profile is not None and self.file is not None:
            self.profile.save(self.file)

    def hypotheses(self, program: dspy.Module, reference: str) -> tuple[Hypothesis, ...] | None:
        """What the program is to write by; None where it infers its own.

        Raises: SetupError if there is a profile and the program takes no hypotheses.
        """
        if self.profile is None:
            return None
        if "hypotheses" not in inspect.signature(program.forward).parameters:
            raise SetupError(
                f"program {reference!r} takes no hypotheses; use one of the task authorship with a profile"
            )
        return self.profile.usable()

    def system_prompt(self) -> str:
        """The profile as a system prompt.

        Raises: ValueError if there is none yet.
        """
        if self.profile is None:
            raise ValueError("there is no profile yet")
        return self.profile.system_prompt()


def kept_profile(
    name: str | None,
    save_as: str | None,
    samples: Sequence[str],
    attributes: Mapping[str, str],
    edit: tuple[str, str] | None = None,
    population: Callable[[], "Population | None"] = lambda: None,
) -> KeptProfile:
    """The profile that the user named, if any; revised by the samples and the edit where it is to be saved again.

    Args:
        name: File of a profile.
        save_as: File that the profile goes to.
        samples: Texts of the person; those that the profile knows already change nothing.
        attributes: What the user says of the person; goes before what the profile says.
        edit: A text as it was written for the person, and as they left it.
        population: Whom the program tells people from; asked for where the profile is revised.

    Raises: SetupError if the profile cannot be read or used, or the other file cannot be written.
    """
    file = Path(save_as) if save_as else None
    if file is not None:
        if file.is_dir():
            raise SetupError(f"--save-profile {save_as!r} is a folder; name a file in it")
        check_writable(file.absolute().parent)
    if name is None:
        return KeptProfile(file=file)
    profile, notes = load_profile(name), ()
    if attributes:
        profile = profile.model_copy(update={"attributes": {**profile.attributes, **attributes}})
    before = len(profile.history)
    own = profile.population not in ("", default_population().name)
    against = population() if own and (edit or (file is not None and samples)) else None
    if file is not None and samples:
        revised = update(profile, samples, population=against)
        held = (f"not merged: {revised.reason}; leave it out if somebody else wrote it",) if revised.held_back else ()
        profile, notes = revised.profile, (*revised.notes, *held)
    if edit is not None:
        learned = learn_from_edit(profile, *edit, population=against)
        profile, notes = learned.profile, (*notes, *learned.notes)
    return KeptProfile(profile, file, notes, profile.history[before:])
