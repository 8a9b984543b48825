"""Existing texts judged again by other judges: nothing is generated."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from programs.bench import Bench, Parts
from programs.card import CorpusNote, JudgeNote
from programs.contest import judged_again
from programs.evaluations.journal import open_journal
from programs.evaluations.run import Evaluated, finish
from programs.evaluations.setup import EVALUATIONS, PARTS, VALIDATIONS
from programs.judges import Judge, References, ValidationCache
from programs.judges.opinions import Opine
from programs.ledger import LedgerAbout, LedgerRow, comparisons, read_all
from programs.progress import RunProgress
from programs.tasks import find_task
from signatures.errors import SetupError


@dataclass(frozen=True)
class Again:
    """A ledger, the corpus it came from, and the judges that are to read it."""

    rows: tuple[LedgerRow, ...]
    about: LedgerAbout
    bench: Bench
    judged: tuple[Any, ...]
    judges: tuple[Judge, ...]
    """Those that have not read it yet."""
    folder: Path
    resume: bool

    def execute(self, progress: RunProgress) -> Evaluated:
        """Judges every text that the ledger holds; rows of judges that it has already are left as they are."""
        references = self.bench.judging.references(self.judged)
        key = hashlib.sha256(json.dumps(references, sort_keys=True).encode()).hexdigest()
        rows, notes = list(self.rows), list(self.about.judges)
        # Not the rows themselves: the same texts evaluated once more took other seconds.
        header = {"run": self.rows[0].run, "references": key}
        with open_journal(self.folder, header, self.resume) as journal:
            opine = partial(journal.opinions, references=key)
            texts = _texts(self.rows)
            for judge in self.judges:
                with progress.phase(f"judge {judge.name}", len(texts) + 1):
                    notes += self._validated(judge, references, opine)
                    progress.step()
                    for each in texts:
                        rows += judged_again(each, judge, opine, self.bench.judging.by)
                        progress.step()
        about = self.about.model_copy(update={"judges": tuple(notes)})
        return finish(self.folder, rows, about)

    def _validated(self, judge: Judge, references: References, opine: Opine) -> list[JudgeNote]:
        baseline = self.rows[0].baseline
        texts = {
            row.target_id: row.baseline_text for row in self.rows if row.baseline == baseline and row.baseline_text
        }
        cases = [case for case in self.judged if any(target.id in texts for target in case.targets)]
        plain = (f"{self.about.lm.name if self.about.lm else 'model'} {baseline}", texts)
        cache = ValidationCache(self.folder.parent / VALIDATIONS, references)
        rng = np.random.default_rng(self.about.seed)
        return self.bench.judging.validate(judge, self.judged, cases, plain, rng, cache, opine)


def prepare_again(
    ledger: Path,
    judges: tuple[str, ...] | None,
    data: str | None,
    out: Path,
    resume: bool,
    judge_api_base: str | None = None,
) -> Again:
    """Reads a ledger and finds its references again.

    Args:
        ledger: Its path.
        judges: Names of judges; None for those of an evaluation of the ledger's task.
        data: Where the corpus is now; None for where it was.
        out: The folder of all tasks.
        resume: As in `open_journal`.
        judge_api_base: Address of the server of hosted judges.

    Raises: SetupError if the ledger has no rows or does not say what it is of, or the corpus is not the one it is of.
    """
    rows, about = read_all(ledger)
    bench = find_task(about.task or "authorship").bench
    judges = bench.judging.evaluated if judges is None else judges
    for each in judges:
        bench.judging.check(each)
    if not rows:
        raise SetupError(f"the ledger {str(ledger)!r} has no rows; there is nothing to judge")
    if about.corpus is None:
        raise SetupError(f"the ledger {str(ledger)!r} does not say what corpus it is of; compile or evaluate again")
    splits = _split(bench, about, about.corpus, data or about.corpus.name)
    parts = PARTS[:-1] if about.part == "all" else (about.part, "dev", "test")
    judged = {case.author.id: case for part in parts for case in getattr(splits, part)}
    if about.part == "all":
        judged = dict(sorted(judged.items()))
    name = hashlib.sha256(json.dumps([rows[0].run, judges]).encode()).hexdigest()[:8]
    folder = out / EVALUATIONS / f"{about.task or 'texts'}-{rows[0].run}-rejudged-{name}"
    references = bench.judging.references(tuple(judged.values()))
    built = [bench.judging.make(each, references, judge_api_base) for each in judges]
    return Again(tuple(rows), about, bench, tuple(judged.values()), _new(built, rows), folder, resume)


def _split(bench: Bench, about: LedgerAbout, note: CorpusNote, data: str) -> Parts:
    """The split that the ledger is of, drawn again. Raises: SetupError if `data` gives another."""
    settings: Mapping[str, Any] = {
        k: v for k, v in about.settings.items() if k in ("n_samples", "n_targets", "min_texts")
    }
    corpus, splits = bench.data(data, about.seed, settings)
    for what, found, wanted in (("is", corpus.hash, note.sha256), ("splits to", splits.hash, note.split_sha256)):
        if found != wanted:
            raise SetupError(
                f"corpus {data!r} {what} {found[:12]!r}, and the ledger is of {wanted[:12]!r}; "
                "name the corpus it was made on with --data"
            )
    return splits


def _new(judges: Sequence[Judge], rows: Sequence[LedgerRow]) -> tuple[Judge, ...]:
    """The judges that gave none of the verdicts. Raises: SetupError for one that gave some in another version."""
    found = []
    for judge in judges:
        known = {row.judge_version for row in rows if row.judge == judge.name}
        if known - {judge.version}:
            raise SetupError(
                f"the ledger holds verdicts of {judge.name} in another version, {sorted(known)[0]!r}; "
                "leave it out of --judges"
            )
        if not known:
            found.append(judge)
    return tuple(found)


def _texts(rows: tuple[LedgerRow, ...]) -> list[list[LedgerRow]]:
    """For each two systems, the rows of the judge that comes first."""
    first: dict[tuple[str, str], list[LedgerRow]] = {}
    for (system, baseline, _), found in comparisons(rows).items():
        first.setdefault((system, baseline), found)
    return list(first.values())
