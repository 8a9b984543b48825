"""How far profiles can be trusted, without any model: `uv run python -m benchmarks.profiles`.

With the population that ships and, where said, with one fitted on authors of the corpus who take no part:

- verified: of habits claimed from 5 texts, the lift on unseen texts (share of the author's that fit, less the share of
  four other authors') of those that held on texts held back, and of those that did not;
- strangers: share of texts held back by an update: the author's own, other authors', and those of the other corpus;
- update: how often 1 new text after 20 leaves the same habits as starting over with 21, their mean overlap, how often
  that text changes the habits used, and what updating with a model reads and writes, as a share of starting over, in
  words of prompts and answers (the model is a stand-in that always says the same);
- leakage: share of statements that name the topic of 5 samples: measured ones, the gold ones of the bundled corpus,
  and, to show that leaks are found, statements made of what the samples answered (on the bundled corpus everybody
  answers the same prompts, so that few of their words are rare);
- orders: share of texts in which a passage is taken for an order to a model.
"""

import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from dspy.lm15 import Request, Response

from data import load_corpus
from programs.authorship import AuthorshipProgram
from programs.fencing import orders
from programs.intervals import clustered_mean
from programs.leakage import leaked
from programs.profile import Profile, infer_profile, update
from programs.profiles.measurements import held, measured_text
from programs.profiles.record import ProfileText
from programs.traits import Population, parse_check
from programs.traits.fitting import TextMeasures, fit, text_measures
from signatures.errors import SetupError
from signatures.records import Author
from tests.answering import AnsweringEngine, answering_lm

CCAT50 = Path(__file__).parents[1].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"
KNOWN = 5
MANY = 20
MOST_TEXTS = 30
"""Texts read of an author."""
N_NEW, N_OTHERS = 5, 4

