"""What a model makes of a person's edit, kept to what may stand in a profile."""

from collections.abc import Sequence
from typing import Any

import dspy

from programs.evidence import supported
from programs.fencing import gives_orders, order_passages, repeats
from programs.habits import offered
from programs.leakage import without_leaks
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from programs.profiles.asking import Told
from signatures.errors import SetupError, counted
from signatures.hypotheses import Hypothesis
from signatures.revising import ExplainEdit

EXPLAIN_TOKENS = 400
"""Token limit of an explanation."""


def explained(
    program: Any, lm: dspy.LM | str, changed: Sequence[str], edited: str, habits: Sequence[Hypothesis]
) -> Told:
    """Asks once what an edit says of the person.

    Quotations that do not occur in the edited text, leaks of its topic, and orders to models are dropped; so is a
    statement that neither states a habit that moved nor quotes the edited text.

    Args:
        program: Takes `draft`, `edited` and `habits` and gives `hypotheses`; a predictor of `ExplainEdit` if None.
        lm: The model, or its name.
        changed: Two: the changed passages of the draft, and what stands in their place.
        edited: The whole edited text.
        habits: What the edit moved, each with a check.

    Raises: SetupError if the program gives no hypotheses; DSPy's errors if the model fails.
    """
    program = program if program is not None else dspy.Predict(ExplainEdit, max_tokens=EXPLAIN_TOKENS)
    if not callable(program):
        raise SetupError(f"{type(program).__name__} explains no edits; give a program of the signature ExplainEdit")
    with dspy.context(lm=make_lm(lm) if isinstance(lm, str) else lm, adapter=dspy.settings.adapter or FittingAdapter()):
        found = program(draft=changed[0], edited=changed[1], habits=offered(habits))
    stated = getattr(found, "hypotheses", None)
    if stated is None:
        raise SetupError(f"{type(program).__name__} gives no hypotheses; give a program of the signature ExplainEdit")
    hypotheses, n_dropped = supported(stated, [edited], habits)
    passages = order_passages([edited])
    obeying = [each for each in hypotheses if gives_orders(each.statement) or repeats(each.statement, passages)]
    shown = [each for each in hypotheses if each not in obeying and (each.check or each.evidence)]
    kept, leaks = without_leaks(shown, [edited, *changed])
    dropped = (
        (len(obeying), "an order to a model"),
        (len(hypotheses) - len(obeying) - len(shown), "shown by no passage of the edited text"),
        (len(leaks), "about the topic, not the writer"),
    )
    notes = tuple(f"left out {counted(n, 'hypothesis', 'hypotheses')}: {why}" for n, why in dropped if n)
    return Told(kept, notes, n_dropped)
