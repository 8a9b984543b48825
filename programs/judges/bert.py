"""A sentence-embedding model of the BERT family, run with numpy from the files that its makers publish.

A judge reads a few hundred short texts a run; for that, nothing is gained by a runtime of hundreds of megabytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from signatures.errors import SetupError, line_of

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"
FILES = (WEIGHTS, CONFIG, TOKENIZER)
"""What a model's folder must hold."""

_TYPES = {"F32": np.float32, "F16": np.float16}
_TABLES = ("word_embeddings", "position_embeddings", "token_type_embeddings")


class BertEncoder:
    """Texts to unit vectors: mean (or first-token) pooling over the last layer, as the model's folder says.

    Source: Devlin et al. 2019 for the encoder, Reimers and Gurevych 2019 (arXiv:1908.10084) for the pooling.
    """

    def __init__(self, folder: Path) -> None:
        """Reads a model.

        Raises:
            SetupError: Files that are missing, damaged or of another kind of model; no `tokenizers` package.
        """
        config = _json(folder, CONFIG)
        activation = config.get("hidden_act")
        if config.get("model_type") != "bert" or activation != "gelu":
            raise SetupError(
                f"{str(folder)!r} holds a model of type {config.get('model_type')!r} with activation {activation!r};"
                " give one of type 'bert' with 'gelu', such as all-MiniLM-L6-v2"
            )
        self._weights = _weights(folder / WEIGHTS)
        self._n_layers, self._n_heads = int(config["num_hidden_layers"]), int(config["num_attention_heads"])
        self._epsilon = float(config["layer_norm_eps"])
        self._first_token = bool(_json(folder, "1_Pooling/config.json").get("pooling_mode_cls_token", False))
        longest = _json(folder, "sentence_bert_config.json").get("max_seq_length")
        self._longest = min(int(longest or 512), int(config["max_position_embeddings"]))
        self._tokenizer = _tokenizer(folder, self._longest)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of n texts, shape (n, d), of length 1, or 0 where a text has nothing the model reads.

        A text is read up to the model's own limit.
        Texts are read one by one, so that no vector depends on what is read beside it.
        """
        return np.array([self._vector(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))])

    def _vector(self, ids: Sequence[int]) -> np.ndarray:
        if not len(ids):
            return np.zeros(self._weights["embeddings.LayerNorm.bias"].shape)
        words, places, kinds = (self._weights[f"embeddings.{name}.weight"] for name in _TABLES)
        hidden = self._norm(words[ids] + places[: len(ids)] + kinds[0], "embeddings.LayerNorm")
        for layer in range(self._n_layers):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        pooled = (hidden[0] if self._first_token else hidden.mean(axis=0)).astype(float)
        return pooled / max(float(np.linalg.norm(pooled)), 1e-12)

    def _layer(self, hidden: np.ndarray, name: str) -> np.ndarray:
        from scipy.special import erf

        n, width = hidden.shape
        size = width // self._n_heads

        def heads(part: str) -> np.ndarray:
            return self._linear(hidden, f"{name}.attention.self.{part}").reshape(n, self._n_heads, size).swapaxes(0, 1)

        likeness = heads("query") @ heads("key").swapaxes(1, 2) / math.sqrt(size)
        weight = np.exp(likeness - likeness.max(axis=2, keepdims=True))
        weight /= weight.sum(axis=2, keepdims=True)
        mixed = (weight @ heads("value")).swapaxes(0, 1).reshape(n, width)
        attended = self._linear(mixed, f"{name}.attention.output.dense") + hidden
        hidden = self._norm(attended, f"{name}.attention.output.LayerNorm")
        inner = self._linear(hidden, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        return self._norm(self._linear(inner, f"{name}.output.dense") + hidden, f"{name}.output.LayerNorm")

    def _linear(self, rows: np.ndarray, name: str) -> np.ndarray:
        return rows @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, rows: np.ndarray, name: str) -> np.ndarray:
        centred = rows - rows.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + self._epsilon)
        return centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _json(folder: Path, name: str) -> dict[str, Any]:
    """The settings in a file; none where a file that is not in `FILES` is absent."""
    path = folder / name
    if name not in FILES and not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return found if isinstance(found, dict) else {}


def _weights(path: Path) -> Mapping[str, np.ndarray]:
    """The float tensors of a safetensors file: eight bytes of header length, a JSON header, then the numbers."""
    try:
        data = path.read_bytes()
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        tensors = {}
        for name, about in header.items():
            if about.get("dtype") in _TYPES:
                first, last = about["data_offsets"]
                flat = np.frombuffer(data[start + first : start + last], dtype=_TYPES[about["dtype"]])
                tensors[name.removeprefix("bert.")] = flat.reshape(about["shape"]).astype(np.float32)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, error) from error
    if "embeddings.word_embeddings.weight" not in tensors:
        raise _unreadable(path, ValueError("no word embeddings in it"))
    return tensors


def _tokenizer(folder: Path, longest: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise SetupError(
            "the embedding judge needs the package tokenizers; add it: pip install 'hyperalign[embedding]'"
        ) from error
    path = folder / TOKENIZER
    try:
        words = path.read_text("utf-8")
        # The package raises a bare Exception for what is no tokenizer.
        if "model" not in json.loads(words):
            raise ValueError("it holds no tokenizer")
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error
    tokenizer = Tokenizer.from_str(words)
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def _unreadable(path: Path, error: Exception) -> SetupError:
    line = line_of(error, 200)
    return SetupError(
        f"cannot read {str(path)!r} of the embedding model ({line}); give a folder with {', '.join(FILES)}"
    )
