"""Where sentences end, and what follows from it: prompts made of first sentences, and texts cut to a length.

The prompt protocol is that of DITTO (arXiv:2406.00888): a text without a prompt is asked for by its own first sentence.
"""

import re

_CLOSERS = "\"'”’»)\\]}」』）】〉》"
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
_END = re.compile(
    rf"(?P<cjk>[。！？｡]+[{_CLOSERS}]*)\s*"
    rf"|(?P<stop>[.!?…]+)(?P<closers>[{_CLOSERS}]*)(?:\s+|(?=[{_CJK}])|$)"
    r"|(?P<blank>[ \t]*\n[ \t]*\n\s*)"
    r"|(?P<line>[ \t]*\n[ \t]*)"
)
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
_CLOSING_MARKS = re.compile(rf"[.,;:!?…。！？｡、，*_{_CLOSERS}]*")
_UNIT = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")

_TITLES = frozenset(
    "mr mrs ms mx dr prof st gen col maj sen rep gov lt sgt capt cmdr adm rev hon pres messrs vs cf fig figs e.g i.e "
    "approx dept est vol pp ed eds jan feb mar apr jun jul aug sept sep oct nov dec mt ft wm".split()
)
"""A name, number or example follows these: they never end a sentence."""
_MAYBE_LAST = frozenset("inc corp co cos alex ltd plc llc bros jr sr etc al dist univ assn ave blvd".split())
"""These end a sentence only where the next word looks like the start of one."""
_STARTERS = frozenset(
    "a after all an and another any as at before both but by each even every few for from he her here his how however "
    "i if in it its just last later many more most my neither no not now of on once one only or our she since so some "
    "still such that the their then there these they this those though to under until we what when where which while "
    "who why with yet you your yes".split()
)
_WRAPPED = range(60, 100)
"""Lengths in characters of lines that may be wrapped text, so that their end proves nothing."""


def sentences(text: str) -> list[str]:
    """Splits a text into its sentences, in order, each without surrounding whitespace.

    Joined again they are the text, but for whitespace. Line ends close a sentence unless the line may be wrapped text;
    full stops of abbreviations, initials, decimals and acronyms do not.
    """
    return [text[start:end] for start, end in _spans(text)]


def count_words(text: str) -> int:
    """Counts words; a Chinese, Japanese or Korean character counts as one."""
    return len(_UNIT.findall(text))


def clip(text: str, n_words: int) -> str:
    """Cuts a text at the last sentence end within n_words words, or inside the first sentence if that alone is longer.

    Words are counted as by `count_words`. A text that is short enough comes back as it is; clipping twice changes
    nothing.

    Raises: ValueError if n_words is below 1.
    """
    if n_words < 1:
        raise ValueError(f"n_words must be at least 1, not {n_words!r}")
    units = list(_UNIT.finditer(text))
    if len(units) <= n_words:
        return text
    limit = units[n_words - 1].end()
    ends = [end for _, end in _spans(text) if end <= limit]
    return text[: ends[-1] if ends else limit]


def ditto_prompt(text: str, domain: str = "news") -> tuple[str, str]:
    """Makes the prompt of a text that has none: (prompt, prefix), where prefix is the first sentence as it stands.

    The prefix is empty, and so is the prompt, where nothing of the text would be left to write after it.
    """
    found = sentences(text)
    if len(found) < 2 or not text.startswith(found[0]):
        return "", ""
    kind = {"blog": "a blog post", "email": "an email"}.get(domain, "an article")
    return f"Write {kind} that starts with the following: {' '.join(found[0].split())}", found[0]


def cut_prefix(answer: str, prefix: str) -> str:
    """Removes the prompt's own words from the beginning of an answer that repeats them.

    Tolerates quotes, whitespace, case and a repetition that breaks off, if it has at least four words and half of the
    prefix; repetitions of the repetition go too. An answer that starts otherwise comes back as it is. A prefix without
    words (emoji) must be repeated exactly.
    """
    wanted = [word[0].casefold() for word in _WORD.finditer(prefix)]
    if not wanted:
        bare = prefix.strip()
        return answer.lstrip()[len(bare) :].lstrip() if bare and answer.lstrip().startswith(bare) else answer
    while (cut := _repeated_until(answer, prefix, wanted)) > 0:
        answer = answer[cut:].lstrip()
    return answer


def _repeated_until(answer: str, prefix: str, wanted: list[str]) -> int:
    """Where the repetition of the prefix ends in the answer, 0 where there is none."""
    end = matched = 0
    for word, expected in zip(_WORD.finditer(answer), wanted, strict=False):
        if word[0].casefold() != expected:
            break
        matched, end = matched + 1, word.end()
    if matched < len(wanted) and matched < max(4, (len(wanted) + 1) // 2):
        return 0
    tail = re.sub(r"^.*\w", "", prefix, flags=re.DOTALL)
    if matched == len(wanted) and tail and answer.startswith(tail, end):
        return end + len(tail)
    closing = _CLOSING_MARKS.match(answer, end)
    return closing.end() if closing else end


def _spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every sentence, whitespace excluded."""
    spans, start = [], 0
    for match in _END.finditer(text):
        if _ends_sentence(text, start, match):
            spans.append((start, match.end()))
            start = match.end()
    spans.append((start, len(text)))
    return [_trimmed(text, *span) for span in spans if text[slice(*span)].strip()]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    if match["blank"] is not None:
        return True
    if match["cjk"] is not None:
        # A closed quotation that runs straight on belongs to the sentence that reports it.
        return match["cjk"][-1] in "。！？｡" or match.end() > match.end("cjk") or match.end() == len(text)
    following = text[match.end() :].lstrip("\"'“‘«([{*_")[:1]
    if match["line"] is not None:
        line = text[text.rfind("\n", start, match.start()) + 1 : match.start()]
        return not following.islower() and len(line.strip()) not in _WRAPPED
    if not following:
        return True
    return _stop_ends_sentence(text, start, match, following)


def _stop_ends_sentence(text: str, start: int, match: re.Match[str], following: str) -> bool:
    """Whether a run of Latin stops with text after it ends a sentence, from what stands on both sides."""
    stop, quoted = match["stop"], bool(match["closers"].strip(")]}"))
    gap = text[match.end("closers") : match.end()]
    if gap.count("\n") > 1:
        return True
    if following.islower() and (quoted or stop == "…" or len(stop) > 1 and set(stop) == {"."}):
        return False
    if stop != ".":
        return True
    word = re.search(r"[^\s\"'“”‘’(\[]*$", text[max(start, match.start() - 40) : match.start()])
    before = word[0] if word else ""
    if before.isdigit() and text[start : match.start()].strip() == before:
        return False  # the number of a list item
    if "\n" in gap and following.isupper():
        return before.lower() not in _TITLES
    next_word = re.match(r"\W*(\w*)", text[match.end() : match.end() + 40])
    return _word_can_end(before, next_word[1] if next_word else "", following)


def _word_can_end(before: str, next_word: str, following: str) -> bool:
    key = before.lower()
    if key in _TITLES and (before[:1].isupper() or "." in before or key in ("vs", "cf", "approx")):
        return False
    if key in ("no", "nos"):
        return not following.isdigit()
    starts = next_word.lower() in _STARTERS and following.isupper()
    if before == "I":
        return starts or not following.isupper()
    initial = len(before) == 1 and before.isupper()
    acronym = re.fullmatch(r"(?:\w+-)*(?:[^\W\d_]\.)+[^\W\d_]", before) is not None
    if initial or acronym or (key in _MAYBE_LAST and (before[0].isupper() or key in ("etc", "al"))):
        return starts
    return True
