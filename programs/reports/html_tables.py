"""Tables of a report's page: each with a caption, headers for rows and columns, in a box that scrolls by itself."""

from collections.abc import Sequence

from programs.reports.markup import Content, Markup, join, tag
from programs.reports.trust import Level

Cell = Content


def table(
    caption: Content,
    heads: Sequence[Content],
    rows: Sequence[Sequence[Cell]],
    *,
    n_names: int = 1,
    row_classes: Sequence[str | None] = (),
) -> Markup:
    """A table whose first `n_names` columns are names and whose others are numbers.

    Args:
        caption: What it shows.
        heads: Of the columns.
        rows: Of as many cells; the first heads its row.
        n_names: Number of columns that are set to the left.
        row_classes: One a row, if given.
    """
    head = [tag("th", each, scope="col", class_=None if at < n_names else "n") for at, each in enumerate(heads)]
    classes = row_classes or [None] * len(rows)
    body = [tag("tr", _cells(row, n_names), class_=kind) for row, kind in zip(rows, classes, strict=True)]
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", head)), tag("tbody", body))
    # A box that scrolls must be reachable by keyboard.
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label="table")


def link(content: Content, href: str, title: str | None = None) -> Markup:
    """A link to pairs."""
    return tag("a", content, href=href, title=title)


def marked(number: Content, level: Level) -> Markup:
    """A number as the level of its judge allows: struck out below 80%, with a question mark if nobody knows."""
    if level == "trusted":
        return join(number)
    if level == "not trusted":
        return join(_sign("✗", "not to be trusted: "), tag("s", number))
    return join(_sign("?", "judge not validated: "), tag("i", number))


def small(content: Content, level: Level = "trusted") -> Markup:
    """What stands beside a number in small type; struck out as the number is."""
    return tag("small", tag("s", content) if level == "not trusted" else content)


def _sign(sign: str, spoken: str) -> Markup:
    return join(tag("span", sign, aria_hidden="true", class_="sign"), tag("span", spoken, class_="spoken"))


def _cells(row: Sequence[Cell], n_names: int) -> list[Markup]:
    first = tag("th", row[0], scope="row")
    return [first, *(tag("td", each, class_=None if at < n_names else "n") for at, each in enumerate(row[1:], 1))]
