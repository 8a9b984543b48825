"""Registering a saved version with MLflow, as a model from code."""

import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

import mlflow.pyfunc
from mlflow.entities import LoggedModelOutput

from programs.aliases import Alias
from programs.bench import Serving
from programs.card import read_card
from programs.references import CARD, PROGRAM
from programs.tasks import find_task
from programs.tracking import TrackedRun, process_wide, reported


def log_program(run: TrackedRun, folder: Path, alias: Alias | None) -> str:
    """Registers a saved version as `hyperalign-<task>` under `alias`, if it has one, and returns its version there.

    The model is the source file that the task names, such as `mlflow_model.py`, with the version's program.json and
    card.json; nothing is pickled and no program is run. MLflow counts versions by itself: the tag `version` holds ours.

    Raises: SetupError if the folder is not a version or the store refuses.
    """
    card = read_card(folder / CARD)
    name = f"hyperalign-{card.task}"
    with reported(run.store), process_wide(run.store), tempfile.TemporaryDirectory() as scratch:
        _save_model(folder, Path(scratch) / "model", find_task(card.task).bench.serving)
        model_id = run.client.create_logged_model(run.experiment_id, name, run.run_id).model_id
        run.client.log_model_artifacts(model_id, str(Path(scratch) / "model"))
        run.client.finalize_logged_model(model_id, "READY")
        run.client.log_outputs(run.run_id, [LoggedModelOutput(model_id, step=0)])
        if not run.client.search_registered_models(f"name = '{name}'"):
            run.client.create_registered_model(name)
        made = run.client.create_model_version(
            name, f"models:/{model_id}", run.run_id, {"version": card.version, "task": card.task}, model_id=model_id
        )
        if alias:
            run.client.set_registered_model_alias(name, alias, str(made.version))
    return str(made.version)


def _save_model(folder: Path, path: Path, serving: Serving) -> None:
    mlflow.pyfunc.save_model(
        path,
        python_model=str(Path(__file__).with_name(serving.code)),
        artifacts={name: str((folder / file).absolute()) for name, file in (("card", CARD), ("program", PROGRAM))},
        metadata={
            "input_example": [dict(serving.example)]
        },  # given as `input_example`, MLflow would run the model on it
        pip_requirements=list(_requirements()),
        uv_project_path=folder,  # a folder that is no uv project: the user's lock file is not ours to copy
    )


def _requirements() -> Iterator[str]:
    for name in ("hyperalign", "dspy"):
        try:
            yield f"{name}=={installed(name)}"
        except PackageNotFoundError:  # run from a clone that is not installed
            yield name
