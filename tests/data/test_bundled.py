"""What the card of the bundled corpus promises, checked on its files."""

import json
from collections import Counter
from pathlib import Path

import pytest

from data import Corpus, load_corpus, split
from data.sources import bundled
from signatures.errors import SetupError
from signatures.hypotheses import ASPECTS


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus("bundled")


def test_it_loads_whole_with_nothing_dropped(corpus: Corpus):
    assert corpus.notes == ()
    assert corpus.licence == "MIT"


def test_it_has_twelve_authors_or_more_with_twelve_texts_or_more_in_every_domain(corpus: Corpus):
    assert len(corpus.authors) >= 12
    for author in corpus.authors:
        assert len(author.texts) >= 12
        assert {text.domain for text in author.texts} == {"news", "blog", "email"}
        assert author.attributes


def test_texts_have_80_to_200_words(corpus: Corpus):
    lengths = {text.id: len(text.text.split()) for author in corpus.authors for text in author.texts}
    assert {id: n for id, n in lengths.items() if not 80 <= n <= 200} == {}


def test_authors_share_prompts_and_no_author_answers_one_twice(corpus: Corpus):
    owners: Counter[str] = Counter()
    for author in corpus.authors:
        prompts = [text.prompt for text in author.texts]
        assert len(set(prompts)) == len(prompts)
        owners.update(prompts)
    assert min(owners.values()) >= 2
    assert all(text.prefix == "" for author in corpus.authors for text in author.texts)


def test_no_text_is_shared_between_authors(corpus: Corpus):
    texts = [text.text for author in corpus.authors for text in author.texts]
    assert len(set(texts)) == len(texts)


def test_gold_hypotheses_are_shown_verbatim_and_cover_every_dimension(corpus: Corpus):
    for author in corpus.authors:
        assert 6 <= len(author.gold) <= 10, author.id
        assert {gold.dimension for gold in author.gold} == set(ASPECTS)
        whole = [text.text for text in author.texts]
        for gold in author.gold:
            assert gold.aspect in ASPECTS[gold.dimension]
            assert [span for span in gold.evidence if not any(span in text for text in whole)] == []


def test_most_gold_hypotheses_show_in_the_samples_of_a_split(corpus: Corpus):
    cases = split(corpus).train
    shown = [gold.shown_in([t.text for t in case.samples]) for case in cases for gold in case.author.gold]
    assert sum(one is not None for one in shown) >= 0.9 * len(shown)


def write_folder(folder: Path, **profile: object) -> Path:
    row = {"id": "t1", "author": "a", "domain": "blog", "prompt": "Write about rain.", "text": "It rains. So."}
    one = {
        "dimension": "writing_style",
        "aspect": "openings_and_closings",
        "statement": "Ends on So.",
        "evidence": ["So."],
    }
    (folder / "texts.jsonl").write_text(json.dumps(row) + "\n")
    (folder / "authors.jsonl").write_text(
        json.dumps({"author": "a", "attributes": {"age": "30s"}, "hypotheses": [one]} | profile) + "\n"
    )
    return folder


def test_names_with_underscores_become_the_names_of_the_records(tmp_path: Path):
    table = bundled.read(write_folder(tmp_path))
    assert (table.gold["a"][0].dimension, table.gold["a"][0].aspect) == ("writing style", "openings and closings")
    assert json.loads(table.rows[0]["attributes"]) == {"age": "30s"}


def test_damaged_files_are_named_with_the_remedy(tmp_path: Path):
    with pytest.raises(SetupError, match="texts.jsonl"):
        bundled.read(tmp_path)
    with pytest.raises(SetupError, match="install the package again"):
        bundled.read(write_folder(tmp_path, attributes=3))
