"""The section of a report's page about how far hypotheses carry: a matrix or a curve as a table."""

from programs.reports import wording
from programs.reports.headline import Headline, Report
from programs.reports.html_tables import link, marked, small, table
from programs.reports.markup import Content, Markup, join, name, tag
from programs.reports.pairs import Links
from programs.reports.transfers import KINDS, Transfer, transfers

_LEGEND = "Win rate of each cell's system against its baseline, the 95% interval, and the number of pairs."


def transfer_section(report: Report, links: Links) -> Markup:
    """A table for each kind and judge; empty where nothing was carried over."""
    found = transfers(report)
    if not found:
        return Markup()
    parts = [_kind(transfer, report, links) for transfer in found]
    return join(tag("p", _LEGEND, class_="legend"), *parts)


def _kind(transfer: Transfer, report: Report, links: Links) -> Markup:
    judged = transfer.judged_by(report.headlines)
    title = tag("h3", f"{transfer.title}, against {_baselines(transfer)}")
    if not judged:
        return join(title, tag("p", f"None of {len(transfer.cells)} cells has a judged pair."))
    return join(title, *(_table(transfer, headline, links) for headline in judged))


def _table(transfer: Transfer, headline: Headline, links: Links) -> Markup:
    _, row_word, column_word = KINDS[transfer.kind]
    level = headline.trust.level
    caption = join("Judge ", name(headline.judge), "" if level == "trusted" else f": {level}")
    heads: list[Content] = [row_word]
    heads += [join(f"{column_word} ", name(column)) if column else column_word for column in transfer.columns]
    rows: list[list[Content]] = [
        [name(row), *(_cell(transfer, headline, row, column, links) for column in transfer.columns)]
        for row in transfer.rows
    ]
    return table(caption, heads, rows)


def _baselines(transfer: Transfer) -> str:
    return " and ".join(wording.label(each, 40) for each in dict.fromkeys(cell.baseline for cell in transfer.cells))


def _cell(transfer: Transfer, headline: Headline, row: str, column: str, links: Links) -> Content:
    found, cell = transfer.at(headline.judge, row, column), transfer.cell(row, column)
    if found is None or cell is None:
        return wording.MISSING
    domain = column if transfer.kind == "domains" else None
    href = links.to(judge=headline.judge, system=cell.system, baseline=cell.baseline, domain=domain)
    rate = link(marked(wording.share(found.value), headline.trust.level), href)
    ends = wording.interval(found.low, found.high)
    return join(rate, small(f"{ends};", headline.trust.level), small(str(found.n_pairs)))
