"""The sections of a report's page about the systems: headline, differences, domains and authors."""

from collections.abc import Callable, Sequence

from programs.reports import wording
from programs.reports.headline import BOUNDS, Headline, Report, Standing
from programs.reports.html_tables import link, marked, small, table
from programs.reports.markup import Markup, join, name, tag
from programs.reports.pairs import Links
from programs.reports.trust import Level
from programs.summary import Breakdown, Difference

_HEADS = (
    "system",
    "against",
    "win rate",
    "95% interval",
    "reads as",
    "length-controlled",
    "authors",
    "pairs",
    "ties",
    "failed",
    "position bias",
    "mean words",
)
_LEGEND = (
    "A win rate is the mean over pairs of 1 for a win, ½ for a tie and 0 for a loss, both orders of the two texts "
    "counted. The interval resamples authors. Length-controlled: expected if both texts were equally long. "
    "Position bias: +1 when whatever stands first always wins. Mean words: the system's texts, then the baseline's. "
    "Each linked number leads to the pairs that it is counted from."
)


def headline_section(report: Report, links: Links) -> Markup:
    """One table a judge, with what is known of the judge above it and what the sample can show below."""
    if not report.rows:
        return tag("p", "The ledger has no rows: nothing was judged.", class_="warning")
    return join(
        tag("p", _LEGEND, class_="legend"),
        *(_headline(report, headline, links) for headline in report.headlines),
    )


def differences_section(report: Report, links: Links) -> Markup:
    """Every two systems on the same targets."""
    if not report.summary.differences:
        return tag("p", "No two systems share a baseline, a judge and a target: there is no difference to count.")
    blocks = []
    for headline in report.headlines:
        mine = [each for each in report.summary.differences if each.judge == headline.judge]
        if mine:
            blocks.append(_differences(sorted(mine, key=_has_bound), headline, links))
    legend = (
        "Win rate of the first system less that of the second, over the targets that both have. The p-value flips the "
        "sign of whole authors; it is two-sided and not corrected for the number of differences. Left out: targets "
        "judged for one of the two only. A difference leads to the first system's pairs, “less” to the second's."
    )
    return join(tag("p", legend, class_="legend"), *blocks)


def domains_section(report: Report, links: Links) -> Markup:
    """Win rates by domain: a row a comparison, a column a domain."""
    legend = "Win rate, its 95% interval over authors, and the number of pairs; then targets without a verdict, if any."

    def cell(part: Breakdown, level: Level) -> Markup:
        href = links.to(judge=part.judge, system=part.system, baseline=part.baseline, domain=part.name)
        return _part(part, level, href, wide=True)

    return join(tag("p", legend, class_="legend"), *_pivots(report, report.summary.domains, "domains", cell))


def authors_section(report: Report, links: Links) -> Markup:
    """Win rates by author, in tables that open: a row a comparison, a column an author."""
    legend = "Win rate over an author's pairs, and their number. With so few pairs authors differ by chance alone."

    def cell(part: Breakdown, level: Level) -> Markup:
        href = links.to(judge=part.judge, system=part.system, baseline=part.baseline, author=part.name)
        return _part(part, level, href, wide=False)

    tables = _pivots(report, report.summary.authors, "authors", cell, turned=True)
    opened = [
        tag("details", tag("summary", "Authors by judge ", name(headline.judge)), made)
        for headline, made in zip(report.headlines, tables, strict=True)
    ]
    return join(tag("p", legend, class_="legend"), *opened)


def _headline(report: Report, headline: Headline, links: Links) -> Markup:
    level = headline.trust.level
    rows = [_standing(row, headline, links) for row in headline.rows]
    kinds = ["bound" if row.is_bound else None for row in headline.rows]
    told = [
        tag("p", "Against ", name(found.baseline), ": ", found.in_words())
        for found in report.summary.detectable
        if found.judge == headline.judge
    ]
    return tag(
        "section",
        tag("h3", "By judge ", name(headline.judge)),
        tag("p", headline.trust.in_words(), class_="judge" if level == "trusted" else "judge warning"),
        table(_caption("Win rates by judge ", headline), _HEADS, rows, n_names=2, row_classes=kinds),
        *told,
        class_=f"by-judge {level.replace(' ', '-')}",
    )