Texts = Mapping[str, Sequence[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__)
    parser.add_argument("--data", nargs="*", default=[f"jsonl:{CCAT50}", "bundled"], help="corpora (default: both)")
    parser.add_argument("--seed", type=int, default=0, help="draws texts and authors (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        if f"jsonl:{CCAT50}" in options.data and not CCAT50.is_file():
            raise SetupError(f"there is no {str(CCAT50)!r}; give another corpus, such as --data bundled")
        corpora = {name: load_corpus(name).authors for name in options.data}
        for name, authors in corpora.items():
            elsewhere = [author for other, found in corpora.items() if other != name for author in found]
            Trials(authors, elsewhere, options.seed).run(name)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


class Trials:
    """All figures of one corpus."""

    def __init__(self, authors: Sequence[Author], elsewhere: Sequence[Author], seed: int) -> None:
        """Draws the texts that are read of each author."""
        self._rng = random.Random(seed)
        self._seed = seed
        self._authors = authors
        self._texts = {author.id: self._drawn(author) for author in authors}
        self._elsewhere = [text for author in elsewhere for text in self._drawn(author)[:2]]
        self._read = {name: [measured_text(text) for text in texts] for name, texts in self._texts.items()}
        self._measures: Mapping[str, list[TextMeasures]] = {
            name: [text_measures(text) for text in texts] for name, texts in self._texts.items()
        }

    def run(self, name: str) -> None:
        """Prints every figure."""
        print(f"{name}: {len(self._authors)} authors, {sum(map(len, self._texts.values()))} texts")
        many = min(map(len, self._texts.values())) > MANY
        for fitted in (False, True):
            print(f"  population: {'other authors of the corpus' if fitted else 'the one that ships'}")
            self._verified(fitted)
            for n in (KNOWN, MANY) if many else (KNOWN,):
                self._strangers(n, fitted)
        for n in (4, 8) if many else ():
            self._updates(n)
        self._leakage()
        every = [text for texts in self._texts.values() for text in texts]
        print(f"  texts taken to give orders: {sum(bool(orders(text)) for text in every)} of {len(every)}")

    def _drawn(self, author: Author) -> list[str]:
        texts = [text.text for text in author.texts]
        return self._rng.sample(texts, min(len(texts), MOST_TEXTS))

    def _others(self, author: str) -> list[str]:
        return self._rng.sample([name for name in self._texts if name != author], N_OTHERS)

    def _population(self, present: Sequence[str], fitted: bool) -> Population | None:
        """One of authors who are not present; None for the one that ships."""
        return fit({name: each for name, each in self._measures.items() if name not in present}) if fitted else None

    def _verified(self, fitted: bool) -> None:
        kept, failed, active = Tally(), Tally(), Tally()
        for name, texts in self._texts.items():
            unseen = self._read[name][KNOWN:]
            present = self._others(name)
            others = [text for other in present for text in self._read[other]]
            against = self._population([name, *present], fitted)
            for each in infer_profile(texts[:KNOWN], population=against).hypotheses:
                lift = _share(each.check, unseen) - _share(each.check, others)
                (failed if each.note.startswith("held on only") else kept).add(name, lift)
                if each.used:
                    active.add(name, lift)
        print(f"  lift of habits that held on texts held back: {kept.told(self._seed)}")
        print(f"  lift of the eight of them that are used: {active.told(self._seed)}")
        print(f"  lift of habits that did not hold there: {failed.told(self._seed)}")

    def _strangers(self, n: int, fitted: bool) -> None:
        own, others, elsewhere = Tally(), Tally(), Tally()
        for name, texts in self._texts.items():
            present = self._others(name)
            against = self._population([name, *present], fitted)
            profile = infer_profile(texts[:n], population=against)
            new = texts[n : n + N_NEW]
            strangers = [self._rng.choice(self._texts[other]) for other in present]
            far = self._rng.sample(self._elsewhere, min(N_OTHERS, len(self._elsewhere)))
            for tally, given in ((own, new), (others, strangers), (elsewhere, far)):
                for text in given:
                    tally.add(name, float(bool(update(profile, [text], population=against).held_back)))
        print(f"  held back, {n} texts known: own {own.told(self._seed)}")
        print(f"    other authors' {others.told(self._seed)}")
        if elsewhere.values:
            print(f"    the other corpus's {elsewhere.told(self._seed)}")

    def _updates(self, n: int) -> None:
        same, overlap, changed = Tally(), Tally(), Tally()
        spent, spent_over = Tally(), Tally()
        for name, texts in self._texts.items():
            known, new = texts[:MANY], texts[MANY : MANY + 1]
            profile = infer_profile(known, n=n)
            updated = _habits(update(profile, new, trust=True).profile)
            over = _habits(infer_profile([*known, *new], n=n))
            same.add(name, float(updated == over))
            changed.add(name, float(updated != _habits(profile)))
            overlap.add(name, len(updated & over) / max(len(updated | over), 1))
            cost, cost_over = costs(known, new, n)
            spent.add(name, cost)
            spent_over.add(name, cost_over)
        print(f"  1 new text after {MANY}, {n} habits: same set {same.told(self._seed)}; overlap {overlap.mean:.3f}")
        asked = sum(cost > 0 for cost in spent.values)
        print(
            f"    changes the set for {changed.mean:.3f}; words of an update with a model {spent.mean:.0f} on average "
            f"({asked} of {len(spent.values)} asked), of starting over {spent_over.mean:.0f}: "
            f"{spent.mean / spent_over.mean:.1%}, at most {max(spent.values) / spent_over.mean:.1%}"
        )

    def _leakage(self) -> None:
        kinds: dict[str, Callable[[Author], list[str]]] = {
            "measured": lambda author: [
                each.statement for each in infer_profile(self._texts[author.id][:KNOWN]).hypotheses
            ],
            "gold": lambda author: [each.statement for each in author.gold],
            "made of prompts": lambda author: [f"Writes of this: {prompt}" for prompt in self._prompts(author)],
        }
        for kind, statements in kinds.items():
            tally = Tally()
            for author in self._authors:
                for statement in statements(author):
                    tally.add(author.id, float(bool(leaked(statement, self._texts[author.id][:KNOWN]))))
            if tally.values:
                print(f"  statements that leak the topic, {kind}: {tally.told(self._seed)}")

    def _prompts(self, author: Author) -> list[str]:
        shown = self._texts[author.id][:KNOWN]
        return [text.prompt for text in author.texts if text.text in shown]


class CountingEngine(AnsweringEngine):
    """Counts the words that it reads and writes."""

    def __init__(self) -> None:
        """Has read nothing."""
        super().__init__()
        self.n_words = 0

    def complete(self, request: Request) -> Response:
        """Answers, and counts both."""
        response = super().complete(request)
        said = [request.system, *(turn.text for turn in request.messages), response.message.text]
        self.n_words += sum(len(part.split()) for part in said if isinstance(part, str))
        return response


def costs(known: Sequence[str], new: Sequence[str], n: int) -> tuple[int, int]:
    """Words that a model reads and writes for an update, and for starting over with all texts."""
    program = AuthorshipProgram()
    first, updating, over = CountingEngine(), CountingEngine(), CountingEngine()
    profile = infer_profile(known, answering_lm(first), program=program, n=n)
    update(profile, new, answering_lm(updating), program=program, trust=True)
    infer_profile([*known, *new], answering_lm(over), program=program, n=n)
    return updating.n_words, over.n_words


class Tally:
    """Values by author."""

    def __init__(self) -> None:
        """Starts empty."""
        self.authors: list[str] = []
        self.values: list[float] = []

    def add(self, author: str, value: float) -> None:
        """Takes one value."""
        self.authors.append(author)
        self.values.append(value)

    @property
    def mean(self) -> float:
        """Over all values."""
        return float(np.mean(self.values))

    def told(self, seed: int) -> str:
        """The mean with its 95% interval over authors, and the number of values."""
        if not self.values:
            return "none"
        rng, least = np.random.default_rng(seed), min(0.0, *self.values, 1.0)
        bounds = (-1.0 if least < 0 else 0.0, 1.0)
        found = clustered_mean(self.authors, np.array(self.values), rng=rng, even=0.0, bounds=bounds)
        return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f}, n {len(self.values)})"


def _share(check: str, texts: Sequence[ProfileText]) -> float:
    n_held, n_tested = held(parse_check(check), texts)
    return n_held / n_tested


def _habits(profile: Profile) -> set[tuple[str, str]]:
    return {(each.trait, parse_check(each.check).sign) for each in profile.hypotheses if each.used}


if __name__ == "__main__":
    sys.exit(main())
