"""Further calls of one step: none repeats another, whatever the model."""

import dspy
from scripted import lm, requests

from programs import AuthorshipProgram
from programs.lms.adapters import FittingAdapter

SAMPLES = ["Rain again. We plant anyway, since the mud will not wait for us."]


def test_a_hosted_model_with_a_seed_is_told_another_for_every_candidate():
    model = lm(["[[ ## text ## ]]\nOne.\n\n[[ ## completed ## ]]"] * 3, schema=False, seed=7, temperature=0.9)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        AuthorshipProgram()(samples=SAMPLES, prompt="p", hypotheses=[], n=3)
    # A seed that the provider honours would else write the same text three times.
    assert sorted(request.config.seed or 0 for request in requests(model)) == [7, 8, 9]
