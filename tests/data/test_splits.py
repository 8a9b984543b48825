import dataclasses
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_corpora import make_corpus

from data.corpus import Corpus
from data.splits import Splits, split
from signatures.errors import SetupError
from signatures.records import Author, AuthorCase

DOMAINS = ("news", "blog", "email")


def groups(splits: Splits) -> list[tuple[AuthorCase, ...]]:
    return [splits.train, splits.val, splits.dev, splits.test]


def sizes(splits: Splits) -> list[int]:
    return [len(group) for group in groups(splits)]


@pytest.mark.parametrize(
    ("n", "expected"),
    # Half (13 of 25: a half rounds up) for test, the rest dealt out from train on.
    [(4, [1, 1, 1, 1]), (5, [1, 1, 1, 2]), (12, [2, 2, 2, 6]), (24, [4, 4, 4, 12]), (25, [4, 4, 4, 13])],
)
def test_half_the_authors_are_for_test_and_every_group_has_one(n: int, expected: list[int]):
    assert sizes(split(make_corpus({f"a{i:02d}": 11 for i in range(n)}))) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.text("abcé你", min_size=1, max_size=4), st.integers(11, 20), min_size=4, max_size=9),
    st.integers(0, 5),
    st.booleans(),
)
def test_no_author_stands_in_two_groups_and_no_text_in_two_roles(counts: dict[str, int], seed: int, named: bool):
    corpus = make_corpus(counts, domains=DOMAINS)
    splits = split(corpus, seed=seed, n_references=3 if named else None)
    authors = [case.author.id for group in groups(splits) for case in group]
    assert sorted(authors) == sorted(counts)
    for case in (case for group in groups(splits) for case in group):
        roles = [case.samples, case.targets, case.references]
        texts = [text.text for role in roles for text in role]
        assert len(set(texts)) == len(texts)
        assert [len(role) for role in roles] == [5, 3, 3 if named else counts[case.author.id] - 8]
        # Three targets over three domains of three texts or more: one of each.
        assert {text.domain for text in case.targets} == set(DOMAINS)
        assert {text.domain for text in case.samples} == set(DOMAINS)


def test_the_same_corpus_and_seed_give_the_same_split_in_another_process():
    corpus = make_corpus({name: 12 for name in "abcdef"})
    code = (
        "import sys; sys.path.insert(0, 'tests/data'); from made_corpora import make_corpus; from data import split; "
        "c = make_corpus({name: 12 for name in 'abcdef'}); print(c.hash, split(c, seed=3).hash)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert done.stdout.split() == [corpus.hash, split(corpus, seed=3).hash]


def test_seed_and_content_change_the_split_but_order_and_name_do_not():
    corpus = make_corpus({name: 12 for name in "abcdefgh"})
    turned = Corpus(
        name="other",
        authors=tuple(a.model_copy(update={"texts": a.texts[::-1]}) for a in reversed(corpus.authors)),
    )
    assert turned.hash == corpus.hash
    assert split(turned).hash == split(corpus).hash
    assert len({split(corpus, seed=seed).hash for seed in range(8)}) == 8
    assert make_corpus({name: 13 for name in "abcdefgh"}).hash != corpus.hash


def test_a_corpus_with_parts_gives_targets_from_its_test_part_only():
    splits = split(make_corpus({name: 20 for name in "abcd"}, parts=True))
    for case in (case for group in groups(splits) for case in group):
        assert {text.part for text in case.targets} == {"test"}
        assert {text.part for text in case.samples + case.references} == {"train"}
        assert len(case.references) == 5  # 10 of train, less 5 samples


def test_a_corpus_with_a_train_part_alone_is_split_as_if_it_had_none():
    corpus = make_corpus({name: 11 for name in "abcd"})
    trained = tuple(
        a.model_copy(update={"texts": tuple(t.model_copy(update={"part": "train"}) for t in a.texts)})
        for a in corpus.authors
    )
    assert sizes(split(dataclasses.replace(corpus, authors=trained))) == [1, 1, 1, 1]


def test_an_author_with_too_few_texts_is_named_with_the_sum_and_the_remedy():
    corpus = make_corpus({"a": 9, "b": 9, "c": 9, "x": 4})
    with pytest.raises(SetupError) as caught:
        split(corpus, n_targets=1)
    assert str(caught.value) == (
        "author 'x' has 4 texts; 5 samples + 1 target + 3 references need 9; "
        "lower --samples or drop the author with --min-texts"
    )


def test_min_texts_leaves_short_authors_out_and_says_so():
    corpus = make_corpus({"a": 11, "b": 11, "c": 11, "d": 11, "x": 4})
    splits = split(corpus, min_texts=11)
    assert sizes(splits) == [1, 1, 1, 1]
    assert splits.notes == ("left out 1 author with fewer than 11 texts",)


@pytest.mark.parametrize("n", [1, 3])
def test_too_few_authors_are_counted_and_the_remedy_named(n: int):
    with pytest.raises(
        SetupError, match=rf"has {n} authors?; train, val, dev and test need one each, 4 in all; add authors"
    ):
        split(make_corpus({f"a{i}": 20 for i in range(n)}))


def test_repeated_texts_count_once():
    author = make_corpus({"a": 11}).authors[0]
    again = author.texts[0].model_copy(update={"id": "again"})
    others = make_corpus({"b": 11, "c": 11, "d": 11}).authors
    corpus = Corpus("made", (Author(id="a", texts=(*author.texts[:10], again)), *others))
    with pytest.raises(SetupError, match="author 'a' has 10 texts"):
        split(corpus)


def test_a_part_without_enough_texts_is_named():
    with pytest.raises(SetupError, match="author 'x' has 2 texts of part 'test'; 3 targets need 3"):
        split(make_corpus({"a": 20, "b": 20, "c": 20, "x": 5}, parts=True))


@pytest.mark.parametrize("bad", [{"n_samples": 0}, {"n_targets": 0}, {"n_references": 2}, {"test_share": 1.0}])
def test_numbers_out_of_range_are_refused(bad: dict[str, float]):
    with pytest.raises(SetupError, match="must be"):
        split(make_corpus({name: 20 for name in "abcd"}), **bad)  # pyright: ignore[reportArgumentType]


def test_the_hash_is_of_which_ids_went_where():
    corpus = make_corpus({name: 12 for name in "abcd"})
    whole, fewer = split(corpus), split(corpus, n_samples=4)
    assert whole.hash != fewer.hash
    assert len(json.dumps(whole.hash)) == 66  # 64 hex digits in quotes
