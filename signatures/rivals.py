"""The steps of the systems that HyPerAlign is compared with: attributes only, TICL and PROSE.

A step that a small model takes as plain text ends its inputs with a question: what stands last is what it answers.
"""

from typing import Literal

import dspy

from signatures.generation import Sample

CONSISTENT = "consistent"
"""The whole explanation of a draft that needs no change."""

Verdict = Literal["strongly confirms", "somewhat confirms", "neutral", "somewhat contradicts", "strongly contradicts"]
"""PROSE's five-point scale: what a text says of one component of a description."""


class AttributedGeneration(dspy.Signature):
    """You are a helpful assistant. Where attributes are given, write as the person whom they describe would."""

    attributes: dict[str, str] = dspy.InputField(desc="what is known of the person; may be empty")
    prompt: str = dspy.InputField(desc="what to write")
    text: str = dspy.OutputField(desc="the text")


class TrialGeneration(dspy.Signature):
    """You are a stylistically consistent writer, and the earlier answers are texts that you wrote.

    Some requests also show a draft that was not in your style, and say what must change in it; avoid the same mistakes.
    Keep to your own length, format, paragraphs, sentences, punctuation, syntax, voice and diction. Write only the new
    text.
    """

    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote; some prompts hold a rejected draft")
    prompt: str = dspy.InputField(desc="what to write")
    text: str = dspy.OutputField(desc="the text, as the person would write it")


class ExplainGap(dspy.Signature):
    """You are an editor. Compare the style of a draft with the style of the author's own text.

    Look at length, format, paragraphs, sentences, punctuation, syntax, voice and diction, and never at the content. In
    as few words as you can, say what of the author's style is missing in the draft, with examples of how to edit it.
    If the draft is in the author's style already, answer with one word: consistent
    """

    prompt: str = dspy.InputField(desc="what both texts answer")
    author_text: str = dspy.InputField(desc="the author's own text")
    draft: str = dspy.InputField(desc="a text that should be in the author's style")
    question: str = dspy.InputField(desc="what to say")
    explanation: str = dspy.OutputField(desc="what must change in the draft, or the word 'consistent'")


class RefineDescription(dspy.Signature):
    """You find out how a person likes to write, and say it in a description that another writer can follow.

    You see the description so far, a draft that was written from it, and the person's own text on the same prompt.
    Keep what holds, correct what does not and add what is missing, so that the next draft comes closer to the
    person's text: tone, structure, sentence length, punctuation and wording, never the topic. Write a few short
    sentences about how the person writes, one a line, and nothing else.
    """

    prompt: str = dspy.InputField(desc="what both texts answer")
    author_text: str = dspy.InputField(desc="the person's own text")
    draft: str = dspy.InputField(desc="the text that was written from the description so far")
    description: list[str] = dspy.InputField(desc="how the person writes, as far as it is known; empty at first")
    question: str = dspy.InputField(desc="what to say")
    refined: str = dspy.OutputField(desc="the whole new description, one short sentence a line")


class VerifyComponent(dspy.Signature):
    """Say whether a text that a person wrote confirms or contradicts a claim about how this person writes.

    Where the text does not show it, it is neutral.
    """

    author_text: str = dspy.InputField(desc="a text that the person wrote")
    component: str = dspy.InputField(desc="a claim about how the person writes")
    verdict: Verdict = dspy.OutputField(desc="what the text says of the claim")


class DescribedGeneration(dspy.Signature):
    """Write as the person whom the description describes would. Write only the new text."""

    description: list[str] = dspy.InputField(desc="how the person writes; empty where nothing is known")
    samples: list[Sample] = dspy.InputField(desc="texts that the person wrote; may be empty")
    prompt: str = dspy.InputField(desc="what to write")
    text: str = dspy.OutputField(desc="the text, as the person would write it")
