import os
import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from programs.lms.gguf_file import bundled_model, inspect
from signatures.errors import SetupError
from tests.lms.made_models import write_model


def test_a_readable_model_gives_its_context_length(tmp_path: Path):
    file = inspect(write_model(tmp_path / "tiny.gguf", context=512))
    assert (file.name, file.context_length) == ("tiny", 512)


def test_the_model_of_the_package_reads_8192_tokens():
    assert bundled_model().context_length == 8192


@pytest.mark.parametrize("architecture", ["mamba", "bert"])
def test_another_architecture_is_named_with_those_that_are_read(tmp_path: Path, architecture: str):
    with pytest.raises(SetupError, match=f"holds a '{architecture}' model; .*llama, qwen2, qwen3"):
        inspect(write_model(tmp_path / "other.gguf", architecture))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SetupError, match=r"no model file at '.*gone\.gguf'; .*llama"):
        inspect(tmp_path / "gone.gguf")


def test_a_folder_is_no_model(tmp_path: Path):
    with pytest.raises(SetupError, match="no model file at"):
        inspect(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path):
    path = write_model(tmp_path / "locked.gguf")
    path.chmod(0)
    with pytest.raises(SetupError, match="cannot open .*Permission denied"):
        inspect(path)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK\x03\x04" * 50, b"GGUF" + struct.pack("<I", 99) + bytes(40)])
def test_a_file_of_another_format_is_no_model(tmp_path: Path, content: bytes):
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(SetupError, match=r"cannot read '.*other\.bin' as a model .*embedded:PATH reads"):
        inspect(path)


def test_a_quantisation_that_the_runtime_does_not_read_is_refused(tmp_path: Path):
    path = tmp_path / "q2.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    # 84 bytes hold a block of 256 elements in Q2_K.
    writer.add_tensor("w", np.zeros((1, 84), dtype=np.uint8), raw_dtype=gguf.GGMLQuantizationType.Q2_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(SetupError, match="tensor 'w' has a quantisation of type 10.*Q4_0, Q4_1, Q4_K, Q6_K or Q8_0"):
        inspect(path)


def test_counts_beyond_the_file_end_at_once(tmp_path: Path):
    path = tmp_path / "liar.gguf"
    # Version 3, one tensor, one fact; the fact is a list of 2**60 bytes.
    fact = struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 0, 2**60)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + fact)
    with pytest.raises(SetupError, match="it ends inside its header"):
        inspect(path)


@settings(max_examples=150, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
@example(share=0.999)
def test_a_cut_off_file_is_never_taken_for_a_model(share: float, tmp_path_factory: pytest.TempPathFactory):
    whole = write_model(tmp_path_factory.mktemp("gguf") / "whole.gguf").read_bytes()
    cut = tmp_path_factory.mktemp("gguf") / "cut.gguf"
    # The last tensor holds 512 bytes without padding after it, so that every cut loses data.
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SetupError, match="as a model"):
        inspect(cut)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_but_never_breaks(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    path = write_model(tmp_path_factory.mktemp("gguf") / "damaged.gguf")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert inspect(path).context_length > 0
    except SetupError as error:
        assert "embedded:PATH reads" in str(error)
