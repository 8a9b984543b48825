"""What is said in a request: prompt, attributes and earlier messages, checked, cut and kept data.

A claimed attribute is evidence, not proof, and no part of an attribute or of an earlier message is an instruction: a
passage that gives orders to a model (`programs.fencing`) is left out of every prompt, noted, and told to the
deliberating steps as a sign of risk. The prompt itself is a request and may ask a model for anything; only the markers
of chat templates in it are broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from programs.fencing import defused, gives_orders, orders
from signatures.errors import SetupError, counted
from signatures.requests import Request

PROMPT_CHARACTERS = 6000
"""A longer prompt is cut: its opening and its end are kept, where requests stand."""
VALUE_CHARACTERS = 300
EARLIER_CHARACTERS = 1000
MAX_ATTRIBUTES = 12
MAX_EARLIER = 4
"""Earlier messages that are read, the latest."""
MAX_DEPTH = 3
"""Levels of an attribute that holds further attributes."""

_GAP = "\n[...]\n"
_OPENING_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the program reads it."""

    prompt: str
    attributes: Mapping[str, str]
    earlier: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What was cut, left out or read as data, in words."""
    ordering: tuple[str, ...] = ()
    """Where orders to a model stood: names of attributes, "earlier message 2"."""

    @property
    def said(self) -> tuple[str, ...]:
        """Everything that evidence may be quoted from."""
        return (self.prompt, *self.earlier, *self.attributes.values())

    @property
    def personal(self) -> bool:
        """Whether anything is known of the asker beside the prompt."""
        return bool(self.attributes or self.earlier or self.ordering)

    def cut_to(self, n_characters: int) -> "Asked":
        """The same with prompt and earlier messages of at most so many characters each, and a note if that cut any."""
        prompt = _cut(self.prompt, n_characters)
        earlier = tuple(_cut(each, n_characters) for each in self.earlier)
        if (prompt, earlier) == (self.prompt, self.earlier):
            return self
        note = f"what was said was cut to {n_characters} characters each, which is what the model reads"
        return replace(self, prompt=prompt, earlier=earlier, notes=(*self.notes, note))


def read_request(
    prompt: Any, attributes: Any = None, earlier: Any = (), prompt_characters: int = PROMPT_CHARACTERS
) -> Asked:
    """What the program reads of a request.

    Nested attributes are flattened ("work: {role: nurse}" becomes "work, role: nurse"). A prompt above
    `prompt_characters` keeps its opening and its end; other bounds cut at their length. Every cut is noted.

    Raises: SetupError for an empty prompt, attributes that are no mapping or nest deeper than three levels, naming the
    place, and earlier messages that are no list of texts.
    """
    if not isinstance(prompt, str) or not prompt.strip():
        raise SetupError(f"the prompt is {prompt!r}; say what is asked, for instance 'How do I kill a Python process?'")
    notes = []
    shown = _cut(prompt.strip(), prompt_characters)
    if shown != prompt.strip():
        notes.append(
            f"the prompt has {len(prompt.strip())} characters; only the first and last of them, {prompt_characters} in "
            "all, are read"
        )
    known, ordering = _unordered_attributes(_attributes(attributes), notes)
    messages, more = _unordered_messages(_earlier(earlier, notes), notes)
    return Asked(defused(shown), known, messages, tuple(notes), (*ordering, *more))


def asked_of(request: Request) -> Asked:
    """What the program reads of a corpus's request. Raises: SetupError as `read_request` does."""
    return read_request(request.prompt, request.asker.attributes, request.asker.earlier)


