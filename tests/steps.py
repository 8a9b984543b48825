"""What a scripted small model was asked, for tests of systems that take several steps."""

import json
from typing import Any

import dspy
from scripted import lm, requests, turns

from programs.lms.adapters import FittingAdapter
from signatures.generation import Sample

RAIN = Sample(text="We plant anyway. Rain or not.", prompt="Of the rain.")
BOAT = Sample(text="The boat is mended. Come and see.", prompt="Of the boat.")
SAMPLES = [RAIN, BOAT]

YES, NO, SO_SO = (
    json.dumps({"verdict": verdict}) for verdict in ("strongly confirms", "strongly contradicts", "neutral")
)


def small(*replies: str | Exception) -> tuple[dspy.LM, Any]:
    """A small model that gives these replies, and the context in which programs ask it."""
    scripted = lm(replies, small=True)
    return scripted, dspy.context(lm=scripted, adapter=FittingAdapter())


def conversations(scripted: dspy.LM) -> list[list[tuple[str, str]]]:
    """Every request as pairs of role and text, without its system message."""
    return [turns(request)[1:] for request in requests(scripted)]


def told(scripted: dspy.LM) -> list[str]:
    """The system message of every request."""
    return [turns(request)[0][1] for request in requests(scripted)]
