"""What can be laid side by side: systems of saved versions and of MLflow runs, with the verdicts on them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from programs.aliases import Alias, read_aliases
from programs.card import Card, CorpusNote, JudgeNote, read_card
from programs.ledger import LedgerAbout, LedgerRow, read_all
from programs.references import CARD, DEFAULT, LEDGER, resolve
from programs.side_by_side import LeftOut
from signatures.errors import SetupError

COMPILED = "compiled"
"""What a compile calls the program it made."""
ALIASES: tuple[str, ...] = get_args(Alias)
YARDSTICKS = ("ceiling", "floor")
"""Real texts in an evaluation: compared only when asked for."""


@dataclass(frozen=True)
class Source:
    """A ledger and what is known of where it came from."""

    name: str
    """As tables call it."""
    origin: str
    """A folder, or the name and id of a run."""
    rows: tuple[LedgerRow, ...]
    judges: tuple[JudgeNote, ...]
    corpus: CorpusNote
    part: str
    """The split whose authors were scored."""
    compiled: bool
    """Whether a compile made it; else an evaluation."""
    lm: str
    seed: int | None
    systems: Mapping[str, str]
    """System to what it is, in a line, where that is known."""
    shown: int | None
    """Samples of an author that the program is shown at most."""
    created: str
    """Date and time in UTC, to the minute."""


@dataclass(frozen=True)
class Contender:
    """One system of one source."""

    name: str
    system: str
    source: Source
    rows: tuple[LedgerRow, ...]
    """The verdicts with this system as candidate."""

    @property
    def made_by(self) -> str:
        """The optimizer and its budget, or what an evaluation says of the system; empty where it says nothing."""
        return self.source.systems.get(self.system, "")


def version_source(name: str, folder: Path) -> Source:
    """Reads a saved version.

    Raises: SetupError if its card or ledger cannot be read, or it was never scored.
    """
    return card_source(name, str(folder), read_card(folder / CARD), folder / LEDGER)


def card_source(name: str, origin: str, card: Card, ledger: Path) -> Source:
    """What a card says of its ledger, which may be of a schema that says nothing of itself.

    Raises: SetupError if the ledger cannot be read or holds no verdicts.
    """
    rows, _ = read_all(ledger)
    if not rows:
        raise SetupError(
            f"{name!r} was not scored: its run was interrupted; compile again, or score it with: "
            f"python -m programs.evaluate --systems {card.task}/{card.version}"
        )
    shown = card.settings.get("n_shown")
    return Source(
        name=name,
        origin=origin,
        rows=tuple(rows),
        judges=card.judges,
        corpus=card.corpus,
        part="test",
        compiled=True,
        lm=card.lm.name,
        seed=card.seeds.get("run"),
        systems={COMPILED: " ".join([card.optimizer.name, *_budget(card)])},
        shown=shown if isinstance(shown, int) else None,
        created=f"{card.created:%Y-%m-%d %H:%M}",
    )


def evaluation_source(name: str, origin: str, created: str, ledger: Path) -> Source:
    """What an evaluation's ledger says of itself.

    Raises: SetupError if it cannot be read, holds no verdicts, or does not say on which split they were given.
    """
    rows, about = read_all(ledger)
    if not rows:
        raise SetupError(f"{name!r} holds no verdicts; run the evaluation to its end with --resume")
    return Source(
        name=name,
        origin=origin,
        rows=tuple(rows),
        judges=about.judges,
        corpus=_corpus(name, about),
        part=about.part,
        compiled=False,
        lm=about.lm.name if about.lm else "",
        seed=about.seed,
        systems=about.systems,
        shown=None,
        created=created,
    )


def contenders_of(source: Source, wanted: Collection[str]) -> list[Contender]:
    """The wanted systems of a source; by default what a compile made, or all that an evaluation scored.

    Raises: SetupError if it has none of them, listing those it has.
    """
    systems = list(dict.fromkeys(row.system for row in source.rows))
    if wanted:
        chosen = [system for system in systems if system in wanted]
    elif source.compiled:
        chosen = [COMPILED] if COMPILED in systems else []
    else:
        chosen = [system for system in systems if system not in YARDSTICKS]
    if not chosen:
        asked = ", ".join(repr(system) for system in wanted) or repr(COMPILED)
        raise SetupError(
            f"{source.name!r} has no verdicts on {asked}; choose with --system from: {', '.join(sorted(systems))}"
        )
    return [
        Contender(
            name=source.name if source.compiled and system == COMPILED else f"{system} of {source.name}",
            system=system,
            source=source,
            rows=tuple(row for row in source.rows if row.system == system),
        )
        for system in chosen
    ]


def version_folder(task: str, name: str, root: Path) -> Path:
    """The folder of a version called by its number, "default", an alias, or any reference that `load` takes.

    Raises: SetupError if there is none, listing what there is.
    """
    reference = f"{task}@{name}" if name in ALIASES else f"{task}/{name}" if _is_number(name) else name
    return resolve(reference, root, (task,))


def version_name(task: str, name: str, folder: Path, root: Path) -> str:
    """Its number with its aliases, such as "2 (champion)", for a number or alias; any other reference as it is."""
    if name not in ALIASES and not _is_number(name):
        return name
    aliases = [alias for alias, version in read_aliases(root / task).items() if version == folder.name]
    return f"{folder.name} ({', '.join(aliases)})" if aliases else folder.name


def without_repetitions(sources: Sequence[Source]) -> tuple[list[Source], list[LeftOut]]:
    """Takes out sources whose verdicts stand in one before, such as a version and the run that made it."""
    kept: list[Source] = []
    out: list[LeftOut] = []
    for source in sources:
        same = next((other for other in kept if source.rows == other.rows), None)
        if same:
            out.append(LeftOut(name=source.name, reason=f"holds the same verdicts as {same.name!r}"))
        else:
            kept.append(source)
    return kept, out


def _is_number(name: str) -> bool:
    return name == DEFAULT or name.isdecimal()


def _budget(card: Card) -> list[str]:
    budget = card.optimizer.settings.get("budget")
    return [str(budget)] if budget else []


def _corpus(name: str, about: LedgerAbout) -> CorpusNote:
    if about.corpus is None:
        raise SetupError(
            f"the ledger of {name!r} does not say on which split its verdicts were given; run the evaluation again"
        )
    return about.corpus
