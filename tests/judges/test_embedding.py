import json
import sys
from pathlib import Path

import numpy as np
import pytest
from made_encoder import LONGEST, WIDTH, write_encoder, write_tensors
from made_voices import references, texts

from programs.judges import make_judge
from programs.judges.bert import BertEncoder
from programs.judges.embedding import find_model
from signatures.errors import SetupError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


def test_vectors_have_length_one_and_do_not_depend_on_their_company(folder: Path):
    encoder = BertEncoder(folder)
    written = [text for style in ("terse", "loud", "winding") for text in texts(style, 2, seed=4)]
    together = encoder(written)
    assert together.shape == (6, WIDTH)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1)
    np.testing.assert_array_equal(together, np.concatenate([encoder([text]) for text in written]))


def test_a_text_is_read_up_to_the_models_limit(folder: Path):
    words = "came went spoke Listen Why ".split() * 20
    encoder = BertEncoder(folder)
    whole, cut, shorter = encoder([" ".join(words), " ".join(words[:LONGEST]), " ".join(words[: LONGEST - 1])])
    np.testing.assert_array_equal(whole, cut)
    assert not np.array_equal(cut, shorter)


def test_an_encoder_without_layers_is_the_mean_of_normed_embeddings(tmp_path: Path):
    # Words [UNK] at (3, 1) and places at 0: less the mean 2, over the spread 1, is (1, -1), of length 1 at 0.7071.
    folder = write_encoder(tmp_path, num_hidden_layers=0)
    tensors = {
        "embeddings.word_embeddings.weight": np.tile([3.0, 1.0], (200, 1)),
        "embeddings.position_embeddings.weight": np.zeros((LONGEST, 2)),
        "embeddings.token_type_embeddings.weight": np.zeros((2, 2)),
        "embeddings.LayerNorm.weight": np.ones(2),
        "embeddings.LayerNorm.bias": np.zeros(2),
    }
    write_tensors(folder / "model.safetensors", {f"bert.{name}": tensor for name, tensor in tensors.items()})
    np.testing.assert_allclose(BertEncoder(folder)(["anything at all"]), [[0.5**0.5, -(0.5**0.5)]], atol=1e-6)


def test_pooling_is_as_the_folder_says(folder: Path, tmp_path: Path):
    text = texts("loud", 1, seed=4)
    assert not np.allclose(BertEncoder(folder)(text), BertEncoder(write_encoder(tmp_path, cls=True))(text))


def test_a_text_of_nothing_the_model_reads_has_no_direction(folder: Path):
    np.testing.assert_array_equal(BertEncoder(folder)([" \n"]), np.zeros((1, WIDTH)))


def test_the_judge_says_that_it_goes_by_content(folder: Path):
    judge = make_judge(f"embedding:{folder}", references())
    reason = judge.reason("loud", *(texts(style, 1, seed=5)[0] for style in ("terse", "loud")))
    assert reason.startswith("b: nearer to the author's references in content (cosine ")


def test_a_package_that_carries_a_model_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "my_encoder"
    write_encoder(package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_model("my-encoder") == package / "model"
    assert "my_encoder" not in sys.modules


def test_a_package_that_is_not_there_is_answered_with_the_line_that_adds_it():
    with pytest.raises(SetupError, match=r"no installed package 'gt-no-such'.*pip install 'hyperalign\[embedding\]'"):
        find_model("gt-no-such")
    with pytest.raises(SetupError, match="no installed package 'no/such/folder'"):
        find_model("no/such/folder")


def test_a_folder_without_a_model_is_told_what_it_must_hold(tmp_path: Path):
    with pytest.raises(SetupError, match="give a folder with model.safetensors, config.json, tokenizer.json"):
        find_model(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.json", b"{", "cannot read '.*config.json' of the embedding model"),
        ("config.json", json.dumps({"model_type": "gpt2"}).encode(), "holds a model of type 'gpt2'"),
        ("tokenizer.json", b"[]", "cannot read '.*tokenizer.json'.*it holds no tokenizer"),
        ("tokenizer.json", b"\xff", "cannot read '.*tokenizer.json'"),
        ("model.safetensors", b"", "cannot read '.*model.safetensors'"),
        ("model.safetensors", b"\x02\0\0\0\0\0\0\0{}", "no word embeddings in it"),
        ("model.safetensors", b"\xff" * 40, "cannot read '.*model.safetensors'"),
    ],
)
def test_a_damaged_model_is_named_with_what_is_needed(tmp_path: Path, file: str, content: bytes, message: str):
    folder = write_encoder(tmp_path)
    (folder / file).write_bytes(content)
    with pytest.raises(SetupError, match=message):
        BertEncoder(folder)


def test_a_model_that_is_cut_off_is_found(tmp_path: Path):
    folder = write_encoder(tmp_path)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(SetupError, match="cannot read '.*model.safetensors'"):
        BertEncoder(folder)
