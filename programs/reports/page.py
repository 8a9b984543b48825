"""The page of a report: one file that needs no other and lets nothing in or out."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from programs.reports.headline import Report
from programs.reports.markup import Markup, join, tag
from programs.reports.measures import measures_section
from programs.reports.other_sections import (
    about_section,
    agreement_section,
    costs_section,
    failures_section,
    notes_section,
    validation_section,
)
from programs.reports.pairs import Links, pairs_json
from programs.reports.results_sections import (
    authors_section,
    differences_section,
    domains_section,
    headline_section,
)
from programs.reports.transfer_section import transfer_section
from programs.reports.transfers import KINDS
from signatures.errors import counted

if TYPE_CHECKING:
    from programs.reports.plots.drawing import Picture

_HERE = Path(__file__).parent
_FILTERS = (
    ("judge", "judge"),
    ("system", "system"),
    ("baseline", "against"),
    ("author", "author"),
    ("domain", "domain"),
    ("outcome", "outcome of the system"),
    ("other", "another judge"),
)


def page(report: Report, pictures: Sequence["Picture"]) -> str:
    """The whole file; the same for the same report."""
    links, drawn = Links(report.rows), {picture.name: _figure(picture) for picture in pictures}
    sections = (
        ("results", "Results", [headline_section(report, links), _figures(drawn, "forest", "authors")]),
        *_measured(report),
        ("differences", "Differences between systems", [differences_section(report, links)]),
        (
            "judges",
            "Judges",
            [validation_section(report), agreement_section(report, links), _figures(drawn, "agreement")],
        ),
        *_carried(report, links, drawn),
        ("domains", "By domain", [domains_section(report, links)]),
        ("authors", "By author", [authors_section(report, links)]),
        ("costs", "Length and cost", [costs_section(report, links), _figures(drawn, "lengths", "costs")]),
        ("failures", "Failures", [failures_section(report, links)]),
        ("about", "What this was made from", [about_section(report)]),
    )
    nav = [tag("li", tag("a", title, href=f"#{key}")) for key, title, _ in (*sections, ("pairs", "Pairs", ()))]
    main = [tag("section", tag("h2", title, id=key), *parts) for key, title, parts in sections]
    body = (
        _header(report),
        tag("nav", tag("ul", nav), aria_label="sections"),
        tag("main", main, _browser()),
    )
    return _document(_title(report), body, pairs_json(report, links))


def _document(title: str, body: Sequence[Markup], data: str) -> str:
    script = (_HERE / "browser.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Only this very script runs, whatever a text may hold; nothing is fetched, sent or framed.
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        # Without one, browsers ask the server for an icon.
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Markup((_HERE / "page.css").read_text("utf-8"))),
    )
    scripts = (
        tag("script", Markup(data), type="application/json", id="pairs-data"),
        tag("script", Markup(script)),
    )
    whole = tag("html", head, "\n", tag("body", join("\n", *(join(each, "\n") for each in body)), *scripts), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _title(report: Report) -> str:
    about = report.about
    named = " on ".join(part for part in (about.task, about.corpus.name if about.corpus else "") if part)
    return f"Evaluation of {named}" if named else "Evaluation"


def _header(report: Report) -> Markup:
    rows = report.rows
    systems, judges = {row.system for row in rows}, {row.judge for row in rows}
    targets, authors = {(row.author, row.target_id) for row in rows}, {row.author for row in rows}
    pairs = {(row.system, row.baseline, row.author, row.target_id) for row in rows}
    n_errors = sum(row.error is not None for row in rows)
    model = f" Texts by {report.about.lm.name}." if report.about.lm else ""
    said = (
        f"{counted(len(systems), 'system')}, {counted(len(judges), 'judge')}, {counted(len(authors), 'author')}, "
        f"{counted(len(targets), 'target')}: {counted(len(pairs), 'pair')} of texts and "
        f"{counted(len(rows) - n_errors, 'verdict')}; {n_errors} of {len(rows)} could not be had.{model}"
    )
    return tag("header", tag("h1", _title(report)), tag("p", said), notes_section(report.about.notes))


def _figure(picture: "Picture") -> Markup:
    drawn = tag("div", Markup(picture.svg), class_="plot", role="img", aria_label=f"{picture.title}. {picture.alt}")
    box = tag("div", drawn, class_="scroll", tabindex="0", role="group", aria_label=picture.title)
    return tag("figure", box, tag("figcaption", picture.title))


def _carried(report: Report, links: Links, drawn: Mapping[str, Markup]) -> list[tuple[str, str, list[Markup]]]:
    """The section on transfer, where hypotheses were carried over."""
    made = transfer_section(report, links)
    return [("transfer", "Transfer", [made, _figures(drawn, *(f"transfer-{kind}" for kind in KINDS))])] if made else []


def _measured(report: Report) -> list[tuple[str, str, list[Markup]]]:
    """The section on what the task counts beside win rates."""
    made = measures_section(report.summary.measures)
    return [("measures", "Beside win rates", made)] if made else []


def _figures(drawn: Mapping[str, Markup], *names: str) -> Markup:
    """Those that were drawn, side by side where there is room."""
    return tag("div", [drawn[name] for name in names if name in drawn], class_="figures")


def _browser() -> Markup:
    fields = [
        tag("div", tag("label", label, for_=f"by-{key}"), tag("select", name=key, id=f"by-{key}"))
        for key, label in _FILTERS
    ]
    form = tag("form", fields, tag("button", "Show all", type="reset"), id="filters", class_="filters", hidden=True)
    return tag(
        "section",
        tag("h2", "Pairs", id="pairs", tabindex="-1"),
        tag("p", "Every pair of texts with every verdict. Choose, then open a pair.", class_="legend"),
        tag("noscript", tag("p", "The pairs are shown by a script, which is switched off.", class_="warning")),
        form,
        tag("div", id="found", class_="found", aria_live="polite"),
        tag("ul", id="pairs-list", class_="pairs"),
        tag("button", "Show more", id="more", class_="more", type="button", hidden=True),
    )
