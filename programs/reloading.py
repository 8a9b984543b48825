"""Saved states of steps that have gained an input field since."""

from typing import Any


def with_later_field(step: Any, saved: dict[str, Any], later: str) -> dict[str, Any]:
    """A predictor's saved state with the words of its field `later`, if these were saved before there was that field.

    DSPy gives the saved words on fields to this program's fields by their place, so that one missing would shift them.
    """
    fields = list(step.signature.fields)
    words, place = saved["signature"]["fields"], fields.index(later)
    if len(words) >= len(fields):
        return saved
    own = step.signature.dump_state()["fields"][place]
    return {**saved, "signature": {**saved["signature"], "fields": [*words[:place], own, *words[place:]]}}
