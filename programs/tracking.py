"""Runs and trials of a compile in MLflow. Importing this imports MLflow, which takes seconds.

Everything goes through a client of its own: neither MLflow's active run nor its tracking URI is used, so that any
thread may log, and the program that calls us keeps its own MLflow settings.
"""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

# MLflow starts a thread that reports to its makers as soon as it is imported; it draws bars over those of its caller,
# and prints links to stdout, where results belong.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

import mlflow
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.utils import logging_utils
from pydantic import JsonValue

from programs.card import read_card
from programs.references import CARD, REGISTERED
from programs.tracking_rows import card_metrics, card_params, flat_params
from programs.tracking_store import TrackingStore, check_tracking, make_folder, redact, tracking_store
from signatures.errors import SetupError

LONGEST_DIGEST = 36
BATCH = 100
"""The most params MLflow takes in one request."""

Ending = Literal["FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True)
class Trial:
    """One try of an optimizer."""

    number: int
    """From 0, in the order tried."""
    score: float
    """What the optimizer maximises, a fraction."""
    instructions: Mapping[str, str] = field(default_factory=dict)
    """Predictor name to instruction text."""
    demos: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Predictor name to the ids of its demos."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Further numbers, such as calls, tokens and seconds."""
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    """What else sets it apart, such as the program's settings."""


class TrackedRun:
    """One open MLflow run; every method raises SetupError if the store refuses."""

    def __init__(self, store: TrackingStore, client: MlflowClient, experiment_id: str, run_id: str) -> None:
        """Wraps a run that exists already."""
        self.store, self.client = store, client
        self.experiment_id, self.run_id = experiment_id, run_id
        self.ending: Ending = "FINISHED"
        """The status a run gets that ends without an exception; set it to KILLED after a handled Ctrl-C."""

    def log_params(self, params: Mapping[str, JsonValue]) -> None:
        """Logs settings flat (`optimizer.name`), cut to what MLflow takes, without anything named like a secret."""
        self._log(self.run_id, params=flat_params(params))

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Logs numbers; `step` counts trials or phases."""
        self._log(self.run_id, metrics=metrics, step=step)

    def log_dataset(self, name: str, digest: str, source: str, context: str = "compile") -> None:
        """Names the data a run read: its digest (cut to 36 characters) and where it came from, not its content."""
        dataset = Dataset(name, digest[:LONGEST_DIGEST], "local", json.dumps({"uri": redact(source)}))
        with reported(self.store):
            self.client.log_inputs(self.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])

    def log_version(self, folder: Path) -> None:
        """Logs a saved version: card, program and ledger as files, and what the card says as params and metrics."""
        card = read_card(folder / CARD)
        self.log_params(card_params(card))
        self.log_metrics(card_metrics(card))
        self.log_dataset(card.corpus.name, card.corpus.sha256, card.corpus.name)
        with reported(self.store):
            self.client.log_artifacts(self.run_id, str(folder), "version")

    def log_trial(self, trial: Trial) -> str:
        """Logs one try as a finished run nested in this one, and its score as a step of this run's `trial_score`.

        Returns: the id of the nested run.
        """
        with reported(self.store):
            tags = {"mlflow.parentRunId": self.run_id}
            run = self.client.create_run(self.experiment_id, tags=tags, run_name=f"trial {trial.number}")
        params: dict[str, JsonValue] = {"trial": trial.number}
        for name, text in trial.instructions.items():
            params[f"{name}.instruction"] = text
            params[f"{name}.instruction_sha256"] = hashlib.sha256(text.encode()).hexdigest()[:12]
        params |= {f"{name}.demos": ", ".join(ids) for name, ids in trial.demos.items()}
        params |= {f"settings.{name}": value for name, value in trial.settings.items()}
        self._log(run.info.run_id, {"score": trial.score, **trial.metrics}, flat_params(params))
        with reported(self.store):
            for name, text in trial.instructions.items():
                self.client.log_text(run.info.run_id, text, f"instructions/{name}.txt")
            self.client.set_terminated(run.info.run_id)
        self.log_metrics({"trial_score": trial.score}, step=trial.number)
        return run.info.run_id

    def log_steps(self, run_id: str, name: str, values: Sequence[float]) -> None:
        """Logs numbers of a nested run as the steps of one metric."""
        for step, value in enumerate(values):
            self._log(run_id, metrics={name: value}, step=step)

    def log_file(self, path: str, content: bytes) -> None:
        """Logs a file of this run, such as a picture; `path` may name a folder."""
        folder, _, name = path.rpartition("/")
        with reported(self.store), tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / name).write_bytes(content)
            self.client.log_artifact(self.run_id, str(Path(scratch) / name), folder or None)

    def _log(
        self, run_id: str, metrics: Mapping[str, float] | None = None, params: Mapping[str, str] | None = None, step=0
    ) -> None:
        now = int(time.time() * 1000)
        numbers = [Metric(name, value, now, step) for name, value in (metrics or {}).items()]
        texts = [Param(name, value) for name, value in (params or {}).items()]
        with reported(self.store):
            for start in range(0, max(len(numbers), len(texts)), BATCH):
                part = slice(start, start + BATCH)
                self.client.log_batch(run_id, numbers[part], texts[part])


@contextmanager
def tracked_run(
    store: TrackingStore, task: str, name: str, tags: Mapping[str, str] | None = None
) -> Iterator[TrackedRun]:
    """Opens a run in the experiment `hyperalign/<task>` and ends it: FINISHED, KILLED by Ctrl-C, else FAILED.

    The first run in a fresh SQLite store waits for MLflow's migrations (3 to 5 s on 2 cores); calling `open_store` on
    a thread beforehand takes that wait out.

    Raises: SetupError if the store cannot be written.
    """
    client, experiment_id = open_store(store, task)
    with reported(store):
        run_id = client.create_run(experiment_id, run_name=name, tags=dict(tags or {})).info.run_id
    run = TrackedRun(store, client, experiment_id, run_id)
    try:
        yield run
    except KeyboardInterrupt:
        run.ending = "KILLED"
        raise
    except BaseException:
        run.ending = "FAILED"
        raise
    finally:
        with reported(store):
            client.set_terminated(run_id, run.ending)


def open_store(store: TrackingStore, task: str) -> tuple[MlflowClient, str]:
    """Makes the store and the task's experiment if they are missing; returns a client and the experiment's id.

    Raises: SetupError if the store cannot be written.
    """
    check_tracking(store)
    name = f"hyperalign/{task}"
    with reported(store):
        make_folder(store)
        client = MlflowClient(tracking_uri=store.uri)
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            return client, client.create_experiment(name, artifact_location=store.artifacts)
        if experiment.lifecycle_stage == "deleted":
            client.restore_experiment(experiment.experiment_id)
        return client, experiment.experiment_id


@contextmanager
def reported(store: TrackingStore) -> Iterator[None]:
    """Keeps MLflow's chatter off stdout and stderr, and turns its refusals into one line with the remedy.

    Raises: SetupError in place of MlflowException and OSError.
    """
    with quiet():
        try:
            yield
        except (MlflowException, OSError) as fault:
            reason = next(iter(str(fault).splitlines()), type(fault).__name__)
            raise SetupError(
                f"the MLflow store {redact(store.uri)!r} refused: {redact(reason)}; mend it or set MLFLOW_TRACKING_URI "
                "to another store; versions already saved are complete and load without it"
            ) from fault


@contextmanager
def quiet() -> Iterator[None]:
    """Drops the log lines that MLflow writes about its progress; its faults arrive as exceptions."""
    stream = logging_utils.MLFLOW_LOGGING_STREAM
    before, stream.enabled = stream.enabled, False
    try:
        yield
    finally:
        stream.enabled = before


@contextmanager
def process_wide(store: TrackingStore) -> Iterator[None]:
    """Makes the store MLflow's own for a moment, and puts back what was set before.

    Registering a model, and finding a registered one, ask the process-wide store, whatever client asks.
    """
    variable = "MLFLOW_TRACKING_URI"
    environment = os.environ.get(variable)
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    # What the environment says must not become the process's own word, which would outlive it.
    before = None if before == environment else before
    mlflow.set_tracking_uri(store.uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)  # pyright: ignore[reportArgumentType] (None means unset)
        if environment is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = environment


def download_registered(reference: str, root: Path | None, into: Path) -> Path:
    """Copies a registered version, such as `models:/hyperalign-authorship@champion`, and returns its folder.

    Asks the tracking store that the program has set in MLflow or in MLFLOW_TRACKING_URI, else the one in `root`.

    Raises: SetupError if there is no such store or no such model, or the model is not a version of ours.
    """
    given = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    store = tracking_store(root or Path("artifacts"), given)
    check_tracking(store, must_exist=True)
    try:
        with quiet(), process_wide(store):
            copy = download_artifacts(reference, dst_path=str(into), tracking_uri=store.uri)
    except (MlflowException, OSError) as fault:
        raise SetupError(
            f"cannot load {reference!r} from {redact(store.uri)!r}: {next(iter(str(fault).splitlines()), fault)}; "
            f"see what is registered with: mlflow ui --backend-store-uri {redact(store.uri)}"
        ) from fault
    found = next(iter(sorted(Path(copy).glob(f"artifacts/{CARD}"))), None)
    if found is None:
        raise SetupError(f"{reference!r} is not a model of ours; name one as in '{REGISTERED}hyperalign-authorship/1'")
    return found.parent
