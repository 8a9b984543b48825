"""The one error that is the user's to mend."""

from collections.abc import Iterable


class SetupError(Exception):
    """Something the user gave cannot be used; the message says what, its value and the remedy.

    Entry points print it as one line, without a traceback, and exit with code 2.
    """


def unknown(kind: str, value: str, known: Iterable[str]) -> SetupError:
    """Builds the error for a name that is not in a registry, listing those that are."""
    return SetupError(f"unknown {kind} {value!r}; choose one of: {', '.join(sorted(known))}")


def line_of(error: BaseException, most: int = 300) -> str:
    """What an error says, on one line, cut to `most` characters."""
    return " ".join(str(error).split())[:most]


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Such as "1 sample" or "2 samples"; `nouns` where the plural takes more than an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or noun + 's'}"
