"""Learns from a person's edit of a text that was written for them.

After CIPHER (arXiv:2404.15269, sec. 4), which asks a model what preference an edit shows and keeps the answer;
departs from it in that measurements say first which habits the edit moved and which way, so that an edit teaches
without a model, and that no single edit decides: it takes two more for a habit than against it to bring it in, as many
against it to drop it. The edited text counts as one more text of the person.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import dspy

from data.sentences import clip, sentences
from programs.profiles.changes import changes
from programs.profiles.inferring import without_orders
from programs.profiles.measurements import held, measured_text, own_texts, share_of_others, without_quoted_mail
from programs.profiles.moves import Move, changed_share, different_moves, moves
from programs.profiles.ranking import Habit, habit_of
from programs.profiles.record import Profile, ProfileHypothesis, ProfileText
from programs.profiles.revision import News, revised
from programs.profiles.updating import Update, fitting_population, update
from programs.traits import TRAITS, Check, Population, parse_check
from programs.traits.claims import LEAST_LIFT, MOST_TEXTS
from programs.traits.evidence import quotations
from programs.traits.phrasing import quantity, statement
from programs.traits.reading import Reading
from signatures.errors import SetupError

REPLACED = 0.8
"""From this share of changed words on, the draft was thrown away, not edited."""
MOST_SUGGESTED = 5
"""Habits that one edit suggests, at most, the furthest moved first."""
SHOWN_WORDS = 200
"""Words of the changed passages that a model is shown, of draft and edit each."""
BY = "an edit"


def learn_from_edit(
    profile: Profile,
    draft: str,
    edited: str,
    lm: dspy.LM | str | None = None,
    program: Any = None,
    *,
    population: Population | None = None,
) -> Update:
    """The profile after the person has edited a text that was written for them.

    A habit that the edit moved a text towards is confirmed; one that it moved the text away from, so that its check
    holds no more, is weakened; one that the profile does not know is suggested. Pinned, rejected and the person's own
    hypotheses do not change. The share of words that the person left rewards the hypotheses that the profile uses, by
    which the draft is taken to be written (`Profile.rewarded`). Without a model nothing is asked; with one, one call
    explains the changed passages.

    Args:
        profile: What is known so far.
        draft: The text as it was written for the person.
        edited: The text as the person left it.
        lm: A model, or its name, such as "embedded"; None asks none.
        program: Takes `draft`, `edited` and `habits` and gives `hypotheses`, as `signatures.revising.ExplainEdit`
            says; a plain predictor of it if None.
        population: The one that the profile was inferred with; the one that ships if None.

    Returns: the profile as it was, and a note, where the edit changes nothing or leaves no word. Where it replaces
        more than four fifths of the draft, the edited text counts as a new text alone.

    Raises: SetupError if a text is no string, or the profile was inferred with another population; DSPy's errors if the
        model fails.
    """
    against = fitting_population(profile, population)
    before, after = _compared(draft, "draft"), _compared(edited, "edited text")
    unusable = _unusable(profile, before, after)
    if unusable:
        return Update(profile=profile, notes=(unusable,))
    if not Reading(before).words or changed_share(before, after) > REPLACED:
        alone = update(profile, [edited], population=population, trust=True)
        note = "the edit replaces nearly all of the draft: read as a new text, not as an edit"
        return Update(profile=alone.profile, notes=(*alone.notes, note))
    # A text that is kept whole was written well; each changed word takes from it.
    scored = profile.rewarded(profile.usable(), 1 - changed_share(before, after))
    return _learned(scored, before, after, against, lm, program)


def _compared(text: str, name: str) -> str:
    if not isinstance(text, str):
        raise SetupError(f"the {name} is {text!r}; give the text, as a string")
    return without_quoted_mail(text)


def _unusable(profile: Profile, draft: str, edited: str) -> str:
    """Why nothing can be learned from an edit, empty where something can."""
    if not Reading(edited).words:
        return "nothing learned: the edited text holds no word"
    if " ".join(draft.split()) == " ".join(edited.split()) and draft.count("\n") == edited.count("\n"):
        return "nothing learned: the edit changes nothing"
    if not own_texts([edited], frozenset(text.digest for text in profile.texts)).texts:
        return "nothing learned: the profile knows the edited text already"
    return ""


def _learned(
    profile: Profile, draft: str, edited: str, population: Population, lm: dspy.LM | str | None, program: Any
) -> Update:
    moved = moves(draft, edited, profile.texts, population)
    different = different_moves(moved, population, MOST_SUGGESTED)
    read = measured_text(edited)
    known = (*profile.texts, read)
    changed = changed_sentences(draft, edited)
    shown = [Reading(part) for part in changed[1] or [edited]]
    telling = [_suggestion(move, shown, known, population) for move in different if _beyond_average(move, population)]
    suggested, _ = without_orders(telling, [edited])
    told, notes = (), ()
    if lm is not None:
        # Asking imports what a measured edit does without.
        from programs.profiles.explaining import explained

        passages = tuple(clip(" ".join(parts), SHOWN_WORDS) for parts in changed)
        answer = explained(program, lm, passages, edited, [each.plain() for each in suggested])
        borne_out = {each.check for each in suggested if _borne_out(each)}
        told = tuple(each for each in answer.hypotheses if not each.check or each.check in borne_out)
        notes = answer.notes
    votes = _votes(profile, moved, read) | {habit: 1 for each in suggested if (habit := habit_of(each)) is not None}
    news = News(texts=[edited], read=[read], told=told, votes=votes, suggested=suggested)
    after = revised(profile, news, population)
    history = (*profile.history, *changes(profile, after, news, BY, population))
    said = tuple(_told(move) for move in different) or ("the edit moves no habit further than chance would",)
    return Update(profile=after.model_copy(update={"history": history}), notes=(*said, *notes))


def _borne_out(each: ProfileHypothesis) -> bool:
    """Whether what the edit asks for is true of most texts of the person, and more often than of others'."""
    return each.confidence >= MOST_TEXTS and (each.lift or 0.0) >= LEAST_LIFT


