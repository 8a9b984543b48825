"""The tasks, each with the program that serves it and what its experiments need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import dspy
from pydantic import ValidationError

from data.sentences import clip
from programs.authorship import AuthorshipProgram, AuthorshipSettings
from programs.deliberating.examples import deliberative_demos, deliberative_examples
from programs.deliberative import DEFAULT_POLICY, DeliberativeProgram, DeliberativeSettings
from programs.habits import measured_habits, offered
from signatures import deliberation
from signatures.errors import SetupError, counted, unknown
from signatures.generation import MAX_HYPOTHESES, MIN_HYPOTHESES, VARIANTS, Sample
from signatures.hypotheses import Hypothesis
from signatures.records import AuthorCase

if TYPE_CHECKING:
    from programs.bench import Bench

DEMO_SAMPLES, DEMO_WORDS, DEMO_HABITS = 2, 80, 6
LEAST_AUTHORS, LEAST_TEXTS, MOST_TEXTS = 4, 5, 40
"""Authors, and texts of each, that a population is fitted on: few of a trade tell more than many of other trades
(`benchmarks.traits --others`)."""
COMPARED_TEXTS = 15
"""Texts of each that candidates are compared with."""


@dataclass(frozen=True)
class Task:
    """What compile, versions and reports need to know of a task."""

    name: str
    program: Callable[[Any], dspy.Module]
    """Makes an uncompiled program from settings."""
    settings: type[Any]
    """The record of those settings."""
    examples: Callable[[Sequence[Any]], list[dspy.Example]]
    """Cases, such as authors, to examples whose inputs the program takes; labels where they are known."""
    demos: Callable[[Sequence[Any]], list[dspy.Example]]
    """The same, brief enough to be shown as demos."""
    variants: Mapping[str, Sequence[str]]
    """Predictor name to hand-written instructions that an optimizer may choose."""
    bench_of: Callable[[], "Bench"]
    """Imports what experiments need, which an app that loads a program pays nothing for; see `bench`."""
    fit: Callable[[Any, str, Sequence[Any]], str] = lambda program, corpus, cases: ""
    """Gives a program what it takes from a corpus (by name) and its train and val cases before any search; returns
    what a reader should know of it, in words."""

    @property
    def bench(self) -> "Bench":
        """What experiments on the task need."""
        return self.bench_of()

    def settings_of(self, program: Any) -> dict[str, Any]:
        """The settings of one of this task's programs, as `build` takes them."""
        return program.settings.model_dump(mode="json")

    def build(self, settings: Mapping[str, Any]) -> dspy.Module:
        """A fresh program from the settings on a card.

        Raises: SetupError if they are not this task's.
        """
        try:
            return self.program(self.settings.model_validate(dict(settings)))
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise SetupError(
                f"the settings of this {self.name} program do not fit: {where}: {fault['msg']}; compile it again"
            ) from error


def authorship_examples(cases: Sequence[AuthorCase]) -> list[dspy.Example]:
    """One example a target: what the program is given, and as labels the author's own text and gold hypotheses."""
    examples = []
    for case in cases:
        samples = [Sample(text=text.text, prompt=text.prompt) for text in case.samples]
        shown = [gold.shown_in([sample.text for sample in samples]) for gold in case.author.gold]
        hypotheses = [hypothesis for hypothesis in shown if hypothesis is not None]
        for target in case.targets:
            example = dspy.Example(
                samples=samples,
                attributes=case.author.attributes,
                prompt=target.prompt,
                text=target.text,
                hypotheses=hypotheses[:MAX_HYPOTHESES],
                author=case.author.id,
                target_id=target.id,
            )
            examples.append(example.with_inputs("samples", "attributes", "prompt"))
    return examples


def authorship_demos(cases: Sequence[AuthorCase]) -> list[dspy.Example]:
    """The same with two short samples each: a demo shows the form of an answer, and every call reads all of it.

    Each has the habits that are measured in these samples, and as hypotheses three of those, with a quotation each:
    what a small model can answer, and true of texts as short as these. Chosen are habits of the aspects that the gold
    hypotheses speak of, as far as there are. Where fewer than three habits stand out, the gold hypotheses stay.
    """
    brief = []
    for case in cases:
        samples = tuple(
            text.model_copy(update={"text": clip(text.text, DEMO_WORDS), "prefix": ""})
            for text in case.samples[:DEMO_SAMPLES]
        )
        case = case.model_copy(update={"samples": samples})
        labels = _measured_labels(case)
        brief += [example.copy(**labels) for example in authorship_examples([case])]
    return brief


