from pathlib import Path
from random import Random

import pytest
from made_people import crowd, text

from programs.traits import Population, default_population, population, read_population, write_population
from programs.traits.measuring import below_and_above
from programs.traits.population import weight
from signatures.errors import SetupError


@pytest.fixture(scope="module")
def usual() -> Population:
    return population(crowd(), "crowd")


def test_the_same_texts_in_any_order_of_authors_give_the_same_population(usual: Population):
    people = crowd()
    assert population(dict(reversed(people.items())), "crowd") == usual


def test_a_trait_that_tells_authors_apart_varies_between_them(usual: Population):
    # Sentences of 6 to 17 words by author: the variance of twelve consecutive numbers is (12 * 13) / 12 = 13.
    lengths = usual.traits["sentence_words"]
    assert 10 < lengths.between < 16
    assert lengths.within < 1


def test_a_trait_that_is_chance_within_authors_does_not_vary_between_them(usual: Population):
    exclaiming = usual.traits["exclamations"]
    assert exclaiming.between < exclaiming.within / 5


def test_quantiles_and_thresholds_ascend(usual: Population):
    for background in usual.traits.values():
        assert list(background.text_quantiles) == sorted(background.text_quantiles)
        assert [one.value for one in background.thresholds] == sorted(one.value for one in background.thresholds)
        assert all(
            first.share >= second.share
            for first, second in zip(background.thresholds, background.thresholds[1:], strict=False)
        )


def test_authors_means_over_more_texts_lie_closer_together(usual: Population):
    spread = usual.traits["commas"].author_quantiles
    assert spread[10][-1] - spread[10][0] < spread[1][-1] - spread[1][0]


def test_short_texts_weigh_less_only_as_far_as_length_matters(usual: Population):
    steady, noisy = (usual.traits["commas"].model_copy(update={"noise": noise}) for noise in (0.0, 1.0))
    assert weight(50, steady, 100) == 1.0
    # Half the length has twice the variance.
    assert weight(50, noisy, 100) == 0.5
    assert weight(500, noisy, 100) == 1.0
    assert weight(0, noisy, 100) == 0.0


def test_shares_below_and_above_are_read_off_the_quantiles(usual: Population):
    even = tuple(float(place) for place in range(21))
    background = usual.traits["commas"].model_copy(update={"author_quantiles": {1: even}})
    assert below_and_above(10.0, 1, background) == (0.5, 0.5)
    assert below_and_above(99.0, 1, background) == (1.0, 0.0)
    # Half of the writers have none: nobody has less, half have more.
    lumpy = background.model_copy(update={"author_quantiles": {1: (0.0,) * 11 + even[11:]}})
    assert below_and_above(0.0, 1, lumpy) == (0.0, 0.5)


def test_it_comes_back_from_its_file(usual: Population, tmp_path: Path):
    write_population(usual, tmp_path / "usual.json")
    assert read_population(tmp_path / "usual.json") == usual


def test_one_ships_of_all_24_bundled_authors():
    shipped = default_population()
    assert (shipped.n_authors, shipped.n_texts) == (24, 360)


def test_it_takes_two_authors_of_two_texts():
    with pytest.raises(SetupError, match="2 authors with 2 texts each, not 1 such author"):
        population({"one": ["A dog.", "A cat."], "two": ["A dog."], "three": ["A dog.", "  "]})


@pytest.mark.parametrize("content", ["", "{}", '{"name": "x", "traits": {}}', "[1]"])
def test_a_damaged_file_is_named(content: str, tmp_path: Path):
    (tmp_path / "bad.json").write_text(content, "utf-8")
    with pytest.raises(SetupError, match=r"bad\.json.*fit it again"):
        read_population(tmp_path / "bad.json")


def test_a_population_of_other_traits_is_refused(usual: Population, tmp_path: Path):
    written = usual.model_dump_json().replace('"commas"', '"commata"')
    (tmp_path / "old.json").write_text(written, "utf-8")
    with pytest.raises(SetupError, match="not those of this version"):
        read_population(tmp_path / "old.json")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SetupError, match=r"none\.json"):
        read_population(tmp_path / "none.json")


def test_texts_without_variation_can_be_fitted():
    same = text(Random(0), 3)
    found = population({"one": [same, same], "two": [same, same]})
    assert all(not background.thresholds and not background.within for background in found.traits.values())
