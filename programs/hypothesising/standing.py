"""What is known of how a hypothesis does on texts, whether it was tested or not."""

from programs.profiles.record import ProfileHypothesis, Source, State
from signatures.hypotheses import Hypothesis


def state_of(hypothesis: Hypothesis) -> State:
    """Its state; one that stands in no profile is active."""
    return hypothesis.state if isinstance(hypothesis, ProfileHypothesis) else "active"


def in_profile(hypothesis: Hypothesis, source: Source = "model") -> ProfileHypothesis:
    """The hypothesis with a standing: its own, or one untested yet and stated by `source`."""
    if isinstance(hypothesis, ProfileHypothesis):
        return hypothesis
    return ProfileHypothesis(**hypothesis.model_dump(), source=source)


def expected_lift(hypothesis: Hypothesis) -> float | None:
    """By how much it is expected to hold more often on the person's texts than on others', in [-1, 1].

    None where no text of others was tested.
    """
    return hypothesis.lift if isinstance(hypothesis, ProfileHypothesis) else None


def sure_support(hypothesis: Hypothesis) -> float:
    """Expected share of the person's texts that fit it, by the rule of succession: (held + 1) / (tested + 2)."""
    if not isinstance(hypothesis, ProfileHypothesis):
        return 0.5
    return (hypothesis.n_held + 1) / (hypothesis.n_tested + 2)
