"""What the user asks of a search: optimizer, limits, whom a text must beat, and where the search is kept."""

import argparse
from typing import Any

from pydantic import BaseModel, ConfigDict

from optimizers import DEFAULT_OPTIMIZER, OPTIMIZERS, Optimizer, find_optimizer
from optimizers.budget import Limits
from optimizers.joint import Joint
from optimizers.joints.pareto import PREFERENCES
from programs.opponents import OPPONENTS, check_opponent
from signatures.errors import SetupError, unknown

JOINT = Joint.name


class Asked(BaseModel):
    """The search that a user asks for; the defaults are those of the command line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: str = DEFAULT_OPTIMIZER
    budget: str = "light"
    """A named number of trials, or the model calls of the whole run that trials are planned for."""
    limits: Limits = Limits()
    opponent: str = OPPONENTS[0]
    """Whom a text must beat to score."""
    prefer: str = PREFERENCES[0]
    """What the chosen program is best at; for `joint`."""
    study: str | None = None
    """Path or database URL that a search is kept in; for `joint`."""
    resume: bool = False
    """Whether a run that was killed is gone on with."""
    proposer: str | None = None
    """The model that writes instructions; the task model where it is None and that is large enough."""
    proposer_api_base: str | None = None

    @property
    def noted(self) -> dict[str, Any]:
        """What the card says of it, beside the optimizer's own settings: what is not as by default."""
        limits = {name: value for name, value in self.limits.model_dump().items() if value is not None}
        chosen = self.model_dump(include={"opponent", "prefer"}, exclude_defaults=True)
        return {"budget": self.budget, **limits, **chosen}


def add_options(p: argparse.ArgumentParser) -> None:
    """Adds what `read_asked` reads."""
    usual = Asked()
    names = ", ".join(OPTIMIZERS)
    p.add_argument("--optimizer", default=usual.optimizer, help=f"{names} (default: {usual.optimizer})")
    p.add_argument(
        "--budget",
        default=usual.budget,
        help="trials: light, medium, heavy, or as many as a number of model calls pays for (default: light)",
    )
    p.add_argument("--max-calls", type=int, metavar="N", help="stop at N model calls, of all roles together")
    p.add_argument("--max-tokens", type=int, metavar="N", help="stop at N tokens, read and written")
    p.add_argument("--max-cost", type=float, metavar="USD", help="stop at this many dollars, by litellm's prices")
    p.add_argument("--max-minutes", type=float, metavar="M", help="stop after M minutes")
    p.add_argument(
        "--opponent",
        default=usual.opponent,
        help="whom a text must beat in the search: the zero-shot baseline, the champion, or self, the best so far "
        f"({', '.join(OPPONENTS)}; default: {usual.opponent})",
    )
    p.add_argument(
        "--prefer",
        default=usual.prefer,
        help=f"what joint looks for in a program: {', '.join(PREFERENCES)} (default: {usual.prefer})",
    )
    p.add_argument(
        "--study",
        metavar="PATH|URL",
        help="where joint keeps its search, which several processes may share (default: a file in --out)",
    )
    p.add_argument("--resume", action="store_true", help="go on with a run of the same choices that was killed")
    p.add_argument(
        "--proposer", metavar="MODEL", help="model that writes instructions (default: --lm, unless that is too small)"
    )
    p.add_argument("--proposer-api-base", metavar="URL", help="address of the proposer's server")


def read_asked(args: argparse.Namespace) -> Asked:
    """The options, checked against each other.

    Raises: SetupError for an unknown name, a limit that makes no sense, or options that do not go together.
    """
    find_optimizer(args.optimizer)
    check_opponent(args.opponent)
    if args.prefer not in PREFERENCES:
        raise unknown("preference", args.prefer, PREFERENCES)
    named = {"--prefer": args.prefer != PREFERENCES[0], "--study": args.study is not None}
    for option, given in named.items():
        if given and args.optimizer != JOINT:
            raise SetupError(f"{option} goes with --optimizer {JOINT}, not {args.optimizer!r}; leave it out")
    if args.opponent == "self" and args.optimizer == JOINT and (args.study or args.resume):
        raise SetupError(
            "--opponent self moves while a search runs and is not kept in its study; leave out --study and --resume"
        )
    if args.proposer_api_base and not args.proposer:
        raise SetupError("--proposer-api-base is given without --proposer; name the model")
    return Asked(
        optimizer=args.optimizer,
        budget=args.budget,
        limits=Limits(
            max_calls=args.max_calls,
            max_tokens=args.max_tokens,
            max_dollars=args.max_cost,
            max_minutes=args.max_minutes,
        ),
        opponent=args.opponent,
        prefer=args.prefer,
        study=args.study,
        resume=args.resume,
        proposer=args.proposer,
        proposer_api_base=args.proposer_api_base,
    )


def optimizer_of(asked: Asked, study: Any = None, about: dict[str, str] | None = None) -> Optimizer:
    """The optimizer, with where it keeps its study and what that is about where it keeps one."""
    if asked.optimizer != JOINT:
        return find_optimizer(asked.optimizer)
    return Joint(study=study, prefer=asked.prefer, about=about or {})  # pyright: ignore[reportArgumentType] (checked)
