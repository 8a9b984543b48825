"""Infers the authors' hypotheses and writes the texts of an explanation, many at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import dspy

from programs.answers import Answer, answer_all
from programs.explaining.design import Cell
from programs.explaining.records import WrittenText
from programs.explaining.setup import ExplainSetup
from signatures.hypotheses import Hypothesis
from signatures.records import AuthorCase

EMPTY = "wrote nothing"
"""The error of a text without a word: a judge would read it as infinitely unlike anybody."""


class InRollout(dspy.Module):
    """A program whose every call names the rollout of the model that it is to use."""

    def __init__(self, program: dspy.Module) -> None:
        """Wraps a program; it is not copied, so that what it remembers of an author serves all calls."""
        super().__init__()
        self.program = program

    def forward(self, rollout: int, **inputs: Any) -> dspy.Prediction:
        """Calls the program; rollout 0 with the model as it is, any other with a seed of its own."""
        lm = dspy.settings.lm
        if not rollout:
            return self.program(**inputs)
        seed = lm.kwargs.get("seed")
        # A hosted model is told the seed alone, so that the rollout must change it.
        own = {} if seed is None else {"seed": seed + rollout}
        with dspy.context(lm=lm.copy(rollout_id=rollout, **own)):
            return self.program(**inputs)


class _Inferring(dspy.Module):
    """Keeps what a program inferred, which an `Answer` only has in words."""

    def __init__(self, program: dspy.Module, found: dict[str, tuple[Hypothesis, ...]]) -> None:
        super().__init__()
        self.program = program
        self._found = found

    def forward(self, author: str, brief: bool, **inputs: Any) -> dspy.Prediction:
        """Writes a text as for anybody; a brief one is not needed, so that a program with profiles makes only those."""
        if brief and hasattr(type(self.program), "profile"):
            profile = cast(Any, self.program).profile(inputs["samples"], inputs.get("attributes"))
            prediction = dspy.Prediction(text="", hypotheses=[each for each in profile.hypotheses if each.used])
        else:
            prediction = self.program(**inputs)
        self._found[author] = tuple(_plain(each) for each in prediction.hypotheses)
        return prediction


def _plain(hypothesis: Hypothesis) -> Hypothesis:
    """The hypothesis without its standing in a profile."""
    return Hypothesis.model_validate(hypothesis.model_dump(include=set(Hypothesis.model_fields)))


def infer_all(
    setup: ExplainSetup, on_answer: Callable[[Answer], None]
) -> tuple[dict[str, tuple[Hypothesis, ...]], dict[str, Answer]]:
    """Each author's and donor's hypotheses as the program infers them, and the answers that failed, by author.

    For those who are explained the program is called as for any text, on their first target, so that the hypotheses
    are those that it relies on.
    """
    found: dict[str, tuple[Hypothesis, ...]] = {}
    program = _Inferring(_program(setup), found)
    examples = []
    for brief, (_, case) in [*((False, each) for each in setup.cases), *((True, each) for each in setup.donors)]:
        given = {"author": case.author.id, "brief": brief}
        example = _examples(setup, case)[case.targets[0].id]
        inputs = example.inputs().keys()
        examples.append(example.copy(**given, target_id=case.author.id).with_inputs(*given, *inputs))
    answers = answer_all(program, examples, setup.choices.base.n_threads, on_answer)
    return found, {author: answer for author, answer in answers.items() if answer.error}


def write_all(
    setup: ExplainSetup, cells: Sequence[Cell], on_answer: Callable[[Answer], None]
) -> tuple[list[WrittenText], list[Exception], bool]:
    """Writes the cells' texts; those that there are, the faults, and whether Ctrl-C ended it early."""
    answers: dict[str, Answer] = {}

    def keep(answer: Answer) -> None:
        answers[answer.target_id] = answer
        on_answer(answer)

    program, examples = InRollout(_program(setup)), _cell_examples(setup, cells)
    interrupted = False
    try:
        answer_all(program, examples, setup.choices.base.n_threads, keep, finish_begun=True)
    except KeyboardInterrupt:
        interrupted = True
    made = [_written(cell, answers[cell.key]) for cell in cells if cell.key in answers]
    return made, [answer.fault for answer in answers.values() if answer.fault], interrupted


def _cell_examples(setup: ExplainSetup, cells: Sequence[Cell]) -> list[dspy.Example]:
    inputs = {case.author.id: _examples(setup, case) for _, case in setup.cases}
    examples = []
    for cell in cells:
        given = {"rollout": cell.rollout, "hypotheses": cell.hypotheses}
        example = inputs[cell.author][cell.target_id]
        names = example.inputs().keys()
        examples.append(example.copy(**given, target_id=cell.key).with_inputs(*given, *names))
    return examples


def _examples(setup: ExplainSetup, case: AuthorCase) -> Mapping[str, dspy.Example]:
    """Target id to what the program is given."""
    return {example.target_id: example for example in setup.experiment.task.examples([case])}


def _program(setup: ExplainSetup) -> dspy.Module:
    assert setup.system.program is not None
    return setup.system.program


def _written(cell: Cell, answer: Answer) -> WrittenText:
    return WrittenText(
        author=cell.author,
        target_id=cell.target_id,
        draw=cell.draw,
        arm=cell.arm,
        place=cell.place,
        swapped_in=cell.swapped_in,
        text=answer.text,
        seconds=answer.seconds,
        n_tokens=answer.n_tokens,
        error=answer.error or (None if answer.text.strip() else EMPTY),
    )
