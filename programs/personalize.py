"""`python -m programs.personalize`: what is distinctive about how a person writes, and a text as they would."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy
from dspy.utils.exceptions import ContextWindowExceededError

from data.sentences import sentences
from programs.entry import DONE, Parser, add_model_options, progress_console, results_console, run
from programs.lms import make_lm
from programs.lms.access import check_access
from programs.personal_text import PersonalText, show
from programs.reading import STDIN, read_text, read_texts
from programs.samples import checked_prompt
from programs.selection import MAX_CANDIDATES, with_candidates
from programs.versions import load
from signatures.errors import SetupError, counted

PROG = "python -m programs.personalize"
EXAMPLE = f"""\
echo "Rain again. We plant anyway." | {PROG} --samples - --prompt "Write to a friend about the harvest."
{PROG} --samples mails/*.txt --prompt-file task.txt --attributes occupation=teacher region=Wales --json"""

CUTS = (4000, 2000, 1000, 500, 250)
"""Characters that samples are cut to, one after the other, while they do not fit the model's context. Programs cut by
words, which leaves a text without spaces as long as it is."""


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
    samples = read_texts(options.samples)
    program = load_program(options.program)
    if options.candidates is not None:
        with_candidates(program, options.program, options.candidates)
    check_access(options.lm, options.api_base)
    settings = {"api_base": options.api_base, "seed": options.seed}
    lm = make_model(options.lm, **{name: value for name, value in settings.items() if value is not None})
    with (
        progress_console().status(f"reading {len(samples)} of a person's texts with {options.lm}"),
        dspy.context(lm=lm),
    ):
        out, cut_notes = write(program, samples, prompt, attributes)
    written = PersonalText(
        hypotheses=tuple(out.hypotheses),
        text=out.text,
        notes=(*cut_notes, *out.get("notes", ())),
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


def write(
    program: Callable[..., Any], samples: Sequence[str], prompt: str, attributes: Mapping[str, str]
) -> tuple[dspy.Prediction, tuple[str, ...]]:
    """The program's answer, and a note if the samples had to be cut to fit the model's context.

    Raises: ContextWindowExceededError if even the shortest cut does not fit, as with a very long prompt.
    """
    try:
        return program(samples=samples, prompt=prompt, attributes=attributes), ()
    except ContextWindowExceededError as fault:
        excess = fault
    for limit in CUTS:
        shorter = [cut(sample, limit) for sample in samples]
        if shorter == list(samples):
            continue
        try:
            out = program(samples=shorter, prompt=prompt, attributes=attributes)
        except ContextWindowExceededError as fault:
            excess = fault
        else:
            n_cut = sum(short != sample for short, sample in zip(shorter, samples, strict=True))
            of_all = f"{n_cut} of {counted(len(samples), 'sample')}"
            return out, (f"cut {of_all} to {limit} characters, which is what the model reads",)
    raise excess


def cut(text: str, n_characters: int) -> str:
    """The text up to the last sentence end within so many characters, or exactly as many if there is none."""
    if len(text) <= n_characters:
        return text
    end = 0
    for sentence in sentences(text[:n_characters])[:-1]:
        end = text.index(sentence, end) + len(sentence)
    return text[: end or n_characters]


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


def _prompt(options: argparse.Namespace) -> str:
    """The prompt from its option or file, checked before any work is done."""
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
        "--samples", nargs="+", required=True, metavar="FILE", help="texts of one person, 3 to 7 files; - for stdin"
    )
    prompts = parser.add_mutually_exclusive_group(required=True)
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
    parser.add_argument("--json", action="store_true", help="print data only, for programs")
    return parser


if __name__ == "__main__":
    run(main)
