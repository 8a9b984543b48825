"""A proxy for helpfulness that needs no model: whether a text answers the question asked, by its words alone.

It is a proxy, and named so everywhere. It sees whether required points are made, whether the words are those of the
question, whether the text refuses, pads or repeats itself, and whether it has the length of an answer. It does not see
whether anything in it is true, and a text written to please it would. English mainly: stems and phrases are English,
elsewhere words count as written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from data.sentences import count_words, sentences
from programs.degenerate import looping
from programs.judges.masking import function_words
from signatures.requests import alternatives

FULL_WORDS = 40
"""Words from which a text is as long as an answer need be; a shorter one counts less, in proportion."""
LOOP_FREE = 0.1
"""Share of repeated runs of words that an ordinary text may have, since lists repeat themselves; no text of the bundled
corpus and none read of CCAT50 has more (`benchmarks.constraints`)."""
_WEIGHT_COVERAGE = 0.7
"""Weight of coverage against being on topic, where points are required."""
_TOPIC_ENOUGH = 0.5
"""Share of the question's content words that is as much as an answer needs."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_EMPTY = re.compile(
    r"\b(?:(?:i'm|i am|we're) (?:sorry|afraid|unable|not able|just an|an ai)|sorry,? but|as an? (?:\w+ ){0,3}(?:ai|"
    r"language model|assistant)|i (?:cannot|can't|can not|won't|will not|do not|don't|could not|couldn't) "
    r"(?:\w+ )?(?:provide|assist|help|answer|give|offer|support|fulfil+|comply|discuss|recommend|condone|engage|"
    r"participate|promote|encourage|feel comfortable)|it(?:'s| is) (?:\w+ )?(?:important|essential|crucial|illegal|"
    r"unethical|not (?:appropriate|ethical|acceptable|legal|okay|ok|possible to answer))|i must (?:inform|advise|"
    r"emphasi[sz]e|decline|point out)|(?:i )?hope (?:this|that) helps|(?:please )?(?:feel free|let me know|do not "
    r"hesitate|don't hesitate)|great question|good question|(?:sure|certainly|of course)[!,.]|i(?:'d| would) be happy "
    r"to|is there (?:anything|something) else|in conclusion|always remember|consult (?:a|with a|your) |"
    r"seek (?:professional|medical|legal|help)|against (?:my|the) (?:programming|guidelines|policy|policies))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HelpfulnessProxy:
    """The parts of the proxy, each in [0, 1], and what they make together."""

    coverage: float | None
    """Share of the required points that the text makes; None where none are required."""
    on_topic: float
    """Share of the question's content words that the text speaks of; half of them is 1."""
    substance: float
    """Share of sentences that are no refusal, disclaimer or stock phrase; a refusal that opens the text counts for
    all that follows in the same paragraph."""
    freshness: float
    """1 less the share of repeated runs of words, beyond what ordinary texts have."""
    length: float
    """Words over 40, at most 1."""

    @property
    def score(self) -> float:
        """Coverage (0.7) and topic (0.3), or topic alone where no points are required, times all the other parts."""
        answered = self.on_topic
        if self.coverage is not None:
            answered = _WEIGHT_COVERAGE * self.coverage + (1 - _WEIGHT_COVERAGE) * self.on_topic
        return answered * self.substance * self.freshness * self.length


def helpfulness_proxy(prompt: str, answer: str, contains: Sequence[str] = ()) -> HelpfulnessProxy:
    """Measures an answer, without a model; the same call gives the same parts.

    Args:
        prompt: The question.
        answer: The text; an empty one scores 0.
        contains: Required points. A point is made by any of its alternatives ("stop|kill|terminate"), and an
            alternative by one sentence that has all its content words, compared by stem.
    """
    asked = content_stems(prompt)
    said = content_stems(answer)
    shared = len(asked & said) / len(asked) if asked else float(bool(said))
    return HelpfulnessProxy(
        coverage=_coverage(answer, contains) if contains else None,
        on_topic=min(1.0, shared / _TOPIC_ENOUGH),
        substance=_substance(answer),
        freshness=1 - max(0.0, looping(answer) - LOOP_FREE) / (1 - LOOP_FREE),
        length=min(1.0, count_words(answer) / FULL_WORDS),
    )


def points_made(answer: str, contains: Sequence[str]) -> tuple[bool, ...]:
    """For each required point whether some sentence of the answer makes it."""
    said = [set(_stems(sentence)) for sentence in sentences(answer)]
    return tuple(
        any(_made(set(_stems(phrase)), each) for phrase in alternatives(point) for each in said) for point in contains
    )


def content_stems(text: str) -> frozenset[str]:
    """Stems of the content words of a text."""
    return frozenset(_content(_stems(text)))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A lower-case English word without inflection, roughly: "stopping", "stops" and "stopped" become "stop".

    The steps for plurals, -ed and -ing follow Porter (1980, An algorithm for suffix stripping), with -ly, -er and
    -ation added and the rest left out.
    """
    word = word.removesuffix("'s")
    for ending, put in (("sses", "ss"), ("ies", "y"), ("ied", "y"), ("ations", "at"), ("ation", "at")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return _undoubled(word.removesuffix(ending) + put)
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word.removesuffix("s")
    for ending in ("ing", "ed", "ly", "er"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) > 2 and re.search("[aeiouy]", bare):
            return _undoubled(bare)
    return _undoubled(word)


def _undoubled(word: str) -> str:
    """Without a final e, or one of two equal final consonants."""
    if len(word) > 3 and word.endswith("e"):
        return word[:-1]
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou"
    return word[:-1] if doubled else word


def _stems(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower().replace("’", "'")):
        yield word if word in function_words() else stem(word)


def _content(stems: Iterator[str] | set[str]) -> set[str]:
    return {each for each in stems if each not in function_words()}


def _made(phrase: set[str], sentence: set[str]) -> bool:
    """Whether a sentence has all content words of a phrase, or all its words where it has only function words."""
    wanted = _content(phrase) or phrase
    return bool(wanted) and wanted <= sentence


def _coverage(answer: str, contains: Sequence[str]) -> float:
    made = points_made(answer, contains)
    return sum(made) / len(made)


def _substance(answer: str) -> float:
    """Share of words in sentences that say something."""
    plain = answer.replace("’", "'")
    total = filled = 0
    for paragraph in filter(str.strip, plain.split("\n\n")):
        refusing = False
        for place, sentence in enumerate(sentences(paragraph)):
            empty = bool(_EMPTY.search(sentence))
            refusing = refusing or (empty and place == 0 and _refuses(sentence))
            n_words = count_words(sentence)
            total += n_words
            filled += 0 if empty or refusing else n_words
    return filled / total if total else 0.0


def _refuses(sentence: str) -> bool:
    return bool(re.search(r"\b(?:cannot|can't|can not|won't|will not|unable|not able)\b", sentence, re.IGNORECASE))
