import json
import re
from pathlib import Path

import dspy
import pytest
from people import claim, stating, texts_of
from scripted import lm, requests
from tiny_task import TinyProgram

from programs.authorship import AuthorshipProgram
from programs.entry import exit_code
from programs.personal_text import PersonalText
from programs.personalize import main
from programs.profile import Profile, infer_profile, load_profile
from programs.traits import population

TEXTS = texts_of("edmund-leigh")
PROFILE = infer_profile(TEXTS[:5], attributes={"region": "Kent"})
WRITTEN = "[[ ## text ## ]]\nOne regrets the rain.\n\n[[ ## completed ## ]]"


@pytest.fixture
def samples(tmp_path: Path) -> list[str]:
    for number, text in enumerate(TEXTS[:5]):
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
    return [str(tmp_path / f"{number}.txt") for number in range(5)]


@pytest.fixture
def saved(tmp_path: Path) -> str:
    PROFILE.save(tmp_path / "me.json")
    return str(tmp_path / "me.json")


def asked(*words: str, model: dspy.LM | None = None, program: dspy.Module | None = None) -> int:
    """Runs the command; without a model, loading a program or making a model fails."""

    def load_program(reference: str) -> dspy.Module:
        assert model is not None or program is not None, "no program should be loaded"
        return program or AuthorshipProgram()

    def make_model(name: str, **settings: object) -> dspy.LM:
        assert model is not None, "no model should be made"
        return model

    return exit_code(lambda: main(words, load_program, make_model))


def writing() -> dspy.LM:
    """A model that writes one text and is asked nothing else."""
    return lm([WRITTEN], schema=False)


def test_a_profile_is_written_by_instead_of_inferring(samples, saved, capsys):
    model = writing()
    assert asked("--samples", *samples, "--prompt", "Of rain.", "--profile", saved, "--json", model=model) == 0
    out = PersonalText.model_validate_json(capsys.readouterr().out)
    assert [each.statement for each in out.hypotheses] == [each.statement for each in PROFILE.usable()]
    (request,) = requests(model)
    # What the profile knows of the person reaches the model as attributes do.
    assert '"region": "Kent"' in str(request.messages) and PROFILE.usable()[0].statement in str(request.messages)


def test_rejecting_a_hypothesis_by_hand_keeps_it_out_of_the_prompt(samples, saved, capsys):
    content = json.loads(Path(saved).read_text("utf-8"))
    content["hypotheses"][0]["state"] = "rejected"
    Path(saved).write_text(json.dumps(content), "utf-8")
    model = writing()
    assert asked("--samples", *samples, "--prompt", "Of rain.", "--profile", saved, model=model) == 0
    assert content["hypotheses"][0]["statement"] not in str(requests(model)[0].messages)


def test_what_was_inferred_is_saved_and_written_by(samples, tmp_path, capsys):
    stated = stating(claim("Speaks with courtesy.", TEXTS[0][:30])).engine.replies[0]
    goal = str(tmp_path / "new" / "me.json")
    model = lm([stated, WRITTEN], schema=False)
    ask = ("--samples", *samples, "--prompt", "Of rain.", "--attributes", "region=Kent")
    assert asked(*ask, "--save-profile", goal, model=model) == 0
    found = load_profile(goal)
    assert "Speaks with courtesy." in [each.statement for each in found.hypotheses if each.used]
    assert found.attributes == {"region": "Kent"} and found.n_texts == 5
    assert "Speaks with courtesy." in capsys.readouterr().out


def test_saving_a_given_profile_revises_it_by_the_samples(tmp_path, saved, capsys):
    new, strange = tmp_path / "new.txt", tmp_path / "strange.txt"
    new.write_text(TEXTS[5], "utf-8")
    strange.write_text(texts_of("zoe-park")[0], "utf-8")
    again = str(tmp_path / "again.json")
    files = ("--samples", str(new), str(strange), "--as", "system-prompt")
    assert asked(*files, "--profile", saved, "--save-profile", again) == 0
    assert load_profile(again).n_texts == 6 and load_profile(saved) == PROFILE
    err = capsys.readouterr().err
    assert "not merged: text 2 reads unlike the 5 texts known" in err and "leave it out if somebody else" in err


