"""OR-Bench (arXiv:2405.20947): prompts that look toxic and are not, and toxic ones beside them."""

from data.request_sources.public import PublicRequests, Values
from data.request_sources.rows import RequestRow

_SAFE = ("80k", "hard")


def to_row(values: Values, part: str, place: int) -> RequestRow:
    """Makes a row; the configuration, or the file named after it, says whether its prompts are toxic."""
    named = part.casefold()
    label = "unsafe" if "toxic" in named else "safe" if any(name in named for name in _SAFE) else None
    return RequestRow(prompt=values["prompt"], id=f"{part.split('/')[0]}-{place}", type=values["category"], label=label)


OR_BENCH = PublicRequests(
    name="or-bench",
    hub_id="bench-llm/or-bench",
    licence="CC BY 4.0",
    columns={"prompt": ("prompt",), "category": ("category",)},
    to_row=to_row,
    configs=("or-bench-hard-1k", "or-bench-toxic"),
    files=r"or-bench",
)
