"""All programs that a search may try: instructions and demos of every step, and settings."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dspy
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from pydantic import BaseModel, ConfigDict, Field

from programs.adjusting import adjusted
from signatures.errors import SetupError

OWN = "own"
"""The instruction, or the demos, of the program as it was handed in."""

Params = Mapping[str, Any]
"""What a trial chose, such as {"instruction:write": "hand 1", "n_demos:write": 2, "setting:n_shown": "7"}."""


class StepSpace(BaseModel):
    """What one predictor may be given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instructions: dict[str, str]
    """Name to instruction; `own` is the student's."""
    demos: dict[str, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    """Name to demos in an order of which a program shows the first few; `own` are the student's."""

    @property
    def most(self) -> int:
        """The most demos that a program can show."""
        return max(map(len, self.demos.values()), default=0)


class Space(BaseModel):
    """A finite set of programs around a student, as it is kept in a study."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: dict[str, StepSpace]
    """By predictor."""
    settings: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Setting to values as JSON, the student's first."""

    def distributions(self) -> dict[str, BaseDistribution]:
        """What there is to choose; a choice of one is none."""
        found: dict[str, BaseDistribution] = {}
        for name, step in self.steps.items():
            _add(found, f"instruction:{name}", tuple(step.instructions))
            if step.most:
                found[f"n_demos:{name}"] = IntDistribution(0, step.most)
                _add(found, f"demos:{name}", tuple(step.demos))
        for name, values in self.settings.items():
            _add(found, f"setting:{name}", values)
        return found

    def student(self) -> dict[str, Any]:
        """The choices that give the student."""
        chosen: dict[str, Any] = {}
        for name, step in self.steps.items():
            shown = OWN if OWN in step.demos else next(iter(step.demos), "")
            chosen[f"instruction:{name}"] = OWN
            chosen[f"n_demos:{name}"] = len(step.demos.get(OWN, ()))
            chosen[f"demos:{name}"] = shown
        chosen.update({f"setting:{name}": values[0] for name, values in self.settings.items()})
        choices = self.distributions()
        return {name: value for name, value in chosen.items() if name in choices}

    def starts(self) -> list[dict[str, Any]]:
        """What is tried first: the first setting at its last value, then as many demos as there are, of each kind.

        All else is as it was handed in.
        """
        found = [{**self.student(), f"setting:{name}": value} for name, value in tried_first(self.settings).items()]
        kinds = dict.fromkeys(name.split()[0] for step in self.steps.values() for name in step.demos)
        for kind in kinds:
            chosen = self.student()
            for name, step in self.steps.items():
                order = next((each for each in step.demos if each.split()[0] == kind), None)
                if order is None:
                    continue
                chosen[f"n_demos:{name}"] = len(step.demos[order])
                if f"demos:{name}" in chosen:
                    chosen[f"demos:{name}"] = order
            found.append(chosen)
        return found

    def key(self, params: Params) -> str:
        """What tells programs apart: the same for choices that come to the same."""
        whole = {**self.student(), **params}
        steps = {name: (self._instruction(name, whole), self._demos(name, whole)) for name in self.steps}
        return json.dumps([steps, {name: whole.get(f"setting:{name}") for name in self.settings}], sort_keys=True)

    def program(self, student: dspy.Module, params: Params) -> dspy.Module:
        """The student with these choices.

        Raises: SetupError if its settings do not go together.
        """
        whole = {**self.student(), **params}
        if self.key(whole) == self.key({}):
            return student.deepcopy()
        changes = {
            name: whole[f"setting:{name}"]
            for name, values in self.settings.items()
            if whole.get(f"setting:{name}", values[0]) != values[0]
        }
        program = adjusted(student, changes, "program") if changes else student.deepcopy()
        for name, step in program.named_predictors():
            # A setting may add steps that the student does not have, and that nothing was prepared for.
            if name not in self.steps:
                continue
            predictor: Any = step
            instruction = self._instruction(name, whole)
            if predictor.signature.instructions != instruction:
                predictor.signature = predictor.signature.with_instructions(instruction)
            predictor.demos = [dspy.Example(**demo) for demo in self._demos(name, whole)]
        return program

    def _instruction(self, name: str, params: Params) -> str:
        return self.steps[name].instructions[params.get(f"instruction:{name}", OWN)]

    def _demos(self, name: str, params: Params) -> tuple[dict[str, Any], ...]:
        orders = self.steps[name].demos
        if not orders:
            return ()
        return orders[params.get(f"demos:{name}") or next(iter(orders))][: params.get(f"n_demos:{name}", 0)]


def tried_first(settings: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The first setting with its last value; nothing where none is searched."""
    return {name: values[-1] for name, values in list(settings.items())[:1]}


def setting_choices(student: dspy.Module, settings: Mapping[str, Sequence[Any]]) -> dict[str, tuple[str, ...]]:
    """Setting to values to try as JSON, each once, the student's first.

    Raises: SetupError if the student has no such setting, or a value makes no sense.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, values in settings.items():
        if isinstance(values, str) or not values:
            raise SetupError(f"setting {name!r} to try is {values!r}; give a list of values")
        written = [json.dumps(value, sort_keys=True) for value in values]
        for each in written:
            adjusted(student, {name: each}, "program")
        record: Any = student.__dict__["settings"]
        own = json.dumps(record.model_dump(mode="json")[name], sort_keys=True)
        found[name] = tuple(dict.fromkeys([own, *written]))
    return found


def _add(found: dict[str, BaseDistribution], name: str, choices: tuple[str, ...]) -> None:
    if len(choices) > 1:
        found[name] = CategoricalDistribution(choices)
