"""The pairs of a ledger as the page's script reads them, and links from a number to the pairs it is counted from."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from programs.ledger import LedgerRow
from programs.reports.headline import Report
from programs.reports.wording import label, shown

_LONGEST_NAME = 80
_CODES = {"candidate": 1.0, "tie": 0.5, "baseline": 0.0}


class Names:
    """Numbers for the names of one kind, in the order they are first met."""

    def __init__(self, names: Iterable[str]) -> None:
        """Numbers each name once."""
        self.numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}

    def __getitem__(self, name: str) -> int:
        """The number of a name that is there."""
        return self.numbers[name]

    def listed(self) -> list[str]:
        """The names as a page shows them, by number."""
        return [label(name, _LONGEST_NAME) for name in self.numbers]


class Links:
    """Addresses within the page of any choice of pairs."""

    def __init__(self, rows: Sequence[LedgerRow]) -> None:
        """Numbers all that pairs can be chosen by."""
        self.judges = Names(row.judge for row in rows)
        self.systems = Names(row.system for row in rows)
        self.baselines = Names(row.baseline for row in rows)
        self.authors = Names(sorted({row.author for row in rows}))
        self.domains = Names(sorted({row.domain for row in rows}))

    def to(
        self,
        *,
        judge: str | None = None,
        system: str | None = None,
        baseline: str | None = None,
        author: str | None = None,
        domain: str | None = None,
        outcome: str | None = None,
        other: str | None = None,
    ) -> str:
        """The address of the pairs that fit all that is given.

        Args:
            judge: Whose verdicts count.
            system: The candidate.
            baseline: What it is compared with.
            author: Whose targets.
            domain: Of the targets.
            outcome: won, tied, lost or failed, by `judge`.
            other: "same:JUDGE" or "unlike:JUDGE": another judge whose outcome is the same, or not.
        """
        relation, _, rival = (other or "").partition(":")
        chosen = {
            "judge": None if judge is None else self.judges[judge],
            "system": None if system is None else self.systems[system],
            "baseline": None if baseline is None else self.baselines[baseline],
            "author": None if author is None else self.authors[author],
            "domain": None if domain is None else self.domains[domain],
            "outcome": outcome,
            "other": f"{relation}-{self.judges[rival]}" if rival else None,
        }
        return "#pairs?" + urlencode({key: value for key, value in chosen.items() if value is not None})


def pairs_json(report: Report, links: Links) -> str:
    """All pairs of texts with their verdicts, as JSON that may stand in a script element.

    Texts that several pairs share stand there once.
    """
    texts = _Texts()
    data = {
        "judges": [
            {"name": name, "level": trust}
            for name, trust in zip(links.judges.listed(), _levels(report, links), strict=True)
        ],
        "systems": links.systems.listed(),
        "baselines": links.baselines.listed(),
        "authors": links.authors.listed(),
        "domains": links.domains.listed(),
        "pairs": _pairs(report.rows, links, texts),
        "texts": texts.listed,
    }
    plain = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # None of these can then end the script element, or a line of it.
    for mark in "<>&\u2028\u2029":
        plain = plain.replace(mark, f"\\u{ord(mark):04x}")
    return plain


class _Texts:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.listed)
            self.listed.append(shown(text))
        return self._numbers[text]


def _levels(report: Report, links: Links) -> list[str]:
    levels = {headline.judge: headline.trust.level for headline in report.headlines}
    return [levels[name] for name in links.judges.numbers]


def _pairs(rows: Sequence[LedgerRow], links: Links, texts: _Texts) -> list[dict[str, Any]]:
    """One entry for each two texts that were set against each other, in the order of their first rows.

    Judges that were given different texts of the same target have entries of their own.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row.run, row.system, row.baseline, row.author, row.target_id, row.candidate_text, row.baseline_text)
        pair = found.get(key)
        if pair is None:
            pair = found[key] = _pair(row, links, texts)
        number = links.judges[row.judge]
        verdicts = next((each for each in pair["verdicts"] if each["judge"] == number), None)
        if verdicts is None:
            verdicts = {"judge": number, "version": texts.number(row.judge_version), "orders": [None, None]}
            pair["verdicts"].append(verdicts)
        verdicts["orders"][row.order == "baseline-first"] = _verdict(row, texts)
    return list(found.values())


def _pair(row: LedgerRow, links: Links, texts: _Texts) -> dict[str, Any]:
    return {
        "system": links.systems[row.system],
        "baseline": links.baselines[row.baseline],
        "author": links.authors[row.author],
        "domain": links.domains[row.domain],
        "target": texts.number(row.target_id),
        "prompt": texts.number(row.prompt),
        "sample": texts.number(row.sample),
        "hypotheses": texts.number(row.hypotheses),
        "a": texts.number(row.candidate_text),
        "b": texts.number(row.baseline_text),
        "words": [row.candidate_words, row.baseline_words],
        "spent": [round(row.seconds, 3), row.tokens, round(row.cost, 6)],
        "verdicts": [],
    }


def _verdict(row: LedgerRow, texts: _Texts) -> list[Any]:
    """Points of the candidate, or None with the error; the reason or error; what the verdict took."""
    said = row.reason if row.error is None else row.error
    points = None if row.verdict is None else _CODES[row.verdict]
    return [points, texts.number(said), round(row.judge_seconds, 3), row.judge_tokens, round(row.judge_cost, 6)]
