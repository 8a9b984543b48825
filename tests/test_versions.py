import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_task import REPLY, TASKS, TinyProgram, compiled, draft, instruction, scripted_lm

from programs import references
from programs.aliases import decide_alias, promote, read_aliases
from programs.card import SCHEMA_VERSION, read_card
from programs.disk import check_writable
from programs.references import CARD, LEDGER, PROGRAM, saved_versions
from programs.versions import load, load_folder, program_json, save_version
from signatures.errors import SetupError


class Rate(NamedTuple):
    value: float
    low: float
    high: float


def ledger(path: Path) -> None:
    path.write_bytes(b"PAR1")


@pytest.fixture(autouse=True)
def no_shipped_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(references, "SHIPPED", (tmp_path / "shipped",))


def save(root: Path, text: str = "Write as they write.", version: str | None = None) -> Path:
    return save_version(compiled(text), draft(), ledger, root, version)


def rewrite(path: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def test_a_saved_program_comes_back_with_its_instructions_demos_and_version(tmp_path: Path):
    folder = save(tmp_path, "Écris comme eux – ☂.")
    program = load_folder(folder, TASKS)
    assert instruction(program) == "Écris comme eux – ☂."
    assert vars(program)["version"] == "1"
    assert program_json(program) == (folder / PROGRAM).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == [CARD, LEDGER, PROGRAM]


def test_a_loaded_program_runs_with_the_model_of_the_context(tmp_path: Path):
    program = load_folder(save(tmp_path), TASKS)
    with dspy.context(lm=scripted_lm(REPLY)):
        out = program(samples=["Rain."], prompt="The weather")
    assert (out.text, out.hypotheses[0].aspect) == ("Dry now.", "rhythm")


def test_a_model_set_on_a_predictor_is_not_saved(tmp_path: Path):
    program = compiled()
    program.write.lm = dspy.LM("openai/gpt", api_key="sk-private", api_base="http://10.0.0.1/v1")
    folder = save_version(program, draft(), ledger, tmp_path)
    assert b"gpt" not in (folder / PROGRAM).read_bytes()
    assert b"sk-private" not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_dspy_itself_reads_the_program_file(tmp_path: Path):
    program = TinyProgram()
    program.load(str(save(tmp_path, "Be brief.") / PROGRAM))
    assert instruction(program) == "Be brief."


def test_the_card_holds_what_it_was_given_and_what_saving_adds(tmp_path: Path):
    card = read_card(save(tmp_path) / CARD)
    assert card.model_dump(include=set(type(draft()).model_fields)) == draft().model_dump()
    assert (card.version, card.schema_version, card.created.utcoffset()) == ("1", SCHEMA_VERSION, timedelta(0))
    assert abs(time.time() - card.created.timestamp()) < 60


def test_versions_count_on_from_the_highest(tmp_path: Path):
    (tmp_path / "authorship" / "9").mkdir(parents=True)
    (tmp_path / "authorship" / "default").mkdir()
    assert [save(tmp_path).name, save(tmp_path).name] == ["10", "11"]
    assert saved_versions(tmp_path / "authorship") == ["9", "10", "11"]


def test_savers_at_the_same_time_get_different_numbers(tmp_path: Path):
    barrier, folders = threading.Barrier(8), []

    def saver(number: int) -> None:
        def write(path: Path) -> None:
            barrier.wait()  # all are about to choose a number
            path.write_text(str(number))

        folders.append(save_version(compiled(), draft(), write, tmp_path))

    threads = [threading.Thread(target=saver, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {folder.name for folder in folders} == {str(number) for number in range(1, 9)}
    assert {(folder / LEDGER).read_text() for folder in folders} == {str(number) for number in range(8)}
    assert all(read_card(folder / CARD).version == folder.name for folder in folders)


def test_a_fixed_name_is_not_overwritten(tmp_path: Path):
    save(tmp_path, "first", "default")
    with pytest.raises(SetupError, match="exists already"):
        save(tmp_path, "second", "default")
    assert instruction(load("authorship/default", tmp_path, TASKS)) == "first"


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt(), RuntimeError("boom")])
def test_an_interrupted_save_leaves_nothing(tmp_path: Path, fault: BaseException):
    def write(path: Path) -> None:
        path.write_bytes(b"half")
        raise fault

    with pytest.raises(SetupError if isinstance(fault, OSError) else type(fault)):
        save_version(compiled(), draft(), write, tmp_path)
    assert list((tmp_path / "authorship").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_with_its_remedy(tmp_path: Path):
    with pytest.raises(SetupError, match="No space left on device; free some space or choose a folder"):
        save_version(compiled(), draft(), lambda path: path.symlink_to("/dev/full") or _fill(path), tmp_path)
    assert list((tmp_path / "authorship").iterdir()) == []


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"x" * 100_000)


def test_a_killed_save_is_ignored_and_later_cleaned(tmp_path: Path):
    script = (
        "import os, sys; sys.path.insert(0, 'tests')\n"
        "from pathlib import Path; from tiny_task import compiled, draft; from programs.versions import save_version\n"
        f"save_version(compiled(), draft(), lambda path: os._exit(9), Path({str(tmp_path)!r}))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[1]).returncode == 9
    (left,) = (tmp_path / "authorship").iterdir()
    assert saved_versions(tmp_path / "authorship") == []
    save(tmp_path)
    assert left.exists()  # another process may still be writing it
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    save(tmp_path)
    assert sorted(path.name for path in (tmp_path / "authorship").iterdir()) == ["1", "2"]


def test_a_folder_that_cannot_be_written_is_a_setup_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="choose a folder you may write to with --out"):
        save(tmp_path / "file")
    with pytest.raises(SetupError, match="--out"):
        check_writable(tmp_path / "file" / "below")
    check_writable(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_plain_name_means_the_champion_else_the_program_that_ships(tmp_path: Path):
    shipped = tmp_path / "shipped"
    save(shipped, "shipped", "default")
    root = tmp_path / "artifacts"
    assert instruction(load("authorship", root, TASKS)) == "shipped"
    save(root, "one")
    assert instruction(load("authorship", root, TASKS)) == "shipped"
    promote(root, "authorship", "1", "champion")
    assert instruction(load("authorship", root, TASKS)) == "one"
    assert instruction(load("authorship@default", root, TASKS)) == "shipped"


def test_the_root_is_here_if_it_has_the_task_else_what_the_package_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "shipped", "shipped", "default")
    assert instruction(load(tasks=TASKS)) == "shipped"
    save(tmp_path / "artifacts", "here")
    promote(tmp_path / "artifacts", "authorship", "1", "champion")
    assert instruction(load(tasks=TASKS)) == "here"
    assert instruction(load("shipped/authorship/default/", tasks=TASKS)) == "shipped"


def test_aliases_numbers_and_folders_are_found(tmp_path: Path):
    folders = [save(tmp_path, text) for text in ("one", "two", "three")]
    promote(tmp_path, "authorship", "1", "champion")
    promote(tmp_path, "authorship", "3", "challenger")
    for reference, expected in [
        ("authorship", "one"),
        ("authorship@champion", "one"),
        ("authorship@challenger", "three"),
        ("authorship/2", "two"),
        (str(folders[1]), "two"),
        (f"{folders[2]}/", "three"),
    ]:
        assert instruction(load(reference, tmp_path, TASKS)) == expected


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("authorship/9", r"'authorship@champion', 'authorship/1'"),
        ("authorship@staging", r"'authorship@champion', 'authorship/1'"),
        ("autorship", "unknown task 'autorship'; choose one of: authorship"),
        ("no/such/folder", "no folder 'no/such/folder'"),
        ("", "no card.json|no folder"),
        ("authorship/../../etc", "no folder"),
        ("models", "unknown task 'models'"),
    ],
)
def test_an_unknown_reference_says_what_there_is(tmp_path: Path, reference: str, message: str):
    save(tmp_path)
    promote(tmp_path, "authorship", "1", "champion")
    with pytest.raises(SetupError, match=message):
        load(reference, tmp_path, TASKS)


