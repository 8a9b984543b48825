"""The sections of a report's page about the judges, the costs, the failures, and what all of it was made from."""

import json
from collections.abc import Iterable, Mapping, Sequence

from programs.evaluations.transfer import CELLS
from programs.reports import wording
from programs.reports.headline import Report
from programs.reports.html_tables import link, marked, table
from programs.reports.markup import Content, Markup, join, name, tag
from programs.reports.pairs import Links
from programs.reports.trust import trust_in
from programs.summary import Agreement


def validation_section(report: Report) -> Markup:
    """How often each judge is right where the truth is known; judges that nobody tried stand there too."""
    heads = ("judge", "against", "right", "95% interval", "pairs", "no verdict", "same in both orders", "trusted")
    rows: list[list[Content]] = []
    for headline in report.headlines:
        rows += [
            [
                name(note.judge),
                name(note.against),
                marked(wording.percent(note.accuracy), trust_in(note.judge, [note]).level),
                wording.interval(note.low, note.high),
                str(note.n_pairs),
                str(note.failures),
                wording.percent(note.consistency),
                "yes" if note.trusted else tag("strong", "no"),
            ]
            for note in headline.trust.notes
        ]
        if not headline.trust.notes:
            rows.append([name(headline.judge), "not validated", *[wording.MISSING] * 5, tag("strong", "no")])
    legend = (
        "The author's real text against another one: a judge that is right in less than 80% is not to be trusted, and "
        "its numbers are struck out. These pairs are real texts, not in the ledger, and not among the pairs below."
    )
    return join(tag("p", legend, class_="legend"), table("Judges on pairs with a known answer", heads, rows, n_names=2))


def agreement_section(report: Report, links: Links) -> Markup:
    """How far every two judges agree."""
    if not report.summary.agreements:
        return tag("p", "One judge only: there is no second one to agree with.")
    heads = ("judge", "judge", "pairs", "alike", "kappa", "correlation", "alike", "not alike")
    rows = [_agreement(each, links) for each in report.summary.agreements]
    legend = (
        "Over the pairs that both judged. Alike: won, tied or lost by both. Kappa: agreement beyond chance (Cohen). "
        "Correlation: Pearson's, of outcomes."
    )
    return join(tag("p", legend, class_="legend"), table("Agreement of judges", heads, rows, n_names=2))


def costs_section(report: Report, links: Links) -> Markup:
    """What texts and verdicts took."""
    summary = report.summary
    texts = [
        [
            link(name(each.system), links.to(system=each.system)),
            str(each.n_texts),
            *_means(each.seconds, each.tokens, each.dollars),
        ]
        for each in summary.costs
    ]
    verdicts = [
        [name(each.judge), str(each.n_verdicts), *_means(each.seconds, each.tokens, each.dollars)]
        for each in summary.judge_costs
    ]
    heads = ("seconds", "tokens", "dollars")
    return tag(
        "div",
        table("What a text took, on average", ("system", "texts", *heads), texts),
        table("What a verdict took, on average", ("judge", "verdicts", *heads), verdicts),
        class_="beside",
    )


def failures_section(report: Report, links: Links) -> Markup:
    """Targets without a verdict in both orders, why, and of how many."""
    failures = report.summary.failures
    n_targets = len({(row.system, row.baseline, row.judge, row.author, row.target_id) for row in report.rows})
    if not failures:
        return tag("p", f"None: all {n_targets:,} judged targets have a verdict in both orders.")
    n_failures = sum(each.n_failures for each in failures)
    rows = [
        [
            name(each.system),
            name(each.baseline),
            name(each.judge),
            link(
                f"{each.n_failures} of {each.n_targets}",
                links.to(judge=each.judge, system=each.system, baseline=each.baseline, outcome="failed"),
            ),
            tag("ul", [tag("li", f"{count} × ", name(reason, 160)) for reason, count in each.reasons], class_="why"),
        ]
        for each in failures
    ]
    total = f"{n_failures:,} of {n_targets:,} judged targets lack a verdict; they count in no win rate."
    heads = ("system", "against", "judge", "failed", "why")
    return join(tag("p", total), table("Targets without a verdict in both orders", heads, rows, n_names=5))


def about_section(report: Report) -> Markup:
    """Corpus, split, model, settings, systems and packages."""
    about = report.about
    corpus, lm = about.corpus, about.lm
    facts: list[tuple[str, Content]] = [("task", about.task), ("authors of", about.part), ("seed", str(about.seed))]
    if corpus:
        authors = ", ".join(f"{part} {count}" for part, count in corpus.authors.items())
        facts += [("corpus", corpus.name), ("corpus hash", _code(corpus.sha256)), ("authors", authors)]
        facts += [("split hash", _code(corpus.split_sha256))]
    if lm:
        facts += [("model", lm.name), ("decoding", _settings(lm.decoding))]
    facts += [
        ("settings", _settings({key: value for key, value in about.settings.items() if key != CELLS})),
        ("runs", ", ".join(_distinct(row.run for row in report.rows))),
    ]
    facts += [("judge versions", ", ".join(_distinct(row.judge_version for row in report.rows)))]
    packages = [tag("li", f"{package} {version}") for package, version in about.packages.items()]
    facts += [("packages", tag("ul", packages, class_="inline") if packages else "")]
    listed = [join(tag("dt", key), tag("dd", value if value else "not recorded")) for key, value in facts]
    systems = [[name(system), tag("span", said, class_="reason")] for system, said in about.systems.items()]
    parts = [tag("dl", listed)]
    if systems:
        parts.append(table("Systems", ("system", "what it is"), systems, n_names=2))
    return join(*parts)


def notes_section(notes: Sequence[str]) -> Markup:
    """What a reader of the results must know."""
    return tag("ul", [tag("li", note) for note in notes], class_="notes") if notes else Markup()


def _agreement(each: Agreement, links: Links) -> list[Content]:
    alike = None if each.percent is None else each.percent / 100
    return [
        name(each.a),
        name(each.b),
        str(each.n_pairs),
        wording.percent(alike),
        wording.signed(each.kappa),
        wording.signed(each.correlation),
        link("pairs", links.to(judge=each.a, other=f"same:{each.b}")),
        link("pairs", links.to(judge=each.a, other=f"unlike:{each.b}")),
    ]


def _means(seconds: float, tokens: float, dollars: float) -> tuple[str, str, str]:
    return wording.amount(seconds), wording.amount(tokens), wording.dollars(dollars)


def _settings(settings: Mapping[str, object]) -> str:
    """Settings in a line; long ones are cut, the ledger has them whole."""
    values = {key: json.dumps(value, ensure_ascii=False) for key, value in settings.items()}
    return ", ".join(f"{key} = {value if len(value) <= 200 else value[:200] + '…'}" for key, value in values.items())


def _code(text: str) -> Markup:
    return tag("code", text)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
