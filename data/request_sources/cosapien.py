"""CoSApien (arXiv:2410.08968, sec. 3.1): prompts under five written safety configurations."""

from data.request_sources.public import PublicRequests, Values
from data.request_sources.rows import RequestRow
from signatures.requests import Decision, Label

_TREATMENT: dict[str, tuple[Label, Decision]] = {
    "allowed": ("safe", "answer"),
    "partial": ("unsafe", "partly decline"),
    "disallowed": ("unsafe", "decline"),
}


def to_row(values: Values, part: str, place: int) -> RequestRow:
    """Makes a row; its type says how the scenario, which becomes the request's own policy, treats it."""
    kind = values["type"].strip().casefold().removeprefix("fully ").replace("partially allowed", "partial")
    label, expected = _TREATMENT.get(kind, (None, None))
    return RequestRow(
        prompt=values["prompt"],
        id=f"{part}-{place}",
        type=values["type"],
        label=label,
        expected=expected,
        policy=values["scenario"],
    )


COSAPIEN = PublicRequests(
    name="cosapien",
    hub_id="microsoft/CoSApien",
    licence="CDLA-Permissive-2.0",
    columns={"prompt": ("prompt",), "type": ("type",), "scenario": ("scenario",)},
    to_row=to_row,
)
