"""People who write to a rule, for measuring."""

from random import Random

NOUNS = "dog cat road house river field wagon letter garden window".split()
VERBS = "saw passed left found kept liked crossed missed".split()


def text(rng: Random, n_sentences: int, *, words: int = 8, exclaiming: float = 0.0, commas: int = 0) -> str:
    """Sentences of about so many words, a share of which ends on an exclamation mark."""
    written = []
    for _ in range(n_sentences):
        length = max(4, words + rng.randint(-2, 2))
        chosen = [rng.choice(NOUNS if place % 2 else VERBS) for place in range(length)]
        for place in range(min(commas, length - 1)):
            chosen[place] += ","
        written.append(" ".join(chosen).capitalize() + ("!" if rng.random() < exclaiming else "."))
    return " ".join(written)


def crowd(seed: int = 0, n_authors: int = 12, n_texts: int = 10, n_sentences: int = 8) -> dict[str, list[str]]:
    """Authors who differ in the length of sentences, 6 to 17 words, and in commas, and hardly exclaim."""
    rng = Random(seed)
    return {
        f"author {number}": [
            text(rng, n_sentences, words=6 + number, exclaiming=0.03, commas=rng.randint(0, 2)) for _ in range(n_texts)
        ]
        for number in range(n_authors)
    }
