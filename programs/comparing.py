"""Contenders side by side on the same targets, by the same judges: pure, from their ledgers alone."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from programs.card import JudgeNote
from programs.contenders import Contender, Source
from programs.detectable import detectable
from programs.ledger import LedgerRow, failed_targets, pairs_from
from programs.metrics import JudgedPair, paired_difference
from programs.side_by_side import Gap, LeftOut, Made, SideBySide, Standing, Verdicts
from programs.summary import result_row
from signatures.errors import SetupError

BASELINE = "zero-shot"
"""Taken where all contenders were judged against it."""
SHORT_HASH = 12
SEED = 0
"""Of each interval and p-value."""

Rivals = tuple[Contender, Contender]
Target = tuple[str, str]
"""Author and target id."""


def by_split(sources: Sequence[Source]) -> list[list[Source]]:
    """Groups what was scored on the same targets, in the order of first members."""
    groups: dict[tuple[str, ...], list[Source]] = {}
    for source in sources:
        key = (source.corpus.split_sha256, source.corpus.sha256, source.part)
        groups.setdefault(key, []).append(source)
    return list(groups.values())


def check_splits(sources: Sequence[Source]) -> None:
    """Finds out whether all were scored on the same targets.

    Raises: SetupError naming the hash of each split and what was scored on it.
    """
    groups = by_split(sources)
    if len(groups) < 2:
        return
    told = "; ".join(f"{_names(group)} on {split_name(group[0])}" for group in groups)
    some = " or ".join(_names(group) for group in groups if len(group) > 1)
    remedy = f"only {some} can be compared with each other" if some else "no two of them can be compared"
    hashes = {source.corpus.split_sha256 for source in sources}
    fault = "the split hashes differ" if len(hashes) > 1 else "other authors or texts of the split were scored"
    raise SetupError(
        f"{fault}, so the targets are not the same: {told}; {remedy}; to compare the others, score them on one split "
        "with: python -m programs.evaluate --systems"
    )


def split_name(source: Source) -> str:
    """The split that a source was scored on, as messages name it."""
    corpus = source.corpus
    return f"split {corpus.split_sha256[:SHORT_HASH]} ({source.part}, corpus {corpus.sha256[:SHORT_HASH]})"


def rivals_among(contenders: Sequence[Contender], all_with_all: bool = False) -> list[Rivals]:
    """Who is compared with whom: what stands in two sources under one name, and everything with a compiled program.

    Raises: SetupError if there are no two.
    """
    found = [
        (a, b)
        for a, b in combinations(contenders, 2)
        if all_with_all
        or (a.source is not b.source and (a.system == b.system or a.source.compiled or b.source.compiled))
    ]
    if not found:
        names = ", ".join(repr(contender.name) for contender in contenders) or "none"
        raise SetupError(
            f"nothing to compare: there is {names}, and no two of one system from two places; name another version or "
            "run, or choose systems with --system"
        )
    return found


def compare(task: str, rivals: Sequence[Rivals], baseline: str | None = None) -> SideBySide:
    """Lays the rivals side by side.

    The baseline is zero-shot unless given, or another that all were judged against. A judge counts for the contenders
    that the same version of it judged.

    Raises: SetupError if the splits differ, or no baseline, judge or target is common to two rivals.
    """
    contenders = list({contender.name: contender for pair in rivals for contender in pair}.values())
    check_splits([contender.source for contender in contenders])
    chosen = _common_baseline(contenders, baseline)
    notes: list[str] = []
    tables = []
    for judge in _judges(contenders):
        judged = {each.name: rows for each in contenders if (rows := _rows(each, chosen, judge))}
        fights = [pair for pair in rivals if all(each.name in judged for each in pair)]
        missing = [each.name for each in contenders if each.name not in judged]
        if missing:
            notes.append(f"judge {judge[0]} ({judge[1]}) did not judge {', '.join(missing)}")
        if fights:
            tables.append(_verdicts(judge, fights, judged, contenders))
    if not tables:
        raise SetupError(
            f"no version of a judge judged two of them: {'; '.join(notes)}; judge the texts again by one judge with: "
            "python -m programs.evaluate --rejudge"
        )
    source = contenders[0].source
    return SideBySide(
        task=task,
        baseline=chosen,
        corpus=source.corpus.name,
        split_sha256=source.corpus.split_sha256,
        part=source.part,
        contenders=tuple(_made(contender) for contender in contenders),
        verdicts=tuple(tables),
        notes=(*notes, *_warnings(contenders, chosen, tables)),
    )


def left_out(contenders: Sequence[Contender], rivals: Sequence[Rivals]) -> list[LeftOut]:
    """The contenders that have nobody to be compared with."""
    kept = {contender.name for pair in rivals for contender in pair}
    reason = "no other version or run has this system"
    return [LeftOut(name=each.name, reason=reason) for each in contenders if each.name not in kept]


def _common_baseline(contenders: Sequence[Contender], wanted: str | None) -> str:
    each = [list(dict.fromkeys(row.baseline for row in contender.rows)) for contender in contenders]
    common = [name for name in each[0] if all(name in others for others in each)]
    if wanted in common:
        return str(wanted)
    if wanted is None and common:
        return BASELINE if BASELINE in common else common[0]
    told = "; ".join(f"{who.name!r} against {', '.join(names)}" for who, names in zip(contenders, each, strict=True))
    fault = f"not all were judged against {wanted!r}" if wanted else "no baseline is common to all"
    raise SetupError(f"{fault}: {told}; choose with --baseline, or leave one out")


def _judges(contenders: Sequence[Contender]) -> list[tuple[str, str]]:
    """Name and version of every judge, in the order of first rows."""
    return list(dict.fromkeys((row.judge, row.judge_version) for each in contenders for row in each.rows))


def _rows(contender: Contender, baseline: str, judge: tuple[str, str]) -> list[LedgerRow]:
    rows = [row for row in contender.rows if (row.baseline, row.judge, row.judge_version) == (baseline, *judge)]
    if len({row.run for row in rows}) > 1:
        raise SetupError(f"the ledger of {contender.name!r} mixes verdicts of several runs; evaluate again")
    return rows


def _verdicts(
    judge: tuple[str, str],
    fights: Sequence[Rivals],
    judged: dict[str, list[LedgerRow]],
    contenders: Sequence[Contender],
) -> Verdicts:
    fighting = [each for each in contenders if any(each in pair for pair in fights)]
    pairs = {each.name: _pairs(judged[each.name], each.name) for each in fighting}
    common = set.intersection(*(set(found) for found in pairs.values()))
    if not common:
        names = ", ".join(repr(name) for name in pairs)
        raise SetupError(f"no target has verdicts of {judge[0]} on all of {names}; leave out what failed at them")
    shared = {name: [found[target] for target in sorted(common)] for name, found in pairs.items()}
    notes = _validation(judge[0], fighting)
    return Verdicts(
        judge=judge[0],
        judge_version=judge[1],
        validation=notes,
        trusted=bool(notes) and all(note.trusted for note in notes),
        standings=tuple(_standing(name, judged[name], common, len(pairs[name])) for name in pairs),
        differences=tuple(_gap(b.name, a.name, shared, judged) for a, b in fights),
        detectable=detectable(judged[fighting[0].name][0].baseline, judge[0], list(shared.values())).in_words(),
    )


def _pairs(rows: Sequence[LedgerRow], name: str) -> dict[Target, JudgedPair]:
    try:
        return {(pair.author, pair.target_id): pair for pair in pairs_from(rows)}
    except ValueError as fault:
        raise SetupError(f"the ledger of {name!r} is not of one run: {fault}; evaluate again") from fault


def _standing(name: str, rows: Sequence[LedgerRow], common: set[Target], n_pairs: int) -> Standing:
    kept = common.union(failed_targets(rows))
    result = result_row([row for row in rows if (row.author, row.target_id) in kept])
    if result is None:
        raise ValueError("no target is common")
    return Standing.model_validate({**result.model_dump(), "system": name, "n_left_out": n_pairs - len(common)})


def _gap(a: str, b: str, shared: dict[str, list[JudgedPair]], judged: dict[str, list[LedgerRow]]) -> Gap:
    found = paired_difference(shared[a], shared[b], rng=np.random.default_rng(SEED))
    against = [{(row.author, row.target_id): row.baseline_text for row in judged[name]} for name in (a, b)]
    targets = [(pair.author, pair.target_id) for pair in shared[a]]
    return Gap(
        a=a,
        b=b,
        value=found.value,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        n_authors=found.n_authors,
        n_pairs=found.n_pairs,
        n_baselines_differ=sum(against[0][target] != against[1][target] for target in targets),
    )


def _validation(judge: str, contenders: Sequence[Contender]) -> tuple[JudgeNote, ...]:
    notes = [note for each in contenders for note in each.source.judges if note.judge == judge]
    return tuple(note for i, note in enumerate(notes) if note not in notes[:i])


def _made(contender: Contender) -> Made:
    source = contender.source
    return Made(
        name=contender.name,
        system=contender.system,
        origin=source.origin,
        made_by=contender.made_by,
        lm=source.lm,
        seed=source.seed,
        shown=source.shown,
        created=source.created,
    )


def _warnings(contenders: Sequence[Contender], baseline: str, tables: Sequence[Verdicts]) -> list[str]:
    """What a careful reader must know before believing a difference."""
    found = []
    gaps = [gap for table in tables for gap in table.differences]
    if any(gap.n_baselines_differ for gap in gaps):
        found.append(
            f"{baseline} wrote anew for some: where baseline texts differ, each win rate is against its own, and a "
            "difference holds the chance in both; for one baseline, evaluate both with programs.evaluate --systems"
        )
    models = sorted({each.source.lm for each in contenders})
    if len(models) > 1:
        found.append(
            f"the texts are by different models ({', '.join(models)}), those of {baseline} too: a difference is one of "
            "model and program together"
        )
    if len(gaps) > 1:
        found.append(f"the {len(gaps)} p-values are each for one difference alone, not corrected for their number")
    return found


def _names(sources: Sequence[Source]) -> str:
    return ", ".join(repr(source.name) for source in sources)
