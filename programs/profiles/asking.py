"""What a program's inferring step says of a person, kept to what may stand in a profile."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import dspy

from programs.evidence import supported
from programs.fencing import gives_orders, order_passages, repeats
from programs.habits import measured_habits, offered
from programs.leakage import without_leaks
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from programs.samples import shown_samples
from signatures.errors import SetupError, counted
from signatures.hypotheses import Hypothesis


class Told(NamedTuple):
    """What a model stated, after everything that cannot stand was dropped."""

    hypotheses: tuple[Hypothesis, ...] = ()
    notes: tuple[str, ...] = ()


def told_by(program: Any, lm: dspy.LM | str, samples: Sequence[str], attributes: Mapping[str, str]) -> Told:
    """Infers hypotheses with a model; drops quotations that do not occur, leaks of the topic and orders to models.

    Args:
        program: One with an inferring step, as `programs.AuthorshipProgram`; the program that ships if None.
        lm: The model, or its name.
        samples: Texts of one person; the program reads as many words of as many texts as it is set to.
        attributes: What is known of the person.

    Raises: SetupError if the program infers no hypotheses, or no sample holds text; DSPy's errors if the model fails.
    """
    program = _inferring(program)
    shown, notes = shown_samples(samples, program.settings.sample_words)
    texts = [sample.text for sample in shown]
    habits = measured_habits(texts)
    asked = {"attributes": dict(attributes), "samples": shown, "habits": offered(habits)}
    with dspy.context(lm=make_lm(lm) if isinstance(lm, str) else lm, adapter=dspy.settings.adapter or FittingAdapter()):
        found = program.infer(**asked).hypotheses
    hypotheses, n_dropped = supported(found, texts, habits)
    passages = order_passages(samples)
    obeying = [each for each in hypotheses if gives_orders(each.statement) or repeats(each.statement, passages)]
    kept, leaks = without_leaks((each for each in hypotheses if each not in obeying), samples)
    dropped = (
        (n_dropped, "quotation", "found in none of the texts, or of claims that hold on none"),
        (len(obeying), "hypothesis", "an order to a model"),
        (len(leaks), "hypothesis", "about the topic, not the writer"),
    )
    return Told(kept, (*notes, *(f"left out {_counted(n, what)}: {why}" for n, what, why in dropped if n)))


def _inferring(program: Any) -> Any:
    if program is None:
        from programs.versions import load

        program = load("authorship")
    if not hasattr(program, "infer") or not hasattr(program, "settings"):
        raise SetupError(
            f"{type(program).__name__} infers no hypotheses; give one that does, such as load('authorship')"
        )
    return program


def _counted(n: int, what: str) -> str:
    return f"{n} hypotheses" if what == "hypothesis" and n > 1 else counted(n, what)
