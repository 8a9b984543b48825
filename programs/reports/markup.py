"""HTML that cannot be broken by what is put into it: everything that is not markup already is escaped."""

import html
from collections.abc import Iterable

from programs.reports.wording import shown

VOID = frozenset({"meta", "link", "br", "input"})


class Markup(str):
    """Text that is HTML already."""


Content = str | Markup | Iterable["str | Markup"]
"""One piece of content, or several."""


def tag(kind: str, /, *content: Content, **attributes: str | bool | None) -> Markup:
    """An element.

    Args:
        kind: Of element, such as "p".
        content: Escaped, unless it is `Markup`; control characters are made visible.
        attributes: Escaped; `class_` and `for_` lose the underscore, others become hyphens; True stands alone, None
            and False are left out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    inner = "" if kind in VOID else f"{join(*content)}</{kind}>"
    return Markup(f"<{kind}{written}>{inner}")


def join(*content: Content) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(_piece(part) for each in content for part in ([each] if isinstance(each, str) else each)))


def name(text: str, longest: int = 60) -> Markup:
    """A name from outside: kept apart from the direction of the text around it, and cut, the whole in its title."""
    line = " ".join(shown(text).split()) or "(no name)"
    if len(line) <= longest:
        return tag("bdi", line, class_="name")
    return tag("bdi", line[: longest - 1] + "…", class_="name", title=line[:1000])


def _piece(part: str) -> str:
    return part if isinstance(part, Markup) else html.escape(shown(part), quote=False)


def _attribute(key: str, value: str | bool | None) -> str:
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{html.escape(shown(str(value)), quote=True)}"'
