"""A program that is compiled on a corpus tells habits from those of the corpus's own authors, and keeps doing so."""

import json

import dspy
from scripted import lm, requests, turns

from data import load_corpus, split
from programs import AuthorshipProgram
from programs.lms.adapters import FittingAdapter
from programs.tasks import fit_others

AUTHORS = load_corpus("bundled").authors
CASES = (lambda parts: (*parts.train, *parts.val))(split(load_corpus("bundled")))
SAMPLES = [text.text for text in AUTHORS[0].texts[:5]]


def fitted(corpus: str, cases=CASES) -> tuple[AuthorshipProgram, str]:
    program = AuthorshipProgram()
    return program, fit_others(program, corpus, cases)


def test_four_authors_or_more_make_a_population_and_fewer_do_not():
    program, said = fitted("jsonl:/somewhere/mails.jsonl")
    assert program.population is not None and program.population.n_authors == len(CASES) >= 4
    assert said == f"people are told from {len(CASES)} authors of mails.jsonl"
    program, said = fitted("mails", CASES[:3])
    assert program.population is None and said.startswith("people are told from the bundled authors: 3 here")
    program, said = fitted("bundled")
    assert (program.population, said) == (None, "")


def test_the_population_is_saved_with_the_program_and_decides_what_it_offers():
    program, _ = fitted("mails")
    state = json.loads(json.dumps(program.dump_state()))
    again = AuthorshipProgram()
    again.load_state(state)
    assert again.population == program.population and again.deepcopy().population == program.population
    assert again.background is not None and again.background.n_writers == len(CASES)
    assert again.background.dump() == state["background"]
    # What is kept of other people's texts are forms, from which no content word can be read.
    assert "orchard" not in json.dumps(state["background"]).lower()
    assert not any(case.author.id in json.dumps(state["background"]) for case in CASES)
    assert "population" not in AuthorshipProgram().dump_state()
    offered = []
    for each in (AuthorshipProgram(), program, again):
        model = lm(["{}", "{}"], small=True)
        with dspy.context(lm=model, adapter=FittingAdapter()):
            try:
                each(samples=SAMPLES, prompt="p")
            except dspy.utils.exceptions.AdapterParseError:
                pass
        offered.append(turns(requests(model)[0])[-1][1].partition("Habits:")[2])
    assert offered[0] != offered[1] == offered[2]
