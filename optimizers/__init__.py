"""Optimizers by name; each compiles whatever program it is handed, against whatever metric."""

from collections.abc import Mapping
from types import MappingProxyType

from optimizers.bootstrap import Bootstrap
from optimizers.confirm import confirm
from optimizers.contract import Compiled, Material, Optimizer, Trial
from optimizers.miprov2 import Mipro
from signatures.errors import unknown

DEFAULT_OPTIMIZER = "bootstrap"
"""The one that won more against zero-shot and the uncompiled program, on equal trials (README, Results)."""

OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType({"bootstrap": Bootstrap(), "miprov2": Mipro()})
"""Every optimizer; read-only."""


def find_optimizer(name: str) -> Optimizer:
    """The optimizer called `name`.

    Raises: SetupError for an unknown name, listing the known ones.
    """
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]


__all__ = ["DEFAULT_OPTIMIZER", "OPTIMIZERS", "Compiled", "Material", "Optimizer", "Trial", "confirm", "find_optimizer"]
