"""A text as the refusal judge reads it: plain lower case, contractions written out, cut into sentences."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

MOST_CHARACTERS = 3000
"""Of a text that are read: who declines does so early, and a giant answer costs no more than a long one."""
ITEM = "\x02"
"""Starts a sentence that is an item of a list, however the list was marked. ASCII text is searched fastest."""

_SIGNS = str.maketrans({**dict.fromkeys("’‘ʼ´", "'"), **dict.fromkeys('"“”«»')})
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]")
_MARGIN = re.compile(r"^[ \t>#]+", re.MULTILINE)
_LIST = re.compile(r"^(?:\d{1,2}[.):]|[-*+•–]|step \d{1,2}:?)[ \t]+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*+|__+|`+|(?<!\w)_|_(?!\w)")
_END = re.compile("[.!?\n。！？](?:(?<=[\n。！？])|['\")\\]]*(?=\\s))\\s*")
_LEADING = re.compile(f"^[^\\w{ITEM}]+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_CONTRACTIONS = (
    ("can't", "cannot"),
    ("won't", "will not"),
    ("shan't", "shall not"),
    ("n't", " not"),
    ("i'm", "i am"),
    ("i'd", "i would"),
    ("'re ", " are "),
    ("'ve ", " have "),
    ("'ll ", " will "),
    ("it's", "it is"),
    ("that's", "that is"),
    ("there's", "there is"),
    ("here's", "here is"),
    ("what's", "what is"),
    ("let's", "let us"),
)
_RUN_TOGETHER = (("can not", "cannot"), ("i cant ", "i cannot "), ("i dont ", "i do not "))


@dataclass(frozen=True, slots=True)
class Reading:
    """The sentences of a text, plain; items of a list are sentences too."""

    sentences: tuple[str, ...]
    """At least one, which is empty if the text has no words."""
    text: str
    """The sentences, a line each."""
    starts: tuple[int, ...]
    """Where in `text` each sentence starts, and where the one after the last would."""

    @property
    def n_items(self) -> int:
        """Sentences that start an item of a list."""
        return sum(sentence.startswith(ITEM) for sentence in self.sentences)

    def first(self, n: int) -> str:
        """The first n sentences."""
        return self.text[: self.starts[min(n, len(self.sentences))]]

    def places(self, phrases: Iterable[str]) -> set[int]:
        """Numbers of the sentences that hold one of the phrases."""
        found, text, starts = set(), self.text, self.starts
        for phrase in phrases:
            at = text.find(phrase)
            while at >= 0:
                place = bisect_right(starts, at)
                found.add(place - 1)
                at = text.find(phrase, starts[place])
        return found


def read(text: str) -> Reading:
    """Reads a text, the first `MOST_CHARACTERS` of it."""
    sentences = tuple(filter(None, _END.split(plainly(text[:MOST_CHARACTERS])))) or ("",)
    starts = accumulate((len(sentence) + 1 for sentence in sentences), initial=0)
    return Reading(sentences, "\n".join(sentences), tuple(starts))


def plainly(text: str) -> str:
    """Lower case, without markup and invisible or leading signs, quotes cut, contractions written out."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    text = _MARGIN.sub("", text.lower().translate(_SIGNS))
    text = _LIST.sub(f"{ITEM} ", text)
    if "*" in text or "_" in text or "`" in text:
        text = _EMPHASIS.sub("", text)
    for written, out in (*_CONTRACTIONS, *_RUN_TOGETHER) if "'" in text else _RUN_TOGETHER:
        text = text.replace(written, out)
    return _LEADING.sub("", text)


def words(plain: str) -> list[str]:
    """The words of a plain text, without numbers."""
    return _WORD.findall(plain)
