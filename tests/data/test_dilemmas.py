"""Every promise of the card of the requests that ship."""

import json
import math
import re
from collections import Counter
from itertools import combinations

import pytest

from data.request_sources.bundled import FOLDER, NO_CLAIM
from data.requests import load_requests, split_requests
from signatures.requests import Request, alternatives

BUNDLED = load_requests("bundled").requests
CLAIMS = load_requests("claims").requests
EVERYDAY = load_requests("everyday").requests
SAFE = ("answer", "answer with care", "clarify")
UNSAFE = ("clarify", "partly decline", "decline")


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text.lower()))


def overlap(one: str, other: str) -> float:
    a, b = words(one), words(other)
    return len(a & b) / len(a | b)


def by_prompt(requests: tuple[Request, ...]) -> dict[str, list[Request]]:
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(request.prompt, []).append(request)
    return groups


def own_label(asked: list[Request]) -> str:
    """The label of the prompt itself, which its id names."""
    return asked[0].id.split("/")[1]


PROMPTS = by_prompt(BUNDLED)


def test_the_set_is_as_large_and_as_wide_as_its_card_says():
    assert len(PROMPTS) == 88 and len({request.pair for request in BUNDLED}) == 44
    assert len({request.type for request in BUNDLED}) == 20
    assert all(2 <= len(asked) <= 3 for asked in PROMPTS.values())


def test_each_pair_is_one_fine_prompt_and_one_that_is_not():
    pairs: dict[str, list[str]] = {}
    for asked in PROMPTS.values():
        pairs.setdefault(asked[0].pair, []).append(own_label(asked))
    assert {pair: sorted(labels) for pair, labels in pairs.items()} == dict.fromkeys(pairs, ["safe", "unsafe"])


def test_the_two_of_a_pair_look_alike_and_no_others_do():
    for one, other in combinations(PROMPTS, 2):
        alike = overlap(one, other)
        if PROMPTS[one][0].pair == PROMPTS[other][0].pair:
            assert 0.2 < alike < 0.9, (one, other)
        else:
            assert alike <= 0.4, (one, other)


def test_the_askers_of_a_prompt_differ_and_most_are_treated_differently():
    varied = 0
    for asked in PROMPTS.values():
        assert len({request.asker.model_dump_json() for request in asked}) == len(asked)
        assert all(request.asker.attributes or request.asker.earlier for request in asked)
        varied += len({request.expected for request in asked}) > 1
    assert varied == 84


def test_expected_decisions_agree_with_labels_and_all_are_used():
    for request in BUNDLED:
        assert request.expected in (SAFE if request.label == "safe" else UNSAFE), request.id
    assert set(Counter(request.expected for request in BUNDLED)) == {*SAFE, *UNSAFE}


def test_an_asker_makes_a_fine_prompt_unsafe_and_never_an_unsafe_one_safe():
    turned = [(own_label([request]), request.label) for request in BUNDLED if own_label([request]) != request.label]
    assert set(turned) == {("safe", "unsafe")} and len(turned) >= 10


@pytest.mark.parametrize("request_", [*BUNDLED, *CLAIMS, *EVERYDAY], ids=lambda request: request.id)
def test_points_are_short_lower_case_and_not_in_the_prompt(request_: Request):
    assert 3 <= len(request_.contains) <= 6
    for point in (*request_.contains, *request_.avoids):
        phrases = alternatives(point)
        assert point == point.lower() and len(set(phrases)) == len(phrases)
        assert not [one for one in phrases if re.search(rf"(?<!\w){re.escape(one)}", request_.prompt.lower())]
    assert not {*request_.contains} & {*request_.avoids}


def test_unsafe_requests_say_what_no_answer_may():
    assert all(request.avoids for request in (*BUNDLED, *CLAIMS) if request.label == "unsafe")


def test_roles_that_would_be_decisive_unlock_nothing():
    claimed = [
        asked
        for asked in PROMPTS.values()
        if own_label(asked) == "unsafe" and {one.expected for one in asked} == {"decline"}
    ]
    assert len(claimed) == 4
    declined = [one for one in BUNDLED if one.expected == "decline" and one.asker.attributes.get("role")]
    assert len(declined) >= 40


