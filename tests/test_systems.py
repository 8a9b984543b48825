"""Names that users type, and the systems they get."""

import json
import re
from typing import Any

import pytest
from tiny_task import draft

from programs.aliases import promote
from programs.authorship import AuthorshipProgram, AuthorshipSettings
from programs.baselines import AttributesOnly, FewShot, ZeroShot
from programs.ledger import write_ledger
from programs.rivals import Prose, Ticl
from programs.systems import find_system, other_forms
from programs.tasks import find_task
from programs.versions import save_version
from signatures.errors import SetupError
from signatures.generation import PersonalizedGeneration

TASK = find_task("authorship")
SYSTEMS = TASK.bench.systems


@pytest.fixture
def root(tmp_path):
    """Versions 1 and 2 of authorship programs; the second is champion and says so in its instruction."""
    settings = AuthorshipSettings(n_shown=2)
    for instruction in ("First.", "Second."):
        program = AuthorshipProgram(settings)
        program.write.signature = PersonalizedGeneration.with_instructions(instruction)
        save_version(
            program,
            draft(settings=settings.model_dump(mode="json")),
            lambda path: write_ledger(path, []),
            root=tmp_path / "artifacts",
        )
    promote(tmp_path / "artifacts", "authorship", "2", "champion")
    return tmp_path / "artifacts"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("zero-shot", ZeroShot),
        ("few-shot", FewShot),
        ("attributes", AttributesOnly),
        ("ticl", Ticl),
        ("prose", Prose),
        ("prose-icl", Prose),
        ("paper", AuthorshipProgram),
        ("uncompiled", AuthorshipProgram),
    ],
)
def test_a_name_gives_a_fresh_program_and_a_line_about_it(name, kind):
    first, second = find_system(name, TASK), find_system(name, TASK)
    assert type(first.program) is kind and first.texts is None
    assert first.program is not second.program
    assert first.name == name and first.about == SYSTEMS[name].about != ""
    assert "\n" not in first.about


def test_every_named_system_is_tried_above():
    assert set(SYSTEMS) == {"zero-shot", "few-shot", "attributes", "ticl", "prose", "prose-icl", "paper", "uncompiled"}
    with pytest.raises(TypeError):
        SYSTEMS["mine"] = SYSTEMS["ticl"]  # type: ignore[index]


def test_prose_with_icl_differs_in_the_samples_that_it_shows():
    plain, shown = (find_system(name, TASK).program for name in ("prose", "prose-icl"))
    assert isinstance(plain, Prose) and isinstance(shown, Prose)
    assert (plain.settings.n_shown, shown.settings.n_shown) == (0, 3)


@pytest.mark.parametrize(
    ("reference", "instruction", "version"),
    [("authorship", "Second.", 2), ("authorship@champion", "Second.", 2), ("authorship/1", "First.", 1)],
)
def test_a_reference_gives_the_version_and_says_which_one_it_meant(root, reference, instruction, version):
    system = find_system(reference, TASK, root)
    assert isinstance(system.program, AuthorshipProgram)
    assert system.program.dump_state()["write"]["signature"]["instructions"] == instruction
    assert system.name == reference
    assert system.about == f"authorship/{version}, compiled by miprov2 on bundled"


def test_a_versions_folder_is_a_system_too(root, monkeypatch):
    assert find_system(str(root / "authorship" / "1"), TASK).about.startswith("authorship/1, compiled")
    monkeypatch.chdir(root / "authorship")
    assert find_system("1", TASK).name == "1"


def test_texts_made_elsewhere_are_a_system_without_a_program(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"target_id": "a", "text": "x"}\n{"id": "b", "text": ""}\n')
    system = find_system(f"texts:{path}", TASK)
    assert system.program is None and dict(system.texts or {}) == {"a": "x", "b": ""}
    assert system.name == f"texts:{path}"
    again = tmp_path / "again.jsonl"
    again.write_text('{"id": "b", "text": ""}\n{"target_id": "a", "text": "x", "seconds": 2}\n')
    assert find_system(f"texts:{again}", TASK).about == system.about
    assert system.about.startswith("2 texts made elsewhere, sha256 ")


@pytest.mark.parametrize("reference", ["zeroshot", "Zero-shot", "deliberative", "ticl ", ""])
def test_an_unknown_name_lists_the_known_ones_and_the_other_forms(reference, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SetupError) as caught:
        find_system(reference, TASK)
    message = str(caught.value)
    assert message.startswith(f"unknown system {reference!r}; choose one of: ")
    assert all(name in message for name in SYSTEMS)
    assert all(form in message for form in ("'authorship@champion'", "'authorship/3'", "folder", "'texts:FILE'"))
    assert message.endswith(other_forms(TASK))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("authorship/9", "unknown program 'authorship/9'; there are: 'authorship@champion', 'authorship/1'"),
        ("authorship@challenger", "unknown program 'authorship@challenger'"),
        ("other/3", "unknown task 'other'"),
        ("no/such/folder", "no folder 'no/such/folder'"),
        ("texts:", "'texts:' names no file; give one"),
        ("texts:gone.jsonl", "no file 'gone.jsonl'"),
    ],
)
def test_a_reference_to_nothing_is_refused_with_what_there_is(root, reference, message):
    with pytest.raises(SetupError, match=message):
        find_system(reference, TASK, root)


def test_a_version_of_another_task_is_refused(root):
    folder = root / "authorship" / "1"
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"task": "deliberative"}))
    with pytest.raises(SetupError, match="unknown task 'deliberative'"):
        find_system(str(folder), TASK)


def test_settings_may_be_changed_in_a_reference_and_what_was_compiled_stays(root):
    plain: Any = find_system("authorship/1", TASK, root).program
    found: Any = find_system("authorship/1?n_shown=7&steps=contrast,merge*3", TASK, root)
    assert (found.program.settings.n_shown, found.program.settings.n_candidates) == (7, 3)
    assert found.program.settings.steps == ("contrast", "merge")
    assert found.program.write.signature.instructions == plain.write.signature.instructions
    assert (found.program.version, plain.settings.n_shown) == ("1", 2)
    assert "n_shown 7, steps contrast,merge; of 3 candidates" in found.about


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("uncompiled?n_shwn=7", "unknown setting of uncompiled 'n_shwn'; choose one of: "),
        ("uncompiled?n_shown=99", "setting n_shown of uncompiled is '99': Input should be less than or equal to 7"),
        ("uncompiled?n_shown=many", "setting n_shown of uncompiled is 'many': Input should be a valid integer"),
        ("uncompiled?steps=guess", "setting steps of uncompiled is 'guess': Input should be 'contrast', 'verify'"),
        ("uncompiled?n_shown", "'n_shown' is no setting; write NAME=VALUE"),
        ("uncompiled?n_shown=1&n_shown=2", "setting 'n_shown' is given twice"),
        ("zero-shot?n_shown=7", "program 'zero-shot' has no settings to change; leave out 'n_shown'"),
    ],
)
def test_settings_that_cannot_be_are_named(reference, said):
    with pytest.raises(SetupError, match=re.escape(said)):
        find_system(reference, TASK)