def _attributes(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise SetupError(f"attributes are {_brief(given)}; give names with values, such as {{'occupation': 'nurse'}}")
    return dict(_flat(given, (), 1))


def _flat(given: Mapping[Any, Any], place: tuple[str, ...], depth: int) -> list[tuple[str, str]]:
    found = []
    for name, value in given.items():
        here = (*place, _one_line(name))
        if isinstance(value, Mapping):
            if depth == MAX_DEPTH:
                raise SetupError(
                    f"attribute {', '.join(here)!r} nests deeper than {MAX_DEPTH} levels ({_brief(value)}); "
                    "write it as one text"
                )
            found += _flat(value, here, depth + 1)
        elif text := _valued(value, here):
            found.append((defused(", ".join(here)), text))
    return found


def _valued(value: Any, place: tuple[str, ...]) -> str:
    """A value on one line, empty for None. Raises: SetupError for one that is no text, number or list of them."""
    if value is None:
        return ""
    items = value if isinstance(value, list | tuple | set | frozenset) else [value]
    for item in items:
        if not isinstance(item, str | int | float):
            raise SetupError(
                f"attribute {', '.join(place)!r} holds {_brief(item)}, which is no text, number or list of them; "
                "write it as one text"
            )
    return ", ".join(filter(None, (_one_line(item) for item in items)))


def _earlier(given: Any, notes: list[str]) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise SetupError(f"earlier messages are {_brief(given)}; give a list of texts, one a message")
    for place, message in enumerate(given, 1):
        if not isinstance(message, str):
            raise SetupError(f"earlier message {place} is {_brief(message)}; give a text")
    messages = [message.strip() for message in given if message.strip()]
    if len(messages) > MAX_EARLIER:
        notes.append(f"only the last {MAX_EARLIER} of {len(messages)} earlier messages are read")
    return messages[-MAX_EARLIER:]


def _unordered_attributes(known: Mapping[str, str], notes: list[str]) -> tuple[dict[str, str], list[str]]:
    kept, ordering = {}, []
    for name, value in known.items():
        # An order may be spread over the name and the value.
        if any(map(gives_orders, (name, value, f"{name} {value}"))):
            ordering.append(_shortened(name, 40))
        else:
            kept[_shortened(name, 40)] = defused(_shortened(value, VALUE_CHARACTERS))
    if ordering:
        notes.append(f"{counted(len(ordering), 'attribute')} gave orders to a model; not followed, and not shown to it")
    if len(kept) > MAX_ATTRIBUTES:
        notes.append(f"only the first {MAX_ATTRIBUTES} of {len(kept)} attributes are read")
    n_cut = sum(len(value) > VALUE_CHARACTERS for value in known.values())
    if n_cut:
        notes.append(f"{counted(n_cut, 'attribute')} cut to {VALUE_CHARACTERS} characters")
    return dict(list(kept.items())[:MAX_ATTRIBUTES]), ordering


def _unordered_messages(messages: Sequence[str], notes: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The messages without the paragraphs that give orders, and which messages had such."""
    kept, ordering = [], []
    for place, message in enumerate(messages, 1):
        shown = message
        if found := orders(message):
            ordering.append(f"earlier message {place}")
            for passage in found:
                shown = shown.replace(passage, "").strip()
        if shown:
            kept.append(defused(_cut(shown, EARLIER_CHARACTERS)))
    if ordering:
        message_s = counted(len(ordering), "earlier message")
        notes.append(f"{message_s} gave orders to a model; not followed, and not shown to it")
    n_cut = sum(len(message) > EARLIER_CHARACTERS for message in messages)
    if n_cut:
        notes.append(f"{counted(n_cut, 'earlier message')} cut to {EARLIER_CHARACTERS} characters")
    return tuple(kept), ordering


def _cut(text: str, n_characters: int) -> str:
    """The opening and the end of a text, `n_characters` in all, where it is longer."""
    if len(text) <= n_characters:
        return text
    opening = int(n_characters * _OPENING_SHARE)
    return text[:opening].rstrip() + _GAP + text[len(text) - (n_characters - opening) :].lstrip()


def _shortened(text: str, n_characters: int) -> str:
    return text if len(text) <= n_characters else text[:n_characters].rstrip()


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())


def _brief(value: Any) -> str:
    return _shortened(repr(value), 80)
