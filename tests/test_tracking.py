import contextlib
import http.server
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dspy
import mlflow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_ledger import ledger
from mlflow.entities import Run
from tiny_task import REPLY, TASKS, compiled, draft, instruction, scripted_lm

from programs.card import CorpusNote, JudgeNote, LmNote, read_card
from programs.ledger import LedgerAbout, write_ledger
from programs.model_registry import log_program
from programs.references import CARD
from programs.summary import Summary, summarise
from programs.tracking import TrackedRun, Trial, tracked_run
from programs.tracking_evaluation import evaluation_metrics, log_evaluation
from programs.tracking_rows import card_metrics, flat_params
from programs.tracking_store import (
    check_tracking,
    mlflow_schema,
    redact,
    tracking_store,
)
from programs.versions import load, save_version
from signatures.errors import SetupError

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """A root with a migrated, empty store and one saved version."""
    root = tmp_path_factory.mktemp("tracking") / "artifacts"
    save_version(compiled(), draft(), lambda path: path.write_bytes(b"PAR1"), root)
    shutil.copy(migrated, root / "mlflow.db")
    return root


@pytest.fixture
def root(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the fresh root, in an empty current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Path(shutil.copytree(fresh, tmp_path / "out"))


@contextlib.contextmanager
def opened(root: Path) -> Iterator[TrackedRun]:
    with tracked_run(tracking_store(root), "authorship", "compile") as run:
        yield run


def stored(run: TrackedRun, run_id: str | None = None) -> Run:
    return run.client.get_run(run_id or run.run_id)


def files(run: TrackedRun, folder: str) -> set[str]:
    return {each.path for each in run.client.list_artifacts(run.run_id, folder)}


def test_a_run_holds_what_the_card_says(root: Path):
    with opened(root) as run:
        run.log_version(root / "authorship" / "1")
    data = stored(run).data
    assert stored(run).info.status == "FINISHED"
    assert run.client.get_experiment(run.experiment_id).name == "hyperalign/authorship"
    assert data.params["optimizer.settings.trials"] == "2"
    assert data.params["lm.decoding.max_tokens"] == "200"
    stem = "win_rate/stylometric/compiled vs zero-shot"
    assert (data.metrics[stem], data.metrics[f"{stem}_low"], data.metrics[f"{stem}_high"]) == (0.7, 0.6, 0.8)
    assert data.metrics["spent/compile/calls"] == 12
    inputs = stored(run).inputs
    assert inputs is not None
    (dataset,) = inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("bundled", "c" * 36)
    assert files(run, "version") == {"version/card.json", "version/ledger.parquet", "version/program.json"}


def test_a_dataset_of_any_name_is_logged(root: Path):
    with opened(root) as run:
        run.log_dataset("jsonl:mine", "abc", 'jsonl:C:\\my "texts".jsonl')
    inputs = stored(run).inputs
    assert inputs is not None
    assert json.loads(inputs.dataset_inputs[0].dataset.source) == {"uri": 'jsonl:C:\\my "texts".jsonl'}


ABOUT = LedgerAbout(
    task="authorship",
    corpus=CorpusNote(name="c50", sha256="a" * 64, split_sha256="b" * 64, authors={"test": 4}),
    part="dev",
    lm=LmNote(name="embedded", decoding={"max_tokens": 220}),
    judges=(JudgeNote(judge="llm:openai/x", against="other authors", accuracy=0.6, n_pairs=9, trusted=False),),
    systems={"few-shot": "samples as earlier turns"},
)


def evaluation_folder(root: Path, about: LedgerAbout = ABOUT) -> tuple[Path, Summary]:
    """What an evaluation of two systems by two judges writes; one target of eight failed for few-shot."""
    rows = [
        *ledger((1.0, 0.0) * 4, system="ticl"),
        *ledger((None, *[1.0] * 7), system="few-shot"),
        *ledger((1.0, 0.0) * 4, system="ticl", judge="llm:openai/x"),
    ]
    folder = root / "evaluated"
    write_ledger(folder / "ledger.parquet", rows, about)
    (folder / "plots").mkdir()
    for name in ("report.html", "plots/forest.png", "answers.jsonl"):
        (folder / name).write_text("content")
    return folder, summarise(rows)


def test_an_evaluation_leaves_its_numbers_with_intervals_its_settings_its_data_and_its_files(root: Path):
    folder, summary = evaluation_folder(root)
    with tracked_run(tracking_store(root), "authorship", "evaluation", tags={"kind": "evaluation"}) as run:
        log_evaluation(run, ABOUT, summary, folder)
    data = stored(run).data
    assert data.tags["kind"] == "evaluation"
    assert (data.params["part"], data.params["lm.decoding.max_tokens"]) == ("dev", "220")
    assert (data.params["systems.few-shot"], data.params["judges"]) == ("samples as earlier turns", "llm:openai/x")
    stem = "win_rate/stylometric/ticl vs zero-shot"
    row = summary.results[0]
    assert [data.metrics[stem + end] for end in ("", "_low", "_high")] == [row.win_rate, row.low, row.high]
    assert (row.win_rate, data.metrics[f"{stem}_n_pairs"], data.metrics[f"{stem}_n_authors"]) == (0.5, 8, 4)
    # Of 7 targets that both have ticl wins t2, t4 and t6, few-shot all: 3/7 - 1.
    gap = "difference/stylometric/ticl less few-shot vs zero-shot"
    assert data.metrics[gap] == pytest.approx(-4 / 7) and 0 < data.metrics[f"{gap}_p_value"] <= 1
    failed = "failures/stylometric/few-shot vs zero-shot"
    assert (data.metrics[failed], data.metrics[f"{failed}_n_targets"]) == (1, 8)
    judge = "judge/llm_openai/x/accuracy/other authors"
    assert (data.metrics[judge], data.metrics[f"{judge}_trusted"]) == (0.6, 0)
    assert data.metrics["agreement/stylometric and llm_openai/x"] == 100
    assert data.metrics["cost/ticl_tokens"] == 10
    inputs = stored(run).inputs
    assert inputs is not None
    (dataset,) = inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("c50", "a" * 36)
    assert [(tag.key, tag.value) for tag in dataset.tags] == [("mlflow.data.context", "dev")]
    assert files(run, "evaluation") == {"evaluation/ledger.parquet", "evaluation/report.html", "evaluation/plots"}
    assert files(run, "evaluation/plots") == {"evaluation/plots/forest.png"}


def test_every_number_of_an_evaluation_but_single_authors_is_a_metric_of_a_name_of_its_own(root: Path):
    _, summary = evaluation_folder(root)
    metrics = evaluation_metrics(ABOUT, summary)
    # Three comparisons, each over one domain: two systems by the one judge, one by the other.
    values = [name for name in metrics if name.startswith("domain/") and name.endswith("/news")]
    assert len(values) == 3 == len(summary.domains)
    assert not [name for name in metrics if "ann" in name]
    assert all(isinstance(value, float) and math.isfinite(value) for value in metrics.values())


def test_an_evaluation_of_unnamed_data_is_logged_without_a_dataset(root: Path):
    folder, summary = evaluation_folder(root, LedgerAbout())
    with tracked_run(tracking_store(root), "authorship", "evaluation") as run:
        log_evaluation(run, LedgerAbout(), summary, folder)
    inputs = stored(run).inputs
    assert not (inputs and inputs.dataset_inputs) and files(run, "evaluation")


def test_an_evaluation_without_its_report_is_refused_before_anything_is_logged(root: Path):
    folder, summary = evaluation_folder(root)
    (folder / "report.html").unlink()
    with pytest.raises(SetupError, match="has no report.html; write them before"), opened(root) as run:
        log_evaluation(run, ABOUT, summary, folder)
    assert (stored(run).data.metrics, stored(run).info.status) == ({}, "FAILED")


def test_files_lie_beside_the_database(root: Path):
    with opened(root) as run:
        run.log_version(root / "authorship" / "1")
    assert list((root / "mlflow").rglob("ledger.parquet"))
    assert sorted(path.name for path in root.parent.iterdir()) == ["out"]  # nothing in the current directory


def test_each_trial_is_a_run_nested_in_the_compile(root: Path):
    with opened(root) as run:
        run.log_trial(Trial(0, 0.4))
        text = "Write briefly. " * 50
        run.log_trial(Trial(1, 0.6, {"write": text}, {"write": ("ann-1", "bob-2")}, {"calls": 12}))
    nested = run.client.search_runs([run.experiment_id], f"tags.mlflow.parentRunId = '{run.run_id}'")
    second = next(each for each in nested if each.data.params["trial"] == "1")
    assert len(nested) == 2
    assert (second.info.status, second.data.metrics) == ("FINISHED", {"score": 0.6, "calls": 12})
    assert second.data.params["write.demos"] == "ann-1, bob-2"
    assert len(second.data.params["write.instruction"]) == 500
    whole = run.client.download_artifacts(second.info.run_id, "instructions/write.txt")
    assert Path(whole).read_text() == text
    assert [(each.step, each.value) for each in run.client.get_metric_history(run.run_id, "trial_score")] == [
        (0, 0.4),
        (1, 0.6),
    ]


@pytest.mark.parametrize(("fault", "status"), [(KeyboardInterrupt, "KILLED"), (ZeroDivisionError, "FAILED")])
def test_a_run_that_breaks_off_says_so(root: Path, fault: type[BaseException], status: str):
    runs = []
    with pytest.raises(fault), opened(root) as opened_run:
        runs.append(opened_run)
        raise fault
    assert [stored(run).info.status for run in runs] == [status]


def test_a_handled_interruption_can_be_marked(root: Path):
    with opened(root) as run:
        run.ending = "KILLED"
    assert stored(run).info.status == "KILLED"


def test_nothing_reaches_stdout_or_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    folder = save_version(compiled(), draft(), lambda path: path.write_bytes(b"PAR1"), tmp_path)
    with opened(tmp_path) as run:  # a fresh store: migrations speak most
        run.log_trial(Trial(0, 0.5))
        run.log_version(folder)
        log_program(run, folder, "challenger")
        log_program(run, folder, "champion")
    assert capfd.readouterr() == ("", "")


def test_a_registered_program_loads_by_alias_and_number_without_touching_mlflows_settings(root: Path):
    before = mlflow.get_tracking_uri()
    with opened(root) as run:
        assert log_program(run, root / "authorship" / "1", "challenger") == "1"
        assert log_program(run, root / "authorship" / "1", "champion") == "2"
    for reference in ("@champion", "@challenger", "/1"):
        program = load(f"models:/hyperalign-authorship{reference}", root, TASKS)
        assert instruction(program) == "Write as they write."
        assert vars(program)["version"] == "1"
    version = run.client.get_model_version_by_alias("hyperalign-authorship", "champion")
    assert (str(version.version), version.tags["version"], version.run_id) == ("2", "1", run.run_id)
    assert mlflow.get_tracking_uri() == before
    assert mlflow.active_run() is None


def test_the_registered_model_predicts_in_a_process_that_forbids_pickle(root: Path):
    with opened(root) as run:
        log_program(run, root / "authorship" / "1", "champion")
    assert not [path for path in root.rglob("*") if path.suffix in {".pkl", ".pickle", ".bin"}]
    script = f"""
import sys, types, json, tiny_task, dspy, mlflow, pandas
sys.modules["programs.tasks"] = types.SimpleNamespace(TASKS=tiny_task.TASKS)
mlflow.set_tracking_uri({tracking_store(root).uri!r})
model = mlflow.pyfunc.load_model("models:/hyperalign-authorship@champion")
row = {{"samples": ["Rain."], "prompt": "The weather"}}
with dspy.context(lm=tiny_task.scripted_lm({REPLY!r}, {REPLY!r}, {REPLY!r})):
    answers = model.predict([row, {{**row, "attributes": {{"age": "40"}}}}]) + model.predict(pandas.DataFrame([row]))
print(json.dumps(answers))
"""
    paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")])
    environment = os.environ | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert [each["text"] for each in answers] == ["Dry now."] * 3
    assert answers[0]["hypotheses"][0]["statement"] == "Writes short sentences."


def test_a_model_that_is_not_registered_or_no_store_is_a_setup_error(root: Path, tmp_path: Path):
    with pytest.raises(SetupError, match="cannot load 'models:/hyperalign-authorship/5'"):
        load("models:/hyperalign-authorship/5", root, TASKS)
    with pytest.raises(SetupError, match="no MLflow database at .*compile first"):
        load("models:/hyperalign-authorship/5", tmp_path / "empty", TASKS)
    assert not (tmp_path / "empty").exists()


def test_a_store_that_is_good_or_not_there_yet_passes_and_stays_as_it_is(root: Path, tmp_path: Path):
    store = tracking_store(root)
    before = (root / "mlflow.db").read_bytes()
    check_tracking(store)
    check_tracking(tracking_store(tmp_path / "new"))
    assert not (tmp_path / "new").exists()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mlflow.db").touch()
    check_tracking(tracking_store(tmp_path / "new"))
    assert (root / "mlflow.db").read_bytes() == before
    assert (tmp_path / "new" / "mlflow.db").stat().st_size == 0


def test_the_schema_read_from_the_migrations_is_the_one_mlflow_makes(root: Path):
    with contextlib.closing(sqlite3.connect(root / "mlflow.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(mlflow_schema(),)]


def test_a_locked_database_is_refused_with_the_remedy(root: Path):
    with contextlib.closing(sqlite3.connect(root / "mlflow.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SetupError, match="locked; end the process that uses it"):
            check_tracking(tracking_store(root))


def test_a_database_of_another_schema_is_refused_with_the_remedy(root: Path):
    with contextlib.closing(sqlite3.connect(root / "mlflow.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'from9000'")
        database.commit()
    with pytest.raises(SetupError, match="schema 'from9000', the installed MLflow .*mlflow db upgrade sqlite:"):
        check_tracking(tracking_store(root))


def test_what_is_no_mlflow_database_is_refused(tmp_path: Path):
    store = tracking_store(tmp_path)
    (tmp_path / "mlflow.db").write_text("not a database, whatever its name says" * 100)
    with pytest.raises(SetupError, match="is no MLflow database"):
        check_tracking(store)
    (tmp_path / "mlflow.db").unlink()
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("CREATE TABLE mine (a)")
    with pytest.raises(SetupError, match="something else than MLflow"):
        check_tracking(store)
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot write the MLflow database"):
        check_tracking(tracking_store(tmp_path / "file"))


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_server_is_asked_for_its_health_and_its_password_kept_to_us():
    with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://ann:hunter2@127.0.0.1:{server.server_port}"
        check_tracking(tracking_store(Path("out"), uri))
        server.shutdown()
    with pytest.raises(SetupError, match="cannot reach the MLflow server .*MLFLOW_TRACKING_URI") as fault:
        check_tracking(tracking_store(Path("out"), uri))
    assert "hunter2" not in str(fault.value)


def test_a_store_that_breaks_during_a_run_is_one_line(root: Path):
    with pytest.raises(SetupError, match="the MLflow store .* refused") as fault, opened(root) as run:
        shutil.rmtree(root / "mlflow", ignore_errors=True)
        (root / "mlflow").write_text("in the way")
        run.log_version(root / "authorship" / "1")
    assert "\n" not in str(fault.value)


Settings = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=600),
    lambda inner: st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=12), Settings, max_size=4))
def test_params_always_fit_what_mlflow_takes(settings: dict):
    for name, value in flat_params(settings).items():
        assert 0 < len(name) <= 200
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./ -")
        assert len(value) <= 500


def test_params_carry_no_secret():
    settings = {
        "lm": {
            "api_key": "sk-1",
            "max_tokens": 5,
            "api_base": "https://ann:sk-2@host/v1",
            "x.Authorization": "sk-3",
        },
        "HF_TOKEN": "sk-4",
        "password": "sk-5",
    }
    assert flat_params(settings) == {"lm.max_tokens": "5", "lm.api_base": "https://host/v1"}
    assert redact("mysql://u:p@h/db") == "mysql://h/db"


def test_metrics_leave_out_what_is_not_known(root: Path):
    metrics = card_metrics(read_card(root / "authorship" / "1" / CARD))
    assert metrics["seconds"] == 9.0
    assert metrics["judge/stylometric/accuracy/other authors"] == 0.95
    assert not [name for name in metrics if name.endswith("position_bias")]
    assert all(isinstance(value, float) for value in metrics.values())


def test_the_scripted_model_is_not_called_by_registering(root: Path):
    with dspy.context(lm=scripted_lm()), opened(root) as run:
        assert log_program(run, root / "authorship" / "1", "challenger") == "1"
