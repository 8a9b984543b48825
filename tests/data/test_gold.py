from signatures.hypotheses import GoldHypothesis

GOLD = GoldHypothesis(
    dimension="writing style",
    aspect="rhythm",
    statement="Writes short sentences.",
    evidence=("Go on.", "Stop it.", "No more.", "Sit down."),
)


def test_only_spans_that_the_samples_hold_are_kept_and_two_at_most():
    found = GOLD.shown_in(["Sit down. No more.", "Stop it. Go on."])
    assert found is not None
    assert found.evidence == ("Go on.", "Stop it.")
    assert (found.statement, found.aspect) == (GOLD.statement, "rhythm")


def test_a_claim_shown_in_more_samples_is_held_with_more_confidence():
    one, both = GOLD.shown_in(["Go on.", "else"]), GOLD.shown_in(["Go on.", "Stop it."])
    # (1 + 1) / (2 + 2) and (2 + 1) / (2 + 2)
    assert one is not None and both is not None
    assert (one.confidence, both.confidence) == (0.5, 0.75)


def test_samples_that_show_nothing_give_no_hypothesis():
    assert GOLD.shown_in(["else"]) is None
    assert GOLD.shown_in([]) is None
