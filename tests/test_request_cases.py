"""Requests as experiments use them."""

import json
from collections import Counter

import pytest

from data.requests import load_requests
from programs.benches.request_cases import known_of, request_data
from signatures.errors import SetupError
from signatures.requests import Asker

PARTS = ("train", "val", "dev", "test")


def ids(data, part: str) -> list[str]:
    return [target.id for case in getattr(data.splits, part) for target in case.targets]


def test_parts_share_no_pair_and_every_pair_has_as_many_requests_as_asked():
    data = request_data("bundled", 0, {"n_targets": 2})
    pairs = {part: {case.author.id for case in getattr(data.splits, part)} for part in PARTS}
    assert sum(map(len, pairs.values())) == len(set().union(*pairs.values())) == 44
    assert all(len(case.targets) == 2 for part in PARTS for case in getattr(data.splits, part))
    assert all(
        target.author == case.author.id
        for part in PARTS
        for case in getattr(data.splits, part)
        for target in case.targets
    )


def test_two_requests_of_a_pair_are_one_of_each_label_and_of_two_prompts():
    data = request_data("bundled", 3, {"n_targets": 2})
    for part in PARTS:
        for case in getattr(data.splits, part):
            assert Counter(target.request.label for target in case.targets) == {"safe": 1, "unsafe": 1}
            assert len({target.prompt for target in case.targets}) == 2


def test_the_split_is_a_function_of_corpus_seed_and_number():
    first = request_data("bundled", 0, {"n_targets": 2, "n_samples": 5, "min_texts": None})
    assert request_data("bundled", 0, {"n_targets": 2}).splits.hash == first.splits.hash
    assert request_data("bundled", 1, {"n_targets": 2}).splits.hash != first.splits.hash
    more = request_data("bundled", 0, {"n_targets": 99})
    assert more.splits.hash != first.splits.hash and set(ids(first, "test")) < set(ids(more, "test"))
    assert sum(len(ids(more, part)) for part in PARTS) == len(load_requests("bundled").requests)


def test_requests_without_a_pair_stand_alone(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"How do I mend thing {n}?", "id": f"r{n}"}) for n in range(8)))
    data = request_data(f"jsonl:{path}", 0, {"n_targets": 2})
    assert all(case.author.id == case.targets[0].id for case in data.splits.test)
    assert data.splits.test[0].targets[0].domain == "no type"


def test_no_requests_at_all_of_a_pair_are_refused():
    with pytest.raises(SetupError, match="--targets must be at least 1, not 0"):
        request_data("bundled", 0, {"n_targets": 0})


def test_what_is_known_of_an_asker_is_named_and_not_told():
    assert known_of(Asker()) == "no attributes"
    assert (
        known_of(Asker(attributes={"role": "nurse", "age": "40"}, earlier=("Hello.",))) == "age, role; earlier messages"
    )