def _measured_labels(case: AuthorCase) -> dict[str, Any]:
    habits = measured_habits([sample.text for sample in case.samples], DEMO_HABITS)
    if len(habits) < MIN_HYPOTHESES:
        return {"habits": offered(habits)}
    telling = {gold.aspect for gold in case.author.gold}
    chosen = sorted(habits, key=lambda habit: habit.aspect not in telling)[:MIN_HYPOTHESES]
    return {"habits": offered(habits), "hypotheses": [_as_answer(habit) for habit in habits if habit in chosen]}


def _as_answer(habit: Hypothesis) -> Hypothesis:
    """A habit as a model would claim it: briefly, and without the check that no model is asked for."""
    return habit.model_copy(update={"evidence": habit.evidence[:1], "check": ""})


def fit_others(program: AuthorshipProgram, corpus: str, cases: Sequence[AuthorCase]) -> str:
    """Lets the program tell a person from the corpus's own authors, where there are four of them or more.

    People of one trade share habits that tell them from other people, not from each other. The population and the
    background that ship know authors of the bundled corpus already.
    """
    if corpus == "bundled":
        return ""
    from programs.background import Background, shipped_background
    from programs.traits import population

    texts = {case.author.id: [text.text for text in case.author.texts[:MOST_TEXTS]] for case in cases}
    enough = {author: found for author, found in texts.items() if len(found) >= LEAST_TEXTS}
    if len(enough) < LEAST_AUTHORS:
        return f"people are told from the bundled authors: {len(enough)} here have {LEAST_TEXTS} texts or more"
    program.population = population(enough, f"{counted(len(enough), 'author')} of {Path(corpus).name}")
    # What a few writers share may be what they write about: of words, only those that others use too are kept.
    own = Background({author: found[:COMPARED_TEXTS] for author, found in enough.items()}, shipped_background().common)
    program.background = Background.masked(own.dump())
    return f"people are told from {program.population.name}"


def fit_precedents(program: DeliberativeProgram, corpus: str, cases: Sequence[Any]) -> str:
    """Lets the program go by how the corpus's own requests were decided, where enough of them say."""
    from data.requests import load_requests
    from programs.deliberating.policy_words import policy_words
    from programs.deliberating.precedents import enough, fit_leanings

    known = [request for case in cases for request in case.known]
    if not enough(known):
        return "the deliberating step is offered no leanings: too few requests here say how they should be decided"
    # Everyday requests were decided by this policy alone, and a corpus of them keeps its own test part unseen.
    fitting = program.policy == policy_words(DEFAULT_POLICY) and corpus != "everyday"
    everyday = load_requests("everyday").requests if fitting else ()
    program.leanings = fit_leanings(known, program.policy, everyday)
    leanings = program.leanings
    usual = counted(leanings.n_everyday, "everyday request")
    return (
        f"the deliberating step is offered leanings, fitted to {counted(leanings.n_requests, 'request')} in "
        f"{counted(leanings.n_pairs, 'pair')} of {Path(corpus).name} beside {usual}"
    )


def _authorship_bench() -> "Bench":
    from programs.benches.authorship import BENCH

    return BENCH


def _deliberative_bench() -> "Bench":
    from programs.benches.deliberative import BENCH

    return BENCH


def _requests(cases: Sequence[Any]) -> list[Any]:
    return [target.request for case in cases for target in case.targets]


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "authorship": Task(
            name="authorship",
            program=AuthorshipProgram,
            settings=AuthorshipSettings,
            examples=authorship_examples,
            demos=authorship_demos,
            variants=VARIANTS,
            bench_of=_authorship_bench,
            fit=fit_others,
        ),
        "deliberative": Task(
            name="deliberative",
            program=DeliberativeProgram,
            settings=DeliberativeSettings,
            examples=lambda cases: deliberative_examples(_requests(cases)),
            demos=lambda cases: deliberative_demos(_requests(cases)),
            variants=deliberation.VARIANTS,
            bench_of=_deliberative_bench,
            fit=fit_precedents,
        ),
    }
)
"""Every task; read-only."""


def find_task(name: str) -> Task:
    """The task called `name`.

    Raises: SetupError for an unknown name, listing the known ones.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]