def test_a_system_prompt_needs_a_profile_and_no_model(saved, capsys):
    assert asked("--profile", saved, "--as", "system-prompt") == 0
    out, err = capsys.readouterr()
    assert out == PROFILE.system_prompt() + "\n" and err == ""
    assert asked("--profile", saved, "--as", "system-prompt", "--attributes", "region=Fife", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert "- region: Fife" in said["system_prompt"] and said["notes"] == []


def test_measured_habits_need_no_model_either_and_are_told_from_whom_the_program_knows(samples, tmp_path, capsys):
    goal = str(tmp_path / "me.json")
    options = ("--samples", *samples, "--as", "system-prompt", "--measured", "--save-profile", goal)
    texts = {author: texts_of(author) for author in ("zoe-park", "carla-voss", "seamus-finn", "hana-mori")}
    assert asked(*options, program=AuthorshipProgram(population=population(texts, "four others"))) == 0
    assert load_profile(goal).population == "four others"
    capsys.readouterr()
    assert asked(*options, program=AuthorshipProgram()) == 0
    assert capsys.readouterr().out == load_profile(goal).system_prompt() + "\n"
    assert load_profile(goal).hypotheses == PROFILE.hypotheses


def test_measured_habits_alone_are_written_by_where_asked_for(samples, capsys):
    assert asked("--samples", *samples, "--prompt", "Of rain.", "--measured", "--json", model=writing()) == 0
    out = PersonalText.model_validate_json(capsys.readouterr().out)
    assert [each.statement for each in out.hypotheses] == [each.statement for each in PROFILE.usable()]


def test_a_system_prompt_from_samples_asks_the_model_what_it_sees(samples, capsys):
    assert asked("--samples", *samples, "--as", "system-prompt", model=stating(claim("Speaks with courtesy."))) == 0
    assert "Speaks with courtesy." in capsys.readouterr().out


def test_control_characters_of_a_profile_do_not_reach_the_terminal(tmp_path, capsys):
    said = {"dimension": "personality", "aspect": "openness", "statement": "Is \x1b[31mred."}
    Profile.model_validate({"hypotheses": [said]}).save(tmp_path / "p.json")
    assert asked("--profile", str(tmp_path / "p.json"), "--as", "system-prompt") == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as", "system-prompt"), "--as system-prompt needs --samples or --profile"),
        (("--as", "system-prompt", "--profile", "x", "--prompt", "y"), "writes no text; leave out --prompt"),
        (("--as", "poem", "--samples", __file__), "invalid choice: 'poem'"),
        (("--as", "system-prompt", "--profile", "absent.json"), "no file 'absent.json'"),
        (("--as", "system-prompt", "--profile", __file__), "is no JSON (line 1, column 1"),
        (("--samples", __file__, "--prompt", "x", "--save-profile", "/"), "--save-profile '/' is a folder"),
        (("--profile", "p.json", "--prompt", "x"), "required: --samples"),
    ],
)
def test_a_wrong_option_is_one_line(words, said, capsys):
    assert asked(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and re.fullmatch(r"error: [^\n]+\n", err) and said in err


def test_a_program_that_takes_no_hypotheses_is_a_user_fault(samples, saved, capsys):
    ask = ("--samples", *samples, "--prompt", "x", "--profile", saved, "--program", "tiny")
    assert asked(*ask, model=writing(), program=TinyProgram()) == 2
    assert "program 'tiny' takes no hypotheses; use one of the task authorship" in capsys.readouterr().err


def test_an_edit_revises_a_profile_and_says_what_changed(saved, tmp_path, capsys):
    draft, edited = tmp_path / "draft.txt", tmp_path / "edited.txt"
    draft.write_text("I do not think so. It is not what we had planned. We are not going to do it. " * 6, "utf-8")
    edited.write_text("I don't think so. It isn't what we'd planned. We aren't going to do it. " * 6, "utf-8")
    out = tmp_path / "after.json"
    assert asked("--profile", saved, "--edit", str(draft), str(edited), "--save-profile", str(out)) == 0
    before, after = load_profile(saved), load_profile(out)
    assert after.n_texts == before.n_texts + 1 and len(after.history) > len(before.history)
    assert "ontraction" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--edit", "a", "b"), "--edit revises a profile; add --profile and --save-profile FILE"),
        (("--edit", "a", "b", "--profile", "p"), "--edit revises a profile; add --save-profile FILE"),
        (("--edit", "a", "b", "--prompt", "p"), "--edit writes no text; leave out --prompt"),
    ],
)
def test_an_edit_without_a_profile_or_with_a_prompt_is_told(options, said, capsys):
    assert asked(*options) == 2
    assert said in capsys.readouterr().err
