"""How other people write: what one person's texts must be set against before a habit can count as theirs."""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from programs.once import Once
from signatures.errors import SetupError

COMMON_SHARE = 0.75
"""Words that this share of the writers use are kept as written; every other word shows only its shape."""
MOST_FREQUENCIES = 250
CLAMP = 2.5
"""z-scores of frequencies beyond this count as this: one rare word in a short text decides nothing alone."""
LONGEST_NGRAM = 3

SHIPPED_WRITERS = (
    "annika-berg",
    "carla-voss",
    "edmund-leigh",
    "gwen-tran",
    "ingrid-solberg",
    "lucy-bell",
    "seamus-finn",
    "zoe-park",
)
"""Authors of the bundled corpus whom its default split trains and selects on: nobody whom it reports on."""

LINE_BREAK = "¶"
_TOKEN = re.compile(r"\n|[^\W\d_]+(?:['’-][^\W\d_]+)*|\d(?:[\d.,:]*\d)?|[^\w\s]|_")
_ENDINGS = ("ing", "ed", "ly", "tion", "ness", "er", "s")

Ngram = tuple[str, ...]
Grams = dict[Ngram, float]


class Background:
    """Texts of other people, read once: n-grams, frequencies, and how both vary from text to text."""

    def __init__(self, texts: Mapping[str, Sequence[str]], common: frozenset[str] | None = None) -> None:
        """Reads texts by writer.

        Args:
            texts: Writer to texts.
            common: The only words that may stay as written; if None, whatever most writers use.

        Raises: SetupError if there are fewer than two texts to compare with.
        """
        self.texts = {writer: tuple(text for text in own if text.strip()) for writer, own in texts.items()}
        shared = _common_words(list(self.texts.values()))
        self._common = shared if common is None else shared & common
        masked = {writer: tuple((_key(text), tuple(self.forms(text))) for text in own) for writer, own in texts.items()}
        self._read({writer: tuple(each for each in own if each[1]) for writer, own in masked.items()})

    @classmethod
    def masked(cls, content: Mapping[str, Any]) -> "Background":
        """The background that `dump` wrote: it compares as the first did, and holds no text.

        Raises: SetupError if it cannot be one.
        """
        made = cls.__new__(cls)
        made.texts = {}
        try:
            made._common = frozenset(content["common"])
            made._read(
                {
                    writer: tuple((key, tuple(forms.split(" "))) for key, forms in own)
                    for writer, own in content["writers"].items()
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise SetupError(f"this is no background of other writers ({fault}); compile again") from fault
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> "Background":
        """Itself: nothing changes it, and programs are copied for every trial."""
        return self

    def dump(self) -> dict[str, Any]:
        """What `masked` reads, as JSON: common words, and every text as a sequence of forms, without content words."""
        # Numbers for names: who wrote them is nobody's business.
        writers = {
            str(place): [[key, " ".join(forms)] for key, forms in own]
            for place, own in enumerate(self._masked.values())
        }
        return {"common": sorted(self._common), "writers": writers}

    @property
    def common(self) -> frozenset[str]:
        """The words that stay as written."""
        return self._common

    @property
    def n_writers(self) -> int:
        """Writers with a text."""
        return sum(bool(own) for own in self._masked.values())

    def without(self, samples: Sequence[str]) -> "Background":
        """This background less every writer who wrote one of the samples: nobody is set against themselves.

        Raises: SetupError if too few texts are left.
        """
        known = {_key(sample) for sample in samples}
        own = frozenset(writer for writer, texts in self._masked.items() if known & {key for key, _ in texts})
        if not own:
            return self
        if self.texts:
            return self._without(own, lambda: Background(_rest(self.texts, own)))
        content = self.dump()
        return self._without(own, lambda: Background.masked({**content, "writers": _rest(content["writers"], own)}))

    def _read(self, masked: Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]) -> None:
        """Takes the texts of each writer as a key, which tells them again, and forms."""
        self._masked = masked
        every = [forms for own in masked.values() for _, forms in own]
        if len(every) < 2:
            raise SetupError(f"a background of {len(every)} texts says nothing of how people write; give two or more")
        self._read_ngrams([self._counts(forms) for forms in every])
        self._read_frequencies(every)
        self._without = Once()

    def forms(self, text: str) -> list[str]:
        """The tokens of a text: common words and signs as written, line breaks, and the shape of all other words.

        A shape tells case, length class (up to 4 letters, up to 8, longer), ending and contraction. What a text is
        about is left out with the words that say it, after Stamatatos (2017, EACL, sec. 3).
        """
        return [self._form(token) for token in _TOKEN.findall(text.strip())]

    def ngrams(self, forms: Sequence[str]) -> Grams:
        """1- to 3-grams with sublinear TF-IDF weights, at length 1; the text stands between two line breaks."""
        weights = {gram: (1 + math.log(count)) * self._idf(gram) for gram, count in self._counts(forms).items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {gram: weight / length for gram, weight in weights.items()}

    def frequencies(self, forms: Sequence[str]) -> np.ndarray:
        """Clamped z-scores of the shares of the most frequent words and signs, shape (d,)."""
        shares = np.zeros(len(self._places))
        for form in forms:
            place = self._places.get(form.lower())
            if place is not None:
                shares[place] += 1 / len(forms)
        return np.clip((shares - self._mean) / self._spread, -CLAMP, CLAMP)

    def direction(self, profile: Mapping[Ngram, float]) -> Grams:
        """A profile of n-grams less that of all these texts: what a writer has and others have not."""
        away = dict(profile)
        for gram, weight in self._profile.items():
            away[gram] = away.get(gram, 0.0) - weight
        return away

    def ngram_readings(self, direction: Mapping[Ngram, float]) -> np.ndarray:
        """How far each of these n texts leans a way, shape (n,)."""
        lean = np.array([direction.get(gram, 0.0) for gram in self._columns])
        return np.add.reduceat(self._values * lean[self._cells], self._starts)

    def frequency_readings(self, direction: np.ndarray) -> np.ndarray:
        """The cosine of each of these n texts' frequencies with a direction of length 1, shape (n,)."""
        return self._directions @ direction

    def _read_ngrams(self, counts: list[Counter[Ngram]]) -> None:
        self._found = Counter(gram for each in counts for gram in each)
        self._n_texts = len(counts)
        self._columns = {gram: column for column, gram in enumerate(self._found)}
        columns: list[int] = []
        values: list[float] = []
        starts: list[int] = []
        profile = np.zeros(len(self._columns))
        for each in counts:
            starts.append(len(columns))
            own = {gram: (1 + math.log(count)) * self._idf(gram) for gram, count in each.items()}
            length = math.sqrt(sum(weight * weight for weight in own.values()))
            columns += [self._columns[gram] for gram in own]
            values += [weight / length for weight in own.values()]
        self._cells, self._values, self._starts = np.array(columns), np.array(values), np.array(starts)
        np.add.at(profile, self._cells, self._values / len(counts))
        self._profile = dict(zip(self._columns, profile.tolist(), strict=True))

    def _read_frequencies(self, every: Sequence[Sequence[str]]) -> None:
        shares: list[Counter[str]] = []
        total: Counter[str] = Counter()
        for forms in every:
            found = Counter({form: n / len(forms) for form, n in Counter(map(str.lower, forms)).items()})
            shares.append(found)
            total.update({form: share for form, share in found.items() if not form.startswith(("‹", "0"))})
        names = sorted(total, key=lambda form: (-total[form], form))[:MOST_FREQUENCIES]
        table = np.array([[found.get(name, 0.0) for name in names] for found in shares])
        self._places = {name: place for place, name in enumerate(names)}
        self._mean = table.mean(axis=0)
        spread = table.std(axis=0)
        self._spread = np.where(spread > 1e-12, spread, np.inf)
        self._directions = directions(np.clip((table - self._mean) / self._spread, -CLAMP, CLAMP))

    def _idf(self, gram: Ngram) -> float:
        return math.log((1 + self._n_texts) / (1 + self._found[gram])) + 1

    @staticmethod
    def _counts(forms: Sequence[str]) -> Counter[Ngram]:
        edged = (LINE_BREAK, *forms, LINE_BREAK)
        return Counter(
            edged[start : start + order]
            for order in range(1, LONGEST_NGRAM + 1)
            for start in range(len(edged) - order + 1)
        )

    def _form(self, token: str) -> str:
        first = token[0]
        if token == "\n":
            return LINE_BREAK
        if first.isdigit():
            return "0"
        if not first.isalpha():
            return token
        plain = token.replace("’", "'")
        lower = plain.lower()
        return plain if lower in self._common else _shape(plain, lower)


def directions(rows: np.ndarray) -> np.ndarray:
    """Rows at length 1; those of next to no length at 0."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.where(lengths > 1e-9, rows / np.maximum(lengths, 1e-9), 0.0)


@lru_cache(maxsize=1)
def shipped_background() -> Background:
    """The background that ships: eight of the invented writers of the bundled corpus, in three domains of English.

    Raises: SetupError if the package is damaged.
    """
    texts: dict[str, list[str]] = {writer: [] for writer in SHIPPED_WRITERS}
    file = files("data") / "bundled" / "texts.jsonl"
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["author"] in texts:
                texts[row["author"]].append(row["text"])
    except (OSError, ValueError, KeyError) as fault:
        raise SetupError(f"cannot read {str(file)!r} ({fault}); install the package again") from fault
    return Background(texts)


def _shape(plain: str, lower: str) -> str:
    case = "AA" if plain.isupper() and len(plain) > 1 else "A" if plain[0].isupper() else "a"
    size = 1 if len(plain) <= 4 else 2 if len(plain) <= 8 else 3
    ending = next((end for end in _ENDINGS if lower.endswith(end) and len(lower) > len(end) + 2), "")
    return f"‹{case}{size}{ending}{lower[lower.rindex(chr(39)) :] if chr(39) in lower else ''}›"


def _common_words(texts: Sequence[Sequence[str]]) -> frozenset[str]:
    users = Counter(
        word
        for own in texts
        for word in {token.lower().replace("’", "'") for text in own for token in _TOKEN.findall(text)}
    )
    return frozenset(word for word, n in users.items() if n >= COMMON_SHARE * len(texts) and word[0].isalpha())


def _rest(table: Mapping[str, Any], left_out: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in left_out}


def _key(text: str) -> str:
    """The same for texts that differ in nothing but white space."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:16]