@given(st.text(max_size=30))
def test_no_reference_ends_in_anything_but_a_setup_error(reference: str):
    with pytest.raises(SetupError):
        load(reference.replace("models:/", ""), Path("/nonexistent"), {})


def test_a_changed_program_is_refused(tmp_path: Path):
    folder = save(tmp_path)
    rewrite(folder / PROGRAM, lambda state: state["write"]["signature"].update(instructions="Obey me."))
    with pytest.raises(SetupError, match="is not the program its card is of"):
        load_folder(folder, TASKS)


def test_a_card_of_a_newer_schema_is_refused(tmp_path: Path):
    folder = save(tmp_path)
    rewrite(folder / CARD, lambda card: card.update(schema_version=9, colour="blue"))
    with pytest.raises(SetupError, match=f"card schema 9 is newer than {SCHEMA_VERSION}; upgrade hyperalign"):
        load_folder(folder, TASKS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a card"),
        (b"{}", "is not a card: task: Field required"),
    ],
)
def test_a_broken_card_is_one_line(tmp_path: Path, content: bytes, message: str):
    folder = save(tmp_path)
    (folder / CARD).write_bytes(content)
    with pytest.raises(SetupError, match=message) as fault:
        load_folder(folder, TASKS)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("content", [b"", b"null", b"[1]", b"{}", b'{"write": {"signature": 3}}', b"\x80\x04K*."])
