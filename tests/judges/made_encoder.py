"""A tiny sentence-embedding model with drawn weights, in the files that a real one has."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from made_voices import STYLES, texts
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

WIDTH, INNER, HEADS, LAYERS, LONGEST = 16, 32, 2, 2, 40


def write_encoder(folder: Path, *, cls: bool = False, **config: object) -> Path:
    """Writes the model; `config` replaces settings."""
    words = sorted({word for style in STYLES for text in texts(style, 6, seed=1) for word in _words(text)})
    vocabulary = {word: number for number, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": LONGEST,
    }
    (folder / "config.json").write_text(json.dumps(settings | config))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": cls}))
    write_tensors(folder / "model.safetensors", dict(_tensors(len(vocabulary))))
    return folder


def write_tensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Writes the safetensors format: length of the header, header, numbers."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        content = tensor.astype(np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    head = json.dumps(header).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)


def _words(text: str) -> list[str]:
    return [word for word, _ in Whitespace().pre_tokenize_str(text)]


def _tensors(n_words: int) -> Iterable[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    for name, n in (("word", n_words), ("position", LONGEST), ("token_type", 2)):
        yield f"embeddings.{name}_embeddings.weight", rng.normal(size=(n, WIDTH)) * (0.1 if name == "position" else 1)
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        own = f"encoder.layer.{layer}"
        norms += [f"{own}.attention.output.LayerNorm", f"{own}.output.LayerNorm"]
        linear = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        linear |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (INNER, WIDTH)}
        for part, shape in (linear | {"output.dense": (WIDTH, INNER)}).items():
            yield f"{own}.{part}.weight", rng.normal(size=shape) / WIDTH
            yield f"{own}.{part}.bias", np.zeros(shape[0])
    for name in norms:
        yield f"{name}.weight", np.ones(WIDTH)
        yield f"{name}.bias", np.zeros(WIDTH)
