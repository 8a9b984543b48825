"""All traits, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from programs.traits.manner import MANNER
from programs.traits.marks import MARKS
from programs.traits.rhythm import RHYTHM
from programs.traits.trait import Trait
from programs.traits.wording import WORDING

TRAITS: Mapping[str, Trait] = MappingProxyType({trait.name: trait for trait in (*RHYTHM, *MARKS, *WORDING, *MANNER)})
"""In the order of reports."""
