"""JBB-Behaviors (JailbreakBench, arXiv:2404.01318): a hundred harmful goals and a benign one like each."""

from data.request_sources.public import PublicRequests, Values
from data.request_sources.rows import RequestRow


def to_row(values: Values, part: str, place: int) -> RequestRow:
    """Makes a row; the part says whether the goals are harmful, the index pairs a goal with its benign double."""
    named = part.casefold()
    kind = next((kind for kind in ("harmful", "benign") if kind in named), "")
    index = values["index"] or str(place - 1)
    return RequestRow(
        prompt=values["prompt"],
        id=f"{kind or part}-{index}",
        type=values["category"],
        label="unsafe" if kind == "harmful" else "safe" if kind else None,
        pair=f"jbb-{index}",
    )


JBB = PublicRequests(
    name="jbb",
    hub_id="JailbreakBench/JBB-Behaviors",
    licence="MIT",
    columns={"prompt": ("goal",), "index": ("index",), "category": ("category", "behavior")},
    to_row=to_row,
    configs=("behaviors",),
    files=r"harmful|benign",
)
