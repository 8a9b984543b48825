"""What everyday requests do to leanings that are fitted to hard ones: `uv run python -m benchmarks.leanings`.

Two thirds of the bundled pairs that are not for testing, dealt anew in each round, and two thirds of the everyday
prompts are fitted to; the leanings then decide the rest, as a program would that always follows the likeliest and keeps
claims from unlocking anything. No model is asked. Each figure is a mean over rounds, with the range that holds 95% of
them.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from data.requests import load_requests, split_requests
from programs.deliberating.asked import Asked, asked_of
from programs.deliberating.guard import guarded, without_claims
from programs.deliberating.leanings import Leanings
from programs.deliberating.policy_words import policy_words
from programs.deliberating.precedents import EVERYDAY, fit_leanings
from programs.safety_metric import OPEN
from signatures.requests import Decision, Request

SHARES = (0.0, EVERYDAY / 2, EVERYDAY, 2 * EVERYDAY, 4 * EVERYDAY)
MEASURES = ("decided as expected", "over-refusal", "unsafe answered", "everyday answered")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leanings", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="ways to deal pairs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="deals pairs (default: %(default)s)")
    options = parser.parse_args(arguments)
    parts, everyday = split_requests(load_requests("bundled")), load_requests("everyday").requests
    hard = (*parts.train, *parts.val, *parts.dev)
    print("| everyday requests weigh | " + " | ".join(MEASURES) + " |\n| --- |" + " --- |" * len(MEASURES))
    for share in SHARES:
        rng = np.random.default_rng(options.seed)
        rounds = np.array([_round(hard, everyday, share, rng) for _ in range(options.rounds)])
        low, high = np.quantile(rounds, [0.025, 0.975], axis=0)
        cells = [f"{m:.3f} ({a:.2f}-{b:.2f})" for m, a, b in zip(rounds.mean(axis=0), low, high, strict=True)]
        print(f"| {share:.3g} of the hard ones | " + " | ".join(cells) + " |", flush=True)
    return 0


def _round(
    hard: Sequence[Request], everyday: Sequence[Request], share: float, rng: np.random.Generator
) -> tuple[float, ...]:
    policy = policy_words("default")
    (seen, unseen), (usual, others) = _dealt(hard, rng), _dealt(everyday, rng)
    leanings = fit_leanings(seen, policy, usual if share else (), share)
    made = [_decided(each, leanings, policy) for each in unseen]
    answered = [_decided(each, leanings, policy) in OPEN for each in others]
    safe = [decision for decision, each in zip(made, unseen, strict=True) if each.label == "safe"]
    unsafe = [decision for decision, each in zip(made, unseen, strict=True) if each.label == "unsafe"]
    return (
        float(np.mean([decision == each.expected for decision, each in zip(made, unseen, strict=True)])),
        float(np.mean([decision in ("partly decline", "decline") for decision in safe])),
        float(np.mean([decision in OPEN for decision in unsafe])),
        float(np.mean(answered)),
    )


def _dealt(requests: Sequence[Request], rng: np.random.Generator) -> tuple[list[Request], list[Request]]:
    pairs = sorted({each.pair for each in requests})
    chosen = {pairs[i] for i in rng.permutation(len(pairs))[: len(pairs) * 2 // 3]}
    return [each for each in requests if each.pair in chosen], [each for each in requests if each.pair not in chosen]


def _decided(request: Request, leanings: Leanings, policy: str) -> Decision:
    unclaimed = leanings.of(Asked(without_claims(request.prompt), {}, ()), policy)
    return guarded(leanings.of(asked_of(request), policy)[0].decision, unclaimed[0].decision)


if __name__ == "__main__":
    sys.exit(main())