@pytest.mark.parametrize(("field", "guessed", "always_most"), [("expected", 0.27, 0.33), ("label", 0.63, 0.55)])
def test_who_asks_does_not_give_the_treatment_away(field: str, guessed: float, always_most: float):
    """Naive Bayes on attributes and earlier words, no prompt, pairs left out in 11 folds of 4."""
    pairs = sorted({request.pair for request in BUNDLED})
    right = 0
    for fold in range(11):
        left_out = set(pairs[fold::11])
        seen = [request for request in BUNDLED if request.pair not in left_out]
        held = [request for request in BUNDLED if request.pair in left_out]
        right += sum(guess(seen, request, field) == getattr(request, field) for request in held)
    most = Counter(getattr(request, field) for request in BUNDLED).most_common(1)[0][1]
    assert (round(right / len(BUNDLED), 2), round(most / len(BUNDLED), 2)) == (guessed, always_most)


def guess(seen: list[Request], request: Request, field: str) -> str:
    sizes = Counter(str(getattr(one, field)) for one in seen)
    counts = {
        name: Counter(word for one in seen if getattr(one, field) == name for word in about(one)) for name in sizes
    }
    return max(
        sorted(sizes),
        key=lambda name: (
            math.log(sizes[name])
            + sum(math.log((counts[name][word] + 0.5) / (sizes[name] + 1)) for word in about(request))
        ),
    )


def about(request: Request) -> list[str]:
    asker = request.asker
    return sorted(words(" ".join((*asker.attributes, *asker.attributes.values(), *asker.earlier))))


def test_every_forbidden_prompt_stands_alone_and_with_claims():
    groups = by_prompt(CLAIMS)
    assert len(groups) == 14
    for asked in groups.values():
        kinds = Counter(request.type for request in asked)
        assert kinds[NO_CLAIM] == 1 and len(asked) >= 4
        assert all(request.expected == "decline" and request.label == "unsafe" for request in asked)
    alone = [request for request in CLAIMS if request.type == NO_CLAIM]
    assert all(not request.asker.attributes and not request.asker.earlier for request in alone)
    assert len(CLAIMS) - len(alone) == 53
    assert {"claimed role", "claimed permission", "order in an attribute", "nested data"} < {one.type for one in CLAIMS}


def test_the_battery_shares_no_prompt_with_the_pairs():
    assert max(overlap(one, other) for one in PROMPTS for other in by_prompt(CLAIMS)) < 0.5


def test_everyday_requests_are_all_fine_and_ask_for_nothing_that_the_pairs_ask_for():
    asked = by_prompt(EVERYDAY)
    assert len(asked) == 48 and all(len(each) == 2 for each in asked.values())
    assert all(request.label == "safe" and request.expected in SAFE for request in EVERYDAY)
    assert max(overlap(one, other) for one in asked for other in (*PROMPTS, *by_prompt(CLAIMS))) < 0.5


def test_the_card_prints_what_the_files_hold():
    card = (FOLDER / "README.md").read_text("utf-8")
    for name, requests in (("bundled", BUNDLED), ("claims", CLAIMS), ("everyday", EVERYDAY)):
        counts = [len({getattr(one, field) for one in requests}) for field in ("prompt", "pair", "type")]
        assert f"{name} {len(requests)} requests {counts[0]} prompts {counts[1]} pairs {counts[2]} types" in card
        for decision, n in Counter(request.expected for request in requests).items():
            assert f"{n} {decision}" in card


def test_the_files_hold_one_prompt_a_line_and_no_stray_field():
    for name in ("dilemmas", "claims", "everyday"):
        rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert all(set(row) <= {"pair", "topic", "label", "prompt", "contains", "avoids", "askers"} for row in rows)


def test_half_of_the_pairs_are_for_reporting():
    parts = split_requests(load_requests("bundled"))
    assert len({request.pair for request in parts.test}) == 22
    assert all(
        {request.label for request in part} == {"safe", "unsafe"} for part in (parts.train, parts.val, parts.dev)
    )
