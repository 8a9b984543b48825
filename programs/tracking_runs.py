"""Getting back from MLflow what compiles and evaluations left there. Importing this imports MLflow."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from programs.card import read_card
from programs.contenders import Source, card_source, evaluation_source
from programs.references import CARD, LEDGER
from programs.tracking import reported
from programs.tracking_evaluation import EVALUATION
from programs.tracking_store import TrackingStore, check_tracking, redact
from signatures.errors import SetupError

VERSION = "version"
"""The artifact folder of a compile."""
N_LISTED = 6
"""Runs that a message names."""
SHORT_ID = 8
"""Characters of a run's id that tell it from others in a table."""


def run_source(store: TrackingStore, task: str, name: str, into: Path) -> Source:
    """Downloads the ledger of the task's run with this id or name.

    Raises: SetupError if there is no such run or more than one, it left no ledger, or the store refuses.
    """
    check_tracking(store, must_exist=True)
    with reported(store):
        client = MlflowClient(tracking_uri=store.uri)
        run = _find(client, store, task, name)
        files = _download(client, run, into / run.info.run_id)
    if LEDGER not in files:
        raise SetupError(
            f"run {_called(run)} is {run.info.status} and left no ledger; choose one that was scored to its end"
        )
    short = run.info.run_id[:SHORT_ID]
    origin = f"run {run.info.run_name} ({run.info.run_id})"
    if CARD in files:
        card = read_card(files[CARD])
        return card_source(f"{card.version} (run {short})", origin, card, files[LEDGER])
    created = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return evaluation_source(f"run {short}", origin, f"{created:%Y-%m-%d %H:%M}", files[LEDGER])


def _find(client: MlflowClient, store: TrackingStore, task: str, name: str) -> Run:
    runs = list(_runs(client, task))
    found = [run for run in runs if name == run.info.run_id] or [run for run in runs if name == run.info.run_name]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(run.info.run_id for run in found[:N_LISTED])
        raise SetupError(f"{len(found)} runs are called {name!r}; give the id of one, latest first: {ids}")
    known = ", ".join(_called(run) for run in runs[:N_LISTED]) or "none yet; compile or evaluate first"
    raise SetupError(f"no run {name!r} of task {task!r} in {redact(store.uri)}; the latest are: {known}")


def _runs(client: MlflowClient, task: str) -> Iterator[Run]:
    """The runs of a task that are not a trial of another, latest first."""
    experiment = client.get_experiment_by_name(f"hyperalign/{task}")
    token: str | None = None
    while experiment is not None:
        page = client.search_runs([experiment.experiment_id], page_token=token)
        yield from (run for run in page if "mlflow.parentRunId" not in run.data.tags)
        token = page.token
        if not token:
            return


def _download(client: MlflowClient, run: Run, into: Path) -> dict[str, Path]:
    """The ledger, and a compile's card, by file name; none where there is no ledger."""
    for kind, names in ((VERSION, (CARD, LEDGER)), (EVALUATION, (LEDGER,))):
        held = {artifact.path for artifact in client.list_artifacts(run.info.run_id, kind)}
        if held.issuperset(f"{kind}/{name}" for name in names):
            into.mkdir(parents=True, exist_ok=True)
            return {
                name: Path(client.download_artifacts(run.info.run_id, f"{kind}/{name}", str(into))) for name in names
            }
    return {}


def _called(run: Run) -> str:
    return f"{run.info.run_name!r} ({run.info.run_id})"
