"""Where MLflow keeps runs and models, and whether it can be written: asked without importing MLflow."""

import re
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from programs.disk import nearest
from signatures.errors import SetupError

BUSY_SECONDS = 2.0
"""How long another process may hold the database before it counts as locked."""
SQLITE = "sqlite:///"


class TrackingStore(NamedTuple):
    """An MLflow tracking server or database."""

    uri: str
    artifacts: str | None
    """URI under which new experiments keep files; None leaves it to the server."""


def tracking_store(root: Path, uri: str | None = None) -> TrackingStore:
    """The store at `uri` (such as the value of MLFLOW_TRACKING_URI), or `mlflow.db` in the folder of all tasks.

    A SQLite store keeps its files in `mlflow/` beside the database.
    """
    uri = uri or f"{SQLITE}{(root / 'mlflow.db').absolute()}"
    database = _database(uri)
    return TrackingStore(uri, (database.absolute().parent / "mlflow").as_uri() if database else None)


def check_tracking(store: TrackingStore, must_exist: bool = False) -> None:
    """Finds out whether runs can be logged to the store, before any work is done.

    A SQLite store is opened for writing and its schema compared with the installed MLflow's; nothing is created
    or changed. A server is asked for its health. Takes milliseconds, or `BUSY_SECONDS` if
    the database is locked. With `must_exist`, a SQLite store that is not there is a fault.

    Raises: SetupError naming the remedy.
    """
    if database := _database(store.uri):
        if must_exist and not database.exists():
            raise SetupError(
                f"no MLflow database at {str(database)!r}; compile first, or set MLFLOW_TRACKING_URI to the store"
            )
        _check_sqlite(database, store.uri)
    elif re.match("https?://", store.uri):
        _check_server(store.uri)
    else:
        _check_scheme(store.uri)


def make_folder(store: TrackingStore) -> None:
    """Makes the folder of a SQLite store. Raises: OSError."""
    if database := _database(store.uri):
        database.parent.mkdir(parents=True, exist_ok=True)


def shown_uri(uri: str) -> str:
    """The URI as a person may type it: a SQLite file below the working folder by its relative path; no password."""
    database = _database(uri)
    if database and database.is_relative_to(Path.cwd()):
        return f"{SQLITE}{database.relative_to(Path.cwd()).as_posix()}"
    return redact(uri)


def redact(uri: str) -> str:
    """The URI without user name and password."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", uri)


def _database(uri: str) -> Path | None:
    path = uri.removeprefix(SQLITE).split("?")[0]
    return Path(path) if uri.startswith(SQLITE) and path else None


def _check_server(uri: str) -> None:
    try:
        urllib.request.urlopen(f"{redact(uri).rstrip('/')}/health", timeout=5).close()
    except urllib.error.HTTPError as fault:  # it answers; whether it lets us in shows at the first request
        fault.close()
    except OSError as fault:
        raise SetupError(
            f"cannot reach the MLflow server {redact(uri)!r}: {fault}; "
            "start it, correct MLFLOW_TRACKING_URI, or unset it to log to a local file"
        ) from fault


def _check_scheme(uri: str) -> None:
    """Other stores are asked only when the run begins; what MLflow has no store for is known now."""
    scheme = uri.partition("://")[0] if "://" in uri else ""
    known = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks")
    if uri == "databricks" or scheme.partition("+")[0] in known[3:]:
        return
    raise SetupError(
        f"MLflow has no store for {redact(uri)!r} that keeps registered models; set MLFLOW_TRACKING_URI to one of "
        f"{', '.join(f'{name}://...' for name in known)}, or unset it to log to a local file"
    )


def _check_sqlite(database: Path, uri: str) -> None:
    otherwise = "or set MLFLOW_TRACKING_URI to another store"
    try:
        if not database.exists():
            tempfile.TemporaryFile(dir=nearest(database.parent)).close()
            return
        with closing(
            sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
        ) as found:
            found.execute("BEGIN IMMEDIATE")
            schema = _schema(found)
            found.rollback()
    except OSError as fault:
        raise SetupError(
            f"cannot write the MLflow database {str(database)!r}: {fault.strerror}; choose another folder with --out, "
            f"{otherwise}"
        ) from fault
    except sqlite3.OperationalError as fault:
        remedy = "end the process that uses it" if "locked" in str(fault) else "make it writable"
        raise SetupError(f"the MLflow database {str(database)!r}: {fault}; {remedy}, {otherwise}") from fault
    except sqlite3.DatabaseError as fault:
        raise SetupError(f"{str(database)!r} is no MLflow database: {fault}; move it away, {otherwise}") from fault
    head = mlflow_schema()
    if schema is not None and schema != head:
        raise SetupError(
            f"the MLflow database {str(database)!r} has schema {schema!r}, the installed MLflow {head!r}; "
            f"run `mlflow db upgrade {uri}` if it is older, move it away, {otherwise}"
        )


def _schema(database: sqlite3.Connection) -> str | None:
    """The revision a database is at, None if it is empty, a word of its own if it is not MLflow's."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        return "of something else than MLflow"
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def mlflow_schema() -> str:
    """The schema revision of the installed MLflow: the one migration that no other builds on.

    Raises: SetupError if MLflow is not installed or its migrations are not where they are expected.
    """
    spec = find_spec("mlflow")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        heads = _heads(Path(package) / "store" / "db_migrations" / "versions")
        if len(heads) == 1:
            return heads.pop()
    raise SetupError("cannot find MLflow's migrations; install it with: pip install 'mlflow>=3.17.2,<4'")


def _heads(folder: Path) -> set[str]:
    found = [dict(_revisions(path)) for path in folder.glob("*.py")]
    return {each["revision"] for each in found if "revision" in each} - {each.get("down_revision") for each in found}


def _revisions(migration: Path) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"^(revision|down_revision) *= *[\"'](\w+)[\"']", migration.read_text("utf-8"), re.MULTILINE)