def changed_sentences(draft: str, edited: str) -> tuple[list[str], list[str]]:
    """The sentences of the draft that the edit changed or took out, and those that stand in their place."""
    old, new = sentences(draft), sentences(edited)
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    taken = [part for kind, start, end, _, _ in found if kind != "equal" for part in old[start:end]]
    given = [part for kind, _, _, start, end in found if kind != "equal" for part in new[start:end]]
    return taken, given


def _votes(profile: Profile, moved: Sequence[Move], read: ProfileText) -> dict[Habit, int]:
    """For each habit of the profile that the edit moved: 1 towards it, -1 away from it and out of its reach."""
    by_trait = {move.trait: move for move in moved}
    votes: dict[Habit, int] = {}
    for each in profile.hypotheses:
        habit, move = habit_of(each), by_trait.get(each.trait)
        if habit is None or move is None:
            continue
        if move.sign == habit[1]:
            votes[habit] = 1
        elif not parse_check(each.check).passed_by(read.values[each.trait]):
            votes[habit] = -1
    return votes


def _beyond_average(move: Move, population: Population) -> bool:
    """Whether the edit left more than writers have on average of what it brought in, or less of what it took out.

    A draft that overdoes a habit is brought back by the person, which says nothing against the habit.
    """
    mean = population.traits[move.trait].mean
    return move.after > mean if move.z > 0 else move.after < mean


def _suggestion(
    move: Move, shown: Sequence[Reading], known: Sequence[ProfileText], population: Population
) -> ProfileHypothesis:
    """The habit that an edit moved a text towards, its check halfway between draft and edit."""
    trait, high = TRAITS[move.trait], move.z > 0
    check = Check(move.trait, ">=" if high else "<", float(f"{(move.before + move.after) / 2:.4g}"))
    n_held, n_tested = held(check, known)
    return ProfileHypothesis(
        dimension=trait.dimension,
        aspect=trait.aspect,
        statement=statement(trait, move.after, high),
        evidence=quotations(shown, trait.shows if high else trait.shows_little),
        check=str(check),
        confidence=round((n_held + 1) / (n_tested + 2), 4),
        state="dropped",
        source="measured",
        n_tested=n_tested,
        n_held=n_held,
        others=share_of_others(check, population),
        note="suggested by an edit",
    )


def _told(move: Move) -> str:
    trait = TRAITS[move.trait]
    amounts = f"from {quantity(trait, move.before)} to {quantity(trait, move.after)}"
    return f"moved by the edit: {move.trait.replace('_', ' ')}, {amounts}"
