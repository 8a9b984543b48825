"""What makes inferred hypotheses worth trusting: contrast them with other writers, verify, merge and rank them.

Each step has a mechanical part that needs no model, and a model's part that is a `dspy.Module`, compiled and saved like
any other.
"""

from programs.hypothesising.contrast import Contrast, contrasting
from programs.hypothesising.merge import Merge, Merged, merged
from programs.hypothesising.neighbours import GenericTexts, generic_of, near_neighbours
from programs.hypothesising.ranking import Credit, Scored, chosen, credited, explore, ranked, usefulness
from programs.hypothesising.verify import Verify

__all__ = [
    "Contrast",
    "Credit",
    "GenericTexts",
    "Merge",
    "Merged",
    "Scored",
    "Verify",
    "chosen",
    "contrasting",
    "credited",
    "explore",
    "generic_of",
    "merged",
    "near_neighbours",
    "ranked",
    "usefulness",
]
