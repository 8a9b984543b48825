"""Where MLflow keeps runs, without MLflow."""

from pathlib import Path

import pytest

from programs.tracking_store import TrackingStore, shown_uri, tracking_store


def test_a_store_is_shown_as_a_person_may_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert shown_uri(tracking_store(Path("artifacts")).uri) == "sqlite:///artifacts/mlflow.db"
    assert shown_uri("sqlite:////elsewhere/mlflow.db") == "sqlite:////elsewhere/mlflow.db"
    assert shown_uri("https://me:secret@host/x") == "https://host/x"


def test_the_store_is_in_the_root_unless_a_uri_is_given(tmp_path: Path):
    local = TrackingStore(f"sqlite:///{tmp_path}/mlflow.db", f"file://{tmp_path}/mlflow")
    assert tracking_store(tmp_path) == tracking_store(tmp_path, "") == local
    assert tracking_store(tmp_path, "http://host") == TrackingStore("http://host", None)
