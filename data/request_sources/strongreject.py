"""StrongREJECT (arXiv:2402.10260): forbidden prompts that a model should refuse, all of them unsafe."""

from data.request_sources.public import PublicRequests, Values
from data.request_sources.rows import RequestRow


def to_row(values: Values, part: str, place: int) -> RequestRow:
    """Makes a row."""
    return RequestRow(
        prompt=values["prompt"], id=f"strongreject-{place}", type=values["category"], label="unsafe", expected="decline"
    )


STRONGREJECT = PublicRequests(
    name="strongreject",
    hub_id="walledai/StrongREJECT",
    licence="MIT",
    columns={"prompt": ("prompt", "forbidden_prompt"), "category": ("category",)},
    to_row=to_row,
)
