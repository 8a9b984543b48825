"""Optimizers by name; each compiles whatever program it is handed, against whatever metric."""

from collections.abc import Mapping
from types import MappingProxyType

from optimizers.bootstrap import Bootstrap
from optimizers.confirm import confirm
from optimizers.contract import Budget, Compiled, Material, Optimizer, OutOfBudgetError, Spent, Trial
from optimizers.copro import Copro
from optimizers.gepa import Gepa
from optimizers.joint import Joint
from optimizers.knn import Knn
from optimizers.labeled import Labeled
from optimizers.miprov2 import Mipro
from optimizers.random_search import RandomSearch
from optimizers.simba import Simba
from signatures.errors import unknown

DEFAULT_OPTIMIZER = "joint"
"""The one that wins the bake-off, on equal trials (README, Optimizers and budgets)."""

_ALL: tuple[Optimizer, ...] = (
    Labeled(),
    Bootstrap(),
    RandomSearch(),
    Knn(),
    Mipro(),
    Copro(),
    Simba(),
    Gepa(),
    Joint(),
)

OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType({optimizer.name: optimizer for optimizer in _ALL})
"""Every optimizer; read-only."""


def find_optimizer(name: str) -> Optimizer:
    """The optimizer called `name`.

    Raises: SetupError for an unknown name, listing the known ones.
    """
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]


__all__ = [
    "DEFAULT_OPTIMIZER",
    "OPTIMIZERS",
    "Budget",
    "Compiled",
    "Material",
    "Optimizer",
    "OutOfBudgetError",
    "Spent",
    "Trial",
    "confirm",
    "find_optimizer",
]
