"""`python -m programs.personalize`: what is distinctive about how a person writes, and a text as they would."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy

from programs.adjusting import adjusted
from programs.entry import DONE, Parser, add_model_options, progress_console, results_console, run
from programs.lms import make_lm
from programs.lms.access import check_access
from programs.personal_profile import KeptProfile, kept_profile
from programs.personal_text import PersonalText, show, visible
from programs.profile import Profile, infer_profile
from programs.reading import STDIN, read_text, read_texts
from programs.samples import checked_prompt
from programs.selection import MAX_CANDIDATES, with_candidates
from programs.shortening import fitting
from programs.versions import load
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

SYSTEM_PROMPT = "system-prompt"
PROG = "python -m programs.personalize"
EXAMPLE = f"""\
echo "Rain again. We plant anyway. The mud takes a boot." | {PROG} --samples - --prompt "Write of the harvest."
{PROG} --samples mails/*.txt --prompt-file task.txt --attributes occupation=teacher region=Wales --json"""


def main(
    arguments: Sequence[str] | None = None,
    load_program: Callable[[str], dspy.Module] = load,
    make_model: Callable[..., dspy.LM] = make_lm,
) -> int:
    """Runs the command and returns its exit code; `arguments` are those of the process by default.

    Raises: SetupError for the user's faults, DSPy's errors for the model's.
    """
    options = _parser(os.environ).parse_args(arguments)
    prompt = _prompt(options)
    attributes = parse_attributes(options.attributes)
    samples = read_texts(options.samples) if options.samples else []
    edit = _edit(options)
    kept = kept_profile(
        options.profile,
        options.save_profile,
        samples,
        attributes,
        edit,
        lambda: getattr(load_program(options.program), "population", None),
    )
    if edit is not None:
        kept.save()
        return _print_changes(kept, options.json)
    if prompt is None and (kept.profile is not None or options.measured):
        kept = kept.inferred(lambda: infer(samples, None, attributes, load_program(options.program)))
        kept.save()
        return _print_prompt(kept, options.json)
    program, lm = _program_and_model(options, load_program, make_model)
    with (
        progress_console().status(f"reading {len(samples)} of a person's texts with {options.lm}"),
        dspy.context(lm=lm),
    ):
        if prompt is None or options.save_profile or options.measured:
            stating = None if options.measured else lm
            kept = kept.inferred(lambda: infer(samples, stating, attributes, program))
        kept.save()
        if prompt is None:
            return _print_prompt(kept, options.json)
        known = {**kept.attributes, **attributes}
        out, cut_notes = write(program, samples, prompt, known, kept.hypotheses(program, options.program))
    written = PersonalText(
        hypotheses=tuple(out.hypotheses),
        text=out.text,
        notes=(*kept.notes, *cut_notes, *out.get("notes", ())),
        n_dropped=out.get("n_dropped", 0),
        n_samples=len(samples),
        program=options.program,
        version=getattr(program, "version", None),
        model=options.lm,
        seed=options.seed,
    )
    if options.json:
        sys.stdout.write(written.model_dump_json(indent=2) + "\n")
    else:
        show(written, results_console())
    return DONE


def infer(
    samples: Sequence[str],
    lm: dspy.LM | None,
    attributes: Mapping[str, str],
    program: dspy.Module | None = None,
) -> Profile:
    """The profile of the person, with a note if the samples had to be cut to fit the model's context."""
    found, notes = fitting(samples, lambda texts: infer_profile(texts, lm, attributes, program=program))
    return found.model_copy(update={"notes": (*notes, *found.notes)})


def write(
    program: Callable[..., Any],
    samples: Sequence[str],
    prompt: str,
    attributes: Mapping[str, str],
    hypotheses: Sequence[Hypothesis] | None = None,
) -> tuple[dspy.Prediction, tuple[str, ...]]:
    """The program's answer, and a note if the samples had to be cut to fit the model's context.

    Args:
        program: What writes.
        samples: Texts of the person.
        prompt: What to write.
        attributes: What is known of the person.
        hypotheses: What to write by; the program infers its own if None.

    Raises: ContextWindowExceededError if even the shortest cut does not fit, as with a very long prompt.
    """
    given = {} if hypotheses is None else {"hypotheses": hypotheses}
    return fitting(samples, lambda texts: program(samples=texts, prompt=prompt, attributes=attributes, **given))


def parse_attributes(pairs: Sequence[str]) -> dict[str, str]:
    """`key=value` pairs as a table.

    Raises: SetupError for one that is not such a pair, or a key that stands twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not (separator and key and value):
            raise SetupError(f"attribute {pair!r} is not key=value; write for instance occupation=teacher")
        if key in found:
            raise SetupError(f"attribute {key!r} is given twice, as {found[key]!r} and {value!r}; give it once")
        found[key] = value
    return found


def _program_and_model(
    options: argparse.Namespace, load_program: Callable[[str], dspy.Module], make_model: Callable[..., dspy.LM]
) -> tuple[dspy.Module, dspy.LM]:
    program = load_program(options.program)
    if options.candidates is not None:
        with_candidates(program, options.program, options.candidates)
    if options.repairs is not None:
        program = adjusted(program, {"n_repairs": str(options.repairs)}, options.program)
    check_access(options.lm, options.api_base)
    settings = {"api_base": options.api_base, "seed": options.seed}
    return program, make_model(options.lm, **{name: value for name, value in settings.items() if value is not None})


def _print_prompt(kept: KeptProfile, as_data: bool) -> int:
    """Prints the profile as a system prompt alone; notes go to stderr."""
    said = kept.system_prompt()
    if as_data:
        sys.stdout.write(json.dumps({"system_prompt": said, "notes": kept.notes}, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(visible(said) + "\n")
        for note in kept.notes:
            progress_console().print(f"- {visible(note)}", markup=False, highlight=False, soft_wrap=True)
    return DONE


def _print_changes(kept: KeptProfile, as_data: bool) -> int:
    """Prints what an edit changed in the profile."""
    if as_data:
        found = {"changes": [each.model_dump(mode="json") for each in kept.changes], "notes": kept.notes}
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return DONE
    lines = [f"{each.what}: {visible(one)}" for each in kept.changes for one in each.statements]
    lines += [f"- {visible(note)}" for note in kept.notes]
    sys.stdout.write("\n".join(lines or ["nothing changed"]) + "\n")
    return DONE


def _edit(options: argparse.Namespace) -> tuple[str, str] | None:
    """A text before and after the person edited it. Raises: SetupError."""
    if options.edit is None:
        return None
    given = {"--profile": options.profile, "--save-profile": options.save_profile}
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise SetupError(
            f"--edit revises a profile; add {' and '.join(missing)} FILE, which it is read from or kept in"
        )
    draft, edited = options.edit
    return read_text(draft), read_text(edited)


def _check_no_text(options: argparse.Namespace, given: bool) -> None:
    """Whether the options of a command that writes no text fit together. Raises: SetupError."""
    option = "--edit" if options.edit is not None else f"--as {SYSTEM_PROMPT}"
    if given:
        raise SetupError(f"{option} writes no text; leave out --prompt and --prompt-file")
    if options.edit is None and not options.samples and options.profile is None:
        raise SetupError(f"--as {SYSTEM_PROMPT} needs --samples or --profile; name the person's texts or a profile")


def _prompt(options: argparse.Namespace) -> str | None:
    """The prompt from its option or file, checked before any work is done; None where no text is wanted."""
    given = any(value is not None for value in (options.prompt, options.prompt_file))
    if options.edit is not None or options.output == SYSTEM_PROMPT:
        _check_no_text(options, given)
        return None
    if not options.samples:
        raise SetupError(f"the following arguments are required: --samples; see {PROG} --help")
    if not given:
        raise SetupError(f"one of the arguments --prompt --prompt-file is required; see {PROG} --help")
    if options.prompt_file is None:
        prompt = checked_prompt(options.prompt)
    elif options.prompt_file == STDIN and STDIN in options.samples:
        raise SetupError(f"samples and prompt both come from standard input ({STDIN!r}); name a file for one of them")
    else:
        prompt = read_text(options.prompt_file)
    try:
        prompt.encode()
    except UnicodeEncodeError as fault:
        raise SetupError(f"the prompt is not UTF-8: {prompt!r}; use --prompt-file with a UTF-8 file") from fault
    return prompt


def _parser(environment: Mapping[str, str]) -> Parser:
    parser = Parser(PROG, EXAMPLE, "Say what is distinctive about how a person writes, then write as they would.")
    parser.add_argument(
        "--samples", nargs="+", default=[], metavar="FILE", help="texts of one person, 3 to 7 files; - for stdin"
    )
    prompts = parser.add_mutually_exclusive_group()
    prompts.add_argument("--prompt", metavar="TEXT", help="what to write")
    prompts.add_argument("--prompt-file", metavar="FILE", help="a file that says what to write; - for stdin")
    parser.add_argument(
        "--attributes",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="what is known of the person (default: nothing)",
    )
    parser.add_argument(
        "--program",
        default=environment.get("HYPERALIGN_PROGRAM") or "authorship",
        metavar="REFERENCE",
        help="authorship, authorship@challenger, authorship/3, a version's folder or models:/... "
        "(default: $HYPERALIGN_PROGRAM, else authorship)",
    )
    add_model_options(parser, environment)
    parser.add_argument("--seed", type=int, help="seed of the model's sampling (default: the model's own)")
    parser.add_argument(
        "--candidates",
        type=int,
        metavar="N",
        help=f"texts to write, of which the one most like the samples is kept, 1 to {MAX_CANDIDATES} "
        "(default: the program's own number, mostly 1)",
    )
    parser.add_argument(
        "--repairs",
        type=int,
        metavar="N",
        help="calls to mend a text that breaks what is measured of the person, at most (default: the program's own)",
    )
    parser.add_argument(
        "--profile", metavar="FILE", help="write by this profile instead of inferring one (default: infer)"
    )
    parser.add_argument(
        "--save-profile",
        metavar="FILE",
        help="write what was inferred to a file that you may edit; with --profile, that profile revised by the samples",
    )
    parser.add_argument(
        "--edit",
        nargs=2,
        metavar=("DRAFT", "EDITED"),
        help="revise the profile by what the person changed in a text that was written for them; writes no text",
    )
    parser.add_argument(
        "--measured", action="store_true", help="claim measured habits only, without asking the model what it sees"
    )
    parser.add_argument(
        "--as",
        dest="output",
        choices=("text", SYSTEM_PROMPT),
        default="text",
        help=f"write a text, or print a {SYSTEM_PROMPT} by which any chat model writes as the person (default: text)",
    )
    parser.add_argument("--json", action="store_true", help="print data only, for programs")
    return parser


if __name__ == "__main__":
    run(main)
