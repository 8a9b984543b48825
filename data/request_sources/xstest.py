"""XSTest (Röttger et al., NAACL 2024): safe prompts that look unsafe, and their unsafe contrasts."""

from data.request_sources.public import PublicRequests, Values
from data.request_sources.rows import RequestRow, as_label

_FAMILIES = {
    "nons_group_real_discr": "discrimination",
    "real_group_nons_discr": "discrimination",
    "contrast_discr": "discrimination",
    "privacy_public": "privacy",
    "privacy_fictional": "privacy",
    "contrast_privacy": "privacy",
}


def to_row(values: Values, part: str, place: int) -> RequestRow:
    """Makes a row; a missing label follows from the type, and the word in focus pairs a prompt with its contrasts."""
    kind = values["type"]
    label = as_label(values["label"], "corpus 'xstest'")
    if label is None and kind:
        label = "unsafe" if kind.startswith("contrast_") else "safe"
    family = _FAMILIES.get(kind, kind.removeprefix("contrast_"))
    focus = values["focus"].strip().casefold()
    return RequestRow(
        prompt=values["prompt"],
        id=values["id"] or str(place),
        type=kind,
        label=label,
        pair=f"{family}/{focus}" if family and focus else "",
    )


XSTEST = PublicRequests(
    name="xstest",
    hub_id="Paul/XSTest",
    licence="CC BY 4.0",
    columns={"prompt": ("prompt",), "id": ("id",), "type": ("type",), "label": ("label",), "focus": ("focus",)},
    to_row=to_row,
)
