"""Small invented authors with different habits and the same topics, for tests of judges."""

import random

TOPICS = [
    "budget school council vote",
    "harbour storm ferry delay",
    "bakery opening bread queue",
    "museum fossil child find",
]


def terse(nouns: list[str]) -> str:
    return " ".join(f"The {noun} came. It went. No one spoke." for noun in nouns)


def winding(nouns: list[str]) -> str:
    return (
        "; ".join(f"it was, as it were, the {noun} which, perhaps, we had all been waiting for" for noun in nouns) + "."
    )


def loud(nouns: list[str]) -> str:
    return "\n\n".join(f"Listen! You NEED this {noun}. Why wait? Get it NOW!" for noun in nouns)


STYLES = {"terse": terse, "winding": winding, "loud": loud}


def texts(style: str, n: int, seed: int) -> list[str]:
    """N texts of a style on drawn topics: the same draw for every style, so that topics tell nobody apart."""
    rng = random.Random(seed)
    nouns = [noun for topic in TOPICS for noun in topic.split()]
    return [STYLES[style](rng.sample(nouns, 6)) for _ in range(n)]


def references(n: int = 6) -> dict[str, list[str]]:
    return {style: texts(style, n, seed=1) for style in STYLES}