def test_a_program_file_that_is_none_is_refused_even_if_the_card_vouches_for_it(tmp_path: Path, content: bytes):
    folder = save(tmp_path)
    (folder / PROGRAM).write_bytes(content)
    rewrite(folder / CARD, lambda card: card.update(program_sha256=sha256(content).hexdigest()))
    with pytest.raises(SetupError, match="compile again") as fault:
        load_folder(folder, TASKS)
    assert "\n" not in str(fault.value)


def test_missing_files_and_unknown_tasks_are_named(tmp_path: Path):
    folder = save(tmp_path)
    with pytest.raises(SetupError, match="unknown task 'authorship'; choose one of: deliberative"):
        load_folder(folder, {"deliberative": TASKS["authorship"]})
    (folder / PROGRAM).unlink()
    with pytest.raises(SetupError, match="program.json': No such file"):
        load_folder(folder, TASKS)
    (folder / CARD).unlink()
    with pytest.raises(SetupError, match="holds no card.json"):
        load(str(folder), tmp_path, TASKS)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_only_an_interval_above_one_half_on_the_same_targets_makes_a_champion(
    value: float, low: float, high: float, same_split: bool
):
    expected = "champion" if same_split and low > 0.5 else "challenger"
    assert decide_alias(Rate(value, low, high), same_split) == expected


def test_one_half_is_not_above_one_half_and_no_comparison_is_no_win():
    assert decide_alias(Rate(0.9, 0.5, 1.0), same_split=True) == "challenger"
    assert decide_alias(None, same_split=True) == "challenger"
    assert decide_alias(Rate(0.9, 0.51, 1.0), same_split=False) == "challenger"


def test_a_promoted_challenger_is_challenger_no_longer(tmp_path: Path):
    save(tmp_path)
    save(tmp_path)
    promote(tmp_path, "authorship", "1", "champion")
    promote(tmp_path, "authorship", "2", "challenger")
    assert promote(tmp_path, "authorship", "2", "champion") == {"champion": "2"}
    assert read_aliases(tmp_path / "authorship") == {"champion": "2"}
    with pytest.raises(SetupError, match="holds no such version"):
        promote(tmp_path, "authorship", "7", "champion")


@pytest.mark.parametrize("content", ["", "[]", '{"boss": "1"}', '{"champion": 1}'])
def test_broken_aliases_are_refused(tmp_path: Path, content: str):
    save(tmp_path)
    (tmp_path / "authorship" / "aliases.json").write_text(content)
    with pytest.raises(SetupError, match="not a table of aliases"):
        load("authorship", tmp_path, TASKS)


def test_a_result_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="less than or equal to 1"):
        draft(results=({**draft().results[0].model_dump(), "win_rate": 70.0},))


def test_loading_imports_neither_mlflow_nor_litellm_nor_datasets_nor_sklearn(tmp_path: Path):
    save(tmp_path)
    script = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from pathlib import Path; from tiny_task import TASKS; from programs.versions import load\n"
        f"program = load('authorship/1', Path({str(tmp_path)!r}), TASKS)\n"
        "print(program.version, sorted({'mlflow', 'litellm', 'datasets', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 []\n"
