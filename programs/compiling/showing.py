"""What a compile prints: its plan, and what it came to."""

from typing import Any

from rich.console import Console
from rich.table import Table

from programs.card import Card
from programs.compiling.estimating import COMPILED, UNCOMPILED
from programs.compiling.planning import Setup
from programs.metering import Tally
from programs.outcome import Outcome
from programs.results import show_results
from programs.tracking_store import shown_uri
from signatures.errors import counted


def plan_json(setup: Setup) -> dict[str, Any]:
    """The plan as data: calls of each phase at most, and what each is expected to cost."""
    estimate, plan = setup.estimate, setup.plan
    phases = {phase: _facts(estimate.tally(phase)) for phase in estimate.phases}
    return {
        "n_trials": plan.n_trials,
        "calls": plan.calls,
        "seconds": round(plan.seconds),
        "expected": {**phases, "in all": _facts(estimate.tally())},
    }


def show_plan(console: Console, setup: Setup) -> None:
    """Prints what a compile will do and what it is expected to cost."""
    experiment, plan, estimate = setup.experiment, setup.plan, setup.estimate
    splits, bench, choices = experiment.splits, experiment.task.bench, experiment.choices
    title = f"{experiment.task.name} on {experiment.corpus.name}, model {choices.lm}, optimizer {setup.asked.optimizer}"
    console.print(title, markup=False, soft_wrap=True)
    sizes = {"train": splits.train, "val": splits.val, "dev": splits.dev, "test": splits.test}
    console.print(
        f"{bench.unit}s: {', '.join(f'{len(cases)} {part}' for part, cases in sizes.items())}; "
        f"{counted(choices.n_targets, 'target')} each; {plan.n_trials} trials"
    )
    table = Table(title="expected, of which limits and the cache may spare a part", title_justify="left")
    table.add_column("phase", no_wrap=True)
    for name in ("calls at most", "calls", "tokens", "dollars", "minutes"):
        table.add_column(name, justify="right", no_wrap=True)
    for phase in dict.fromkeys([*plan.calls, *estimate.phases]):
        table.add_row(phase, str(plan.calls.get(phase, "")), *_cells(estimate.tally(phase)))
    table.add_row("in all", str(plan.n_calls), *_cells(estimate.tally()))
    console.print(table)
    together = [*bench.rivals, UNCOMPILED, COMPILED]
    console.print(f"{', '.join(together[:-1])} and {together[-1]} are written together, as the test texts")
    for role, price in setup.budget.prices.items():
        console.print(f"{role}: {price.note}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"limits: {_limits(setup)}", markup=False, highlight=False, soft_wrap=True)
    minutes = estimate.tally().seconds / 60
    console.print(f"in all: at most {plan.n_calls} model calls, about {minutes:.0f} min", highlight=False)


def show_outcome(console: Console, outcome: Outcome, right: str, at_home: bool) -> None:
    """Prints what a compile came to.

    Args:
        console: Where to.
        outcome: Of a finished run.
        right: What the judge had to prefer where it was tried.
        at_home: Whether the version lies where `load` looks by itself.
    """
    card = outcome.card
    if outcome.interrupted:
        console.print("Interrupted: the best program so far is kept; the test authors were not scored.")
    elif card.stopped:
        console.print(f"Stopped: {card.stopped}", markup=False, highlight=False)
    show_results(console, card, right)
    _show_search(console, card)
    rank = f"{outcome.alias} of {card.task}" if outcome.alias else "a version that was not scored"
    console.print(f"saved {outcome.folder} as {rank}", highlight=False, markup=False)
    # `load` looks into ./artifacts; a folder elsewhere is named whole.
    reference = f"{card.task}/{card.version}" if at_home else f"{outcome.folder}/"
    load = f'from programs import load; program = load("{reference}")'
    console.print(f"load it:      {load}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"open MLflow:  uv run mlflow ui --backend-store-uri {shown_uri(outcome.tracking_uri)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _show_search(console: Console, card: Card) -> None:
    """What won, and what each role's model was asked for."""
    if card.won is not None:
        won = next((note for note in card.trials if note.number == card.won.trial), None)
        what = won.changed if won else ""
        console.print(f"won: trial {card.won.trial} ({what})", markup=False, highlight=False, soft_wrap=True)
    for spent in card.spent_by_role:
        dollars = "price not known" if spent.dollars is None else f"${spent.dollars:.4f}"
        console.print(
            f"{spent.role}: {counted(spent.calls, 'call')}, {spent.cached} from the cache, "
            f"{spent.prompt_tokens + spent.completion_tokens:,} tokens, {dollars}",
            markup=False,
            highlight=False,
        )


def _facts(tally: Tally) -> dict[str, Any]:
    return {
        "calls": tally.calls,
        "prompt_tokens": tally.prompt_tokens,
        "completion_tokens": tally.completion_tokens,
        "dollars": None if tally.unpriced else round(tally.dollars, 6),
        "minutes": round(tally.seconds / 60, 2),
    }


def _cells(tally: Tally) -> tuple[str, ...]:
    dollars = "not known" if tally.unpriced else f"{tally.dollars:.4f}"
    return f"{tally.calls:,}", f"{tally.tokens:,}", dollars, f"{tally.seconds / 60:.1f}"


def _limits(setup: Setup) -> str:
    named = {"max_calls": "calls", "max_tokens": "tokens", "max_dollars": "dollars", "max_minutes": "minutes"}
    limits = setup.budget.limits.model_dump()
    given = [f"{limits[name]:,} {unit}" for name, unit in named.items() if limits[name] is not None]
    return ", ".join(given) or "none beside the number of trials"
