"""Habits of writing, measured without a model, that can be claimed of a person and checked on a new text.

`measure(samples)` says what is unusual in a person's texts, `distinctive(samples)` states it as hypotheses with checks,
and `holds(hypothesis, text)` tests one on a text. All take a `Population` to compare with; `population` fits one.
"""

from programs.traits.checks import Check, holds, parse_check
from programs.traits.claims import distinctive
from programs.traits.fitting import population
from programs.traits.measuring import MeasuredTrait, fingerprint, measure
from programs.traits.population import Population, default_population, read_population, write_population
from programs.traits.registry import TRAITS
from programs.traits.trait import Trait

__all__ = [
    "TRAITS",
    "Check",
    "MeasuredTrait",
    "Population",
    "Trait",
    "default_population",
    "distinctive",
    "fingerprint",
    "holds",
    "measure",
    "parse_check",
    "population",
    "read_population",
    "write_population",
]
