"""What the options of compile and evaluate may be, task by task, for their help."""

from collections.abc import Callable, Iterable

from programs.bench import Bench
from programs.tasks import TASKS


def _by_task(told: Callable[[Bench], Iterable[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(told(task.bench))}" for name, task in TASKS.items())


def data_help() -> str:
    """Corpora."""
    return f"{_by_task(lambda bench: bench.forms)} (default: bundled)"


def judges_help() -> str:
    """Names, and forms of names, of judges."""
    return _by_task(lambda bench: bench.judging.known())


def systems_help() -> str:
    """Systems with names of their own."""
    return _by_task(lambda bench: bench.systems)


def targets_help() -> str:
    """How many prompts are answered."""
    told = ", ".join(f"{task.bench.n_targets} of each {task.bench.unit} in {name}" for name, task in TASKS.items())
    return f"prompts to answer (default: {told})"
