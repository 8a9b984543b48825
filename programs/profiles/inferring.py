"""From a person's texts to a profile: measure, ask a model where there is one, verify, rank."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dspy

from programs.fencing import order_passages, orders, unordered
from programs.profiles.measurements import measured_text, own_texts, traits_of
from programs.profiles.ranking import ranked, tested
from programs.profiles.record import Change, Profile, ProfileHypothesis, ProfileText
from programs.profiles.strangers import UNLIKE, likeness_of
from programs.profiles.verifying import FEWEST_TO_HOLD_BACK, OTHERS_TELL_MORE, measured_hypotheses
from programs.traits import Population, default_population
from signatures.errors import SetupError, counted

if TYPE_CHECKING:
    from programs.profiles.asking import Told

N_HYPOTHESES = 8
_FEWEST_TO_COMPARE = 5


def infer_profile(
    samples: Sequence[str],
    lm: dspy.LM | str | None = None,
    attributes: Mapping[str, str] | None = None,
    *,
    program: Any = None,
    population: Population | None = None,
    n: int = N_HYPOTHESES,
) -> Profile:
    """What is distinctive about how a person writes, each claim tested on texts held back.

    Without a model, claims are measured habits; with one, the program's inferring step states and chooses too. After
    HypoGeniC (arXiv:2404.04326, sec. 3), which keeps a hypothesis by how it does on examples; departs from it in that
    checks, not a model, tell whether a hypothesis holds, and that each is tested on texts held back while it was
    looked for. A statement that names what the texts are about is dropped, and so is a quotation that
    gives orders to a model.

    Args:
        samples: Texts of one person, ideally 5 or more; mail that they quote is cut.
        lm: A model, or its name, such as "embedded"; None asks none.
        attributes: What is known of the person.
        program: What infers with the model; the program that ships if None.
        population: Whom the person must differ from; if None the program's own, else the one that ships
            (`programs.traits.population` says for whom that is too narrow).
        n: The most hypotheses that are active.

    Raises: SetupError if there is no text, or the program infers no hypotheses.
    """
    own = own_texts(samples)
    if not any(sample.strip() for sample in samples):
        raise SetupError(f"none of the {len(samples)} samples holds text; give at least one text that the person wrote")
    told = None
    if lm is not None:
        # Asking imports the program and what it needs, which a measured profile does without.
        from programs.profiles.asking import told_by

        told = told_by(program, lm, own.texts or samples, attributes or {}, population)
    return profile_of(samples, told, attributes, population or getattr(program, "population", None), n)


def profile_of(
    samples: Sequence[str],
    told: "Told | None" = None,
    attributes: Mapping[str, str] | None = None,
    population: Population | None = None,
    n: int = N_HYPOTHESES,
) -> Profile:
    """The profile that texts, and what a model told of them, make; calls no model.

    Args:
        samples: Texts of one person.
        told: What a model stated of them, if one was asked.
        attributes: What is known of the person.
        population: Whom the person must differ from; the one that ships if None.
        n: The most hypotheses that are active.

    Raises: SetupError if `samples` holds what is no text.
    """
    own = own_texts(samples)
    against = population or default_population()
    read = [measured_text(text) for text in own.texts]
    candidates = measured_hypotheses(own.texts, read, against)
    stated = told.hypotheses if told else ()
    notes = tuple(dict.fromkeys((*own.notes, *told.notes))) if told else own.notes
    used = ranked([tested(each, candidates, read, against) for each in stated], candidates, n)
    hypotheses, n_orders = without_orders(used, samples)
    return Profile(
        attributes=dict(attributes or {}),
        hypotheses=hypotheses,
        n_hypotheses=n,
        population=against.name,
        notes=(*notes, *order_notes(samples, n_orders), *_doubts(read, own.places, against, hypotheses)),
        history=_history(hypotheses, len(read)),
        traits=traits_of(read, against),
        texts=tuple(read),
    )


def without_orders(
    hypotheses: Sequence[ProfileHypothesis], samples: Sequence[str]
) -> tuple[tuple[ProfileHypothesis, ...], int]:
    """The hypotheses without quotations that give orders to a model, and how many quotations those were."""
    kept, n_left_out, passages = [], 0, order_passages(samples)
    for each in hypotheses:
        spans = unordered(each.evidence, passages)
        n = len(each.evidence) - len(spans)
        kept.append(each.model_copy(update={"evidence": spans}) if n else each)
        n_left_out += n
    return tuple(kept), n_left_out


def order_notes(samples: Sequence[str], n_quotations: int) -> tuple[str, ...]:
    """What to say of texts that give orders to a model, if any do."""
    n = sum(bool(orders(sample)) for sample in samples)
    if not n:
        return ()
    quoting = f"; left out {counted(n_quotations, 'quotation')} of them" if n_quotations else ""
    return (f"orders to a model in {counted(n, 'text')}, read as data and not obeyed{quoting}",)


def _doubts(
    read: Sequence[ProfileText],
    places: Sequence[int],
    population: Population,
    hypotheses: Sequence[ProfileHypothesis],
) -> tuple[str, ...]:
    """What a person should know before believing the profile."""
    notes = []
    if 0 < len(read) < FEWEST_TO_HOLD_BACK:
        notes.append(f"tested on the {counted(len(read), 'text')} it comes from: too few to hold one back")
    if not read:
        notes.append("no text holds a word, so nothing was measured")
    elif not any(each.used for each in hypotheses):
        notes.append("no habit stands out in these texts and holds on those held back: write plainly")
    for place, text in enumerate(read) if len(read) >= _FEWEST_TO_COMPARE else ():
        likeness = likeness_of([text], [*read[:place], *read[place + 1 :]], population)
        if likeness is not None and likeness[0] < UNLIKE:
            notes.append(f"text {places[place] + 1} reads unlike the others; is it by the same person?")
    return tuple(notes)


def _history(hypotheses: Sequence[ProfileHypothesis], n_texts: int) -> tuple[Change, ...]:
    used = tuple(each.statement for each in hypotheses if each.used)
    unborne = tuple(each.statement for each in hypotheses if not each.used and each.note != OTHERS_TELL_MORE)
    inferred = Change(what="inferred", n_texts=n_texts, statements=used)
    failed = Change(what="dropped", n_texts=n_texts, statements=unborne, note="held on too few of the texts")
    return (inferred, failed) if unborne else (inferred,)