def _standing(row: Standing, headline: Headline, links: Links) -> list[Markup | str]:
    level, result = headline.trust.level, row.result
    at = {"judge": headline.judge, "system": row.system, "baseline": row.baseline}
    system = join(link(name(row.system), links.to(**at)), *_bound_words(row.system))
    failed = f"{row.n_failures} of {row.n_targets}"
    failures = link(failed, links.to(**at, outcome="failed")) if row.n_failures else failed
    if result is None:
        none = wording.MISSING
        return [system, name(row.baseline), "no pair", none, none, none, "0", "0", "0", failures, none, none]
    return [
        system,
        name(row.baseline),
        link(marked(wording.share(result.win_rate), level), links.to(**at)),
        marked(wording.interval(result.low, result.high), level),
        marked(row.reading, level),
        marked(wording.share(result.length_controlled), level),
        str(result.n_authors),
        link(str(result.n_pairs), links.to(**at)),
        link(str(result.ties), links.to(**at, outcome="tied")) if result.ties else "0",
        failures,
        wording.signed(result.position_bias),
        wording.words(result.mean_words, result.baseline_mean_words),
    ]


def _has_bound(each: Difference) -> bool:
    return bool({each.a, each.b} & BOUNDS.keys())


def _differences(mine: Sequence[Difference], headline: Headline, links: Links) -> Markup:
    level = headline.trust.level
    rows = [_difference(each, level, links) for each in mine]
    kinds = ["bound" if _has_bound(each) else None for each in mine]
    heads = ("system", "less", "against", "difference", "95% interval", "p", "authors", "pairs", "left out")
    title = _caption("Differences by judge ", headline)
    made = table(title, heads, rows, n_names=3, row_classes=kinds)
    return tag("details", tag("summary", "Judge ", name(headline.judge)), made, open=level != "not trusted")


def _bound_words(system: str) -> list[Markup]:
    return [small(f" {BOUNDS[system]}")] if system in BOUNDS else []


def _difference(each: Difference, level: Level, links: Links) -> list[Markup | str]:
    at = {"judge": each.judge, "baseline": each.baseline}
    return [
        name(each.a),
        link(name(each.b), links.to(**at, system=each.b)),
        name(each.baseline),
        link(marked(wording.signed(each.value), level), links.to(**at, system=each.a)),
        marked(wording.signed_interval(each.low, each.high), level),
        marked(wording.p_value(each.p_value), level),
        str(each.n_authors),
        str(each.n_pairs),
        str(each.n_left_out),
    ]


def _pivots(
    report: Report,
    parts: Sequence[Breakdown],
    what: str,
    cell: Callable[[Breakdown, Level], Markup],
    *,
    turned: bool = False,
) -> list[Markup]:
    """A table a judge: comparisons in rows and parts in columns, or the other way round if `turned`."""
    return [_pivot(headline, parts, what, cell, turned) for headline in report.headlines]


def _pivot(
    headline: Headline, parts: Sequence[Breakdown], what: str, cell: Callable[[Breakdown, Level], Markup], turned: bool
) -> Markup:
    level = headline.trust.level
    mine = {(p.system, p.baseline, p.name): p for p in parts if p.judge == headline.judge}
    names = sorted({key[2] for key in mine})
    caption = _caption(f"Win rates by {what.rstrip('s')}, judge ", headline)

    def at(row: Standing, part: str) -> Markup | str:
        found = mine.get((row.system, row.baseline, part))
        return cell(found, level) if found else wording.MISSING

    if turned:
        alone = len({row.baseline for row in headline.rows}) == 1
        called = [row.system if alone else wording.against(row.system, row.baseline) for row in headline.rows]
        heads = [what.rstrip("s"), *map(name, called)]
        return table(caption, heads, [[name(part), *(at(row, part) for row in headline.rows)] for part in names])
    heads = ["system", "against", *(name(part) for part in names)]
    rows = [[name(r.system), name(r.baseline), *(at(r, part) for part in names)] for r in headline.rows]
    return table(caption, heads, rows, n_names=2)


def _part(part: Breakdown, level: Level, href: str, *, wide: bool) -> Markup:
    failed = f", {part.n_failures} failed" if part.n_failures else ""
    if part.value is None:
        return link(f"0 of {part.n_failures} judged", href)
    ends = wording.interval(part.low, part.high)
    rate = link(marked(wording.share(part.value), level), href, title=ends)
    return join(rate, small(f"{ends};", level) if wide else "", small(f"{part.n_pairs}{failed}"))


def _caption(text: str, headline: Headline) -> Markup:
    level = headline.trust.level
    return join(text, name(headline.judge), "" if level == "trusted" else f": {level}")
