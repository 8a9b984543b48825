"""All that an evaluation has made so far, on disk as it comes: what is in it is never made twice."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from programs.answers import Answer
from programs.judges import Judge
from programs.judges.opinions import GivesOpinions, Opinion, opinions
from signatures.errors import SetupError

JOURNAL = "journal.sqlite"
_SCHEMA = 1
_TABLES = """
create table header (schema integer not null, content text not null);
create table texts (system text not null, target text not null, content text not null, primary key (system, target));
create table opinions (pair text primary key, content text not null);
"""


class Journal:
    """Texts by system and target, and opinions by what the judge was asked, in a SQLite file.

    Each is committed as it is added, so that a process that is killed loses what it had not finished, and no more.
    Failures are not kept: going on tries them again. One process at a time; any of its threads.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Wraps a database that has the tables; see `open_journal`."""
        self._connection, self._path = connection, path
        self._lock = threading.Lock()

    def texts(self, system: str) -> dict[str, Answer]:
        """Target id to what the system wrote for it."""
        found = self._read("select content from texts where system = ?", system)
        return {each["target_id"]: Answer(**each) for each in found}

    def add_text(self, system: str, answer: Answer) -> None:
        """Keeps an answer that did not fail."""
        if answer.error is None:
            kept = {name: value for name, value in vars(answer).items() if name != "fault"}
            self._write("insert or replace into texts values (?, ?, ?)", system, answer.target_id, json.dumps(kept))

    def opinions(
        self, judge: Judge, authors: Sequence[str], a: Sequence[str], b: Sequence[str], references: str = ""
    ) -> list[Opinion]:
        """What `programs.judges.opinions` gives, asking only for what is not here yet.

        Judges without a model answer anew: that is quicker than reading it. `references` tells apart judges of one
        version that were given other references.
        """
        if not isinstance(judge, GivesOpinions):
            return opinions(judge, authors, a, b)
        keys = [pair_key(judge.version, references, *asked) for asked in zip(authors, a, b, strict=True)]
        known = self._opinions(keys)
        missing = [index for index, key in enumerate(keys) if key not in known]
        # A pair that stands in the list twice is asked for once.
        missing = list({keys[index]: index for index in missing}.values())
        writers, first, second = ([items[index] for index in missing] for items in (authors, a, b))

        def keep(index: int, opinion: Opinion) -> None:
            if opinion.error is None:
                content = json.dumps(asdict(opinion))
                self._write("insert or replace into opinions values (?, ?)", keys[missing[index]], content)

        found = opinions(judge, writers, first, second, keep)
        known |= {keys[index]: opinion for index, opinion in zip(missing, found, strict=True)}
        return [known[key] for key in keys]

    def _opinions(self, keys: Sequence[str]) -> dict[str, Opinion]:
        found: dict[str, Opinion] = {}
        for key in keys:
            for content in self._read("select content from opinions where pair = ?", key):
                found[key] = Opinion(**content)
        return found

    def _read(self, query: str, *values: str) -> list[dict[str, Any]]:
        with self._lock, reported(self._path):
            return [json.loads(content) for (content,) in self._connection.execute(query, values)]

    def _write(self, query: str, *values: str) -> None:
        with self._lock, reported(self._path), self._connection:
            self._connection.execute(query, values)


def pair_key(*parts: str) -> str:
    """A key for what a judge was asked."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@contextmanager
def open_journal(folder: Path, header: Mapping[str, Any], resume: bool) -> Iterator[Journal]:
    """Opens the journal in `folder`, which is made, for the block.

    Args:
        folder: Of one evaluation.
        header: What must be the same for texts to be used again.
        resume: Whether to go on where a journal is; without, one that holds anything is a fault.

    Raises: SetupError if the journal is another evaluation's, in use, damaged, cannot be written, or is not to be used.
    """
    path = folder / JOURNAL
    with reported(path):
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=2.0, check_same_thread=False)
    with closing(connection):
        with reported(path):
            # Held until the process ends, however it ends: two processes would make everything twice.
            connection.execute("pragma locking_mode = exclusive")
            connection.execute("begin exclusive")
            _check(connection, path, header, resume)
            connection.commit()
        yield Journal(connection, path)


def _check(connection: sqlite3.Connection, path: Path, header: Mapping[str, Any], resume: bool) -> None:
    content = json.dumps(header, sort_keys=True)
    if not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement)
        connection.execute("insert into header values (?, ?)", (_SCHEMA, content))
        return
    schema, found = connection.execute("select schema, content from header").fetchone()
    if schema != _SCHEMA:
        raise SetupError(f"{str(path)!r} has schema {schema!r}, not {_SCHEMA}; name another folder with --out")
    before = json.loads(found)
    other = sorted(name for name in {*before, *header} if before.get(name) != json.loads(content).get(name))
    if other:
        raise SetupError(
            f"{str(path)!r} is of another evaluation: {other[0]} is {before.get(other[0])!r} there and "
            f"{header.get(other[0])!r} here; name another folder with --out"
        )
    n_texts, n_opinions = (connection.execute(f"select count(*) from {t}").fetchone()[0] for t in ("texts", "opinions"))
    if (n_texts or n_opinions) and not resume:
        raise SetupError(
            f"{str(path.parent)!r} holds this evaluation already, with {n_texts} texts and {n_opinions} opinions; "
            "go on with --resume, or name another folder with --out"
        )


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turns what SQLite and the disk refuse into one line. Raises: SetupError."""
    try:
        yield
    except sqlite3.OperationalError as fault:
        known = {"locked": "end the process that uses it", "no such": "delete it and begin again"}
        remedy = next((words for sign, words in known.items() if sign in str(fault)), "make room, or change --out")
        raise SetupError(f"cannot use {str(path)!r}: {fault}; {remedy}") from fault
    except (sqlite3.DatabaseError, ValueError, TypeError) as fault:
        raise SetupError(f"{str(path)!r} is damaged: {fault}; delete it and begin again") from fault
    except OSError as fault:
        raise SetupError(f"cannot write {str(path)!r}: {fault.strerror}; name another folder with --out") from fault
