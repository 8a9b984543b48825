"""What a program's inferring steps say of a person, kept to what may stand in a profile."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import dspy

from programs.evidence import supported
from programs.fencing import gives_orders, order_passages, repeats
from programs.habits import measured_habits, offered
from programs.leakage import without_leaks
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from programs.samples import cut_samples, whole_samples
from signatures.errors import SetupError, counted
from signatures.generation import Sample
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.traits import Population


class Told(NamedTuple):
    """What a model stated, after everything that cannot stand was dropped."""

    hypotheses: tuple[Hypothesis, ...] = ()
    notes: tuple[str, ...] = ()
    n_dropped: int = 0
    """Quotations that occur in none of the texts, and claims whose check holds on none."""


def told_by(
    program: Any,
    lm: dspy.LM | str,
    samples: Sequence[str],
    attributes: Mapping[str, str],
    population: "Population | None" = None,
) -> Told:
    """Infers hypotheses with a model.

    Args:
        program: One with an inferring step, as `programs.AuthorshipProgram`; the program that ships if None.
        lm: The model, or its name.
        samples: Texts of one person; the program reads as many words of as many texts as it is set to.
        attributes: What is known of the person.
        population: Whom the person must differ from; the program's own if None.

    Raises: SetupError if the program infers no hypotheses, or no sample holds text; DSPy's errors if the model fails.
    """
    program = _inferring(program)
    whole, notes = whole_samples(samples)
    against = population or getattr(program, "population", None)
    with dspy.context(lm=make_lm(lm) if isinstance(lm, str) else lm, adapter=dspy.settings.adapter or FittingAdapter()):
        told = tell(program, whole, attributes, against)
    shown_notes = cut_samples(whole, program.settings.sample_words)[1]
    dropped = (
        f"left out {counted(told.n_dropped, 'quotation')}: found in none of the texts, or of claims that hold on none"
    )
    skipped = ", ".join(getattr(program.settings, "steps", ()))
    left = [f"not asked here: {skipped}; the program's own `profile` does"] if skipped else []
    return told._replace(notes=(*notes, *shown_notes, *([dropped] if told.n_dropped else []), *told.notes, *left))


def tell(
    program: Any, samples: Sequence[Sample], attributes: Mapping[str, str], population: "Population | None" = None
) -> Told:
    """Asks the program's inferring steps; drops quotations that do not occur, leaks of the topic and orders to models.

    The model reads the samples as far as the program shows them; habits are measured, and claims tested, on the whole.
    Runs with the caller's model and adapter.
    """
    texts = [sample.text for sample in samples]
    shown, _ = cut_samples(samples, program.settings.sample_words)
    habits = measured_habits(texts, program.settings.n_habits, population)
    # A habit of a dimension that is left out would be an answer that the step may not give.
    habits = tuple(each for each in habits if program.dimensions.admits(each))
    asked = {"attributes": dict(attributes), "samples": shown, "habits": offered(habits)}
    found = program.infer(**asked).hypotheses
    hypotheses, n_dropped = supported(found, texts, habits)
    passages = order_passages(texts)
    obeying = [each for each in hypotheses if gives_orders(each.statement) or repeats(each.statement, passages)]
    kept, leaks = without_leaks((each for each in hypotheses if each not in obeying), texts, _named(program))
    dropped = ((len(obeying), "an order to a model"), (len(leaks), "about the topic, not the writer"))
    notes = tuple(f"left out {counted(n, 'hypothesis', 'hypotheses')}: {why}" for n, why in dropped if n)
    return Told(kept, notes, n_dropped)


def _named(program: Any) -> list[str]:
    """Names of the dimensions and aspects that the program's hypotheses may be about."""
    return [name for dimension, aspects in program.dimensions.dimensions.items() for name in (dimension, *aspects)]


def _inferring(program: Any) -> Any:
    if program is None:
        from programs.versions import load

        program = load("authorship")
    if not hasattr(program, "infer") or not hasattr(program, "settings"):
        raise SetupError(
            f"{type(program).__name__} infers no hypotheses; give one that does, such as load('authorship')"
        )
    return program
