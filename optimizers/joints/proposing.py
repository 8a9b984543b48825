"""Instructions that a model writes from the task, the data and what went wrong."""

import logging
import random
import re
from collections.abc import Sequence
from typing import Any

import dspy

from optimizers.contract import Material, Metric
from optimizers.reflecting import PROPOSER_FAULTS, feedback
from programs.judges.masking import function_words
from programs.lms.wording import headed, worded
from signatures.errors import line_of

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 3000
"""Of an instruction: it is read before every answer."""
_SHOWN_CHARACTERS = 400
_TIPS = (
    "Say first what matters most, in a few plain sentences.",
    "Name the mistakes that were made and how to avoid them.",
    "Describe step by step how to go about it.",
    "Say who the writer of the answer is and what they pay attention to.",
)
_REFUSAL = re.compile(
    r"\W*(?:i['’]?m sorry|sorry,|i am sorry|i can(?:no|['’])t|i am (?:not able|unable)|i['’]m (?:not able|unable)"
    r"|i (?:will not|won['’]t|must decline)|as an ai\b|unfortunately,? i\b)",
    re.IGNORECASE,
)
_SMALL_WORDS = frozenset(
    """der das und ist nicht wie mit ein eine einen den dem für auf im zu zum von sie wir ihre dieser
    le la les des et est une dans pour que qui avec du ne pas vous votre sur comme
    el los las del y es una con por para su como lo il gli di che è per della nel non
    os não uma em da dos você seu het een van niet dat och att det som är inte""".split()
)
"""Of German, French, Spanish, Italian, Portuguese, Dutch and Swedish, without those that English has."""


class ProposeInstruction(dspy.Signature):
    """Write a better instruction for one step of a program in which a language model answers.

    The model that reads your instruction sees nothing else but the input fields. Say what makes an answer good for any
    input, never what is true of one example only. Answer with the instruction itself, in the language of the present
    one.
    """

    task: str = dspy.InputField(desc="the step's fields and its present instruction")
    data: str = dspy.InputField(desc="what the inputs are like")
    failures: list[str] = dspy.InputField(desc="answers under the present instruction that were not good enough")
    others: list[str] = dspy.InputField(desc="instructions that exist already; write a different one")
    tip: str = dspy.InputField(desc="how to go about it this time")
    instruction: str = dspy.OutputField(desc="the new instruction")


def propose_instructions(
    name: str, predictor: Any, material: Material, failures: Sequence[str], n: int, rng: random.Random
) -> list[str]:
    """Up to `n` new instructions for a predictor; none where the proposer gives none that can be used.

    Raises: OutOfBudgetError.
    """
    found: list[str] = []
    own = predictor.signature.instructions
    known = [own, *material.variants.get(name, ())]
    step = dspy.Predict(ProposeInstruction)
    for tip in rng.sample(_TIPS, min(n, len(_TIPS))):
        try:
            with dspy.context(lm=material.proposer):
                answer = step(
                    task=described(predictor),
                    data=summary(material.trainset),
                    failures=list(failures),
                    others=[*known[1:], *found],
                    tip=tip,
                )
            text = str(answer.instruction or "").strip()
        except PROPOSER_FAULTS as error:
            logger.warning("the proposer gave no instruction for %s: %s", name, line_of(error, 200))
            continue
        fault = unusable(text, own)
        if fault:
            logger.warning("a proposed instruction for %s is left out: it %s", name, fault)
        elif text not in known and text not in found:
            found.append(text)
    return found


def described(predictor: Any) -> str:
    """What a step is given and must answer, and its present instruction."""
    signature = predictor.signature
    parts = []
    for title, fields in (("Given", signature.input_fields), ("To answer", signature.output_fields)):
        parts += [f"{title}: {', '.join(fields)}"]
    return "\n".join([*parts, f"Present instruction: {signature.instructions}"])


def summary(examples: Sequence[dspy.Example]) -> str:
    """What the inputs of a trainset are like: how many, how long, and the beginning of two."""
    if not examples:
        return "No examples are known."
    authors = {str(example.get("author") or "") for example in examples} - {""}
    people = f" by {len(authors)} people" if authors else ""
    lines = [f"{len(examples)} examples{people}. Two of them:"]
    return "\n\n".join([*lines, *(_inputs(example) for example in examples[:2])])


def failure_words(metric: Metric, failures: Sequence[tuple[dspy.Example, Any]]) -> list[str]:
    """What was asked, what was answered, and what the metric says of it."""
    return [
        f"{_inputs(example)}\n\nAnswered:\n{_cut(worded(dict(prediction.items())))}\n\n"
        f"{feedback(metric, example, prediction)}"
        for example, prediction in failures
    ]


def unusable(text: str, own: str) -> str:
    """Why a proposed instruction cannot be used, in words after "it"; empty if it can.

    What remains is still only tried: an instruction that does not help loses its race.
    """
    if not any(sign.isalpha() for sign in text):
        return "is empty"
    if len(text) > MOST_CHARACTERS:
        return f"has {len(text)} characters, and {MOST_CHARACTERS} may be read before every answer"
    if _REFUSAL.match(text):
        return "refuses"
    if _latin(text) != _latin(own) or _foreign(text) != _foreign(own):
        return "is in another language"
    return ""


def _inputs(example: dspy.Example) -> str:
    given = dict(example.inputs().items())
    return "\n".join(_cut(part) for part in headed(given.keys(), given))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS].rstrip() + " ..."


def _latin(text: str) -> bool:
    """Whether most letters are Latin."""
    letters = [sign for sign in text if sign.isalpha()]
    return 2 * sum(sign < "\u0250" for sign in letters) >= len(letters)


def _foreign(text: str) -> bool:
    """Whether the small words are those of another language that is written in Latin letters, rather than English."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    n_foreign = sum(word in _SMALL_WORDS for word in words)
    return 10 * n_foreign >= max(len(words), 1) and n_foreign > sum(word in function_words() for word in words)
