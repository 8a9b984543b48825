"""What every test may rely on."""

import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast examples run says how busy the machine is, not whether the code is right.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# A shell that runs the suite in the background has Ctrl-C ignored, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database that holds no run; its migrations take seconds, so they run once."""
    from mlflow import MlflowClient

    from programs.tracking import quiet

    database = tmp_path_factory.mktemp("migrated") / "mlflow.db"
    with quiet():
        MlflowClient(tracking_uri=f"sqlite:///{database}").search_experiments()
    return database


@pytest.fixture
def mlflow_folder(migrated: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an MLflow database of this test's own, which MLFLOW_TRACKING_URI names."""
    folder = tmp_path_factory.mktemp("mlflow")
    shutil.copy(migrated, folder / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    return folder
