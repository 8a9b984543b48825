"""C50 (CCAT50): Reuters articles, 50 authors with 50 train and 50 test articles each."""

from pathlib import Path
from typing import TYPE_CHECKING

from data.sources.public import PublicCorpus
from signatures.errors import SetupError

if TYPE_CHECKING:
    from datasets import DatasetDict


def read_folder(folder: Path) -> "DatasetDict":
    """Reads the folder that the UCI archive unpacks to: `C50train/AUTHOR/*.txt` and `C50test/AUTHOR/*.txt`.

    Raises: SetupError if there are no such files, or one is not UTF-8.
    """
    from datasets import Dataset, DatasetDict

    parts: dict[str, list[dict[str, str]]] = {}
    for file in sorted(folder.glob("*/*/*.txt")):
        part = "test" if file.parts[-3].lower().endswith("test") else "train"
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise SetupError(f"{str(file)!r} is not UTF-8 ({error.reason}); save the file as UTF-8") from error
        parts.setdefault(part, []).append({"author": file.parts[-2], "id": f"{part}/{file.stem}", "text": text})
    if not parts:
        raise SetupError(f"no articles in {str(folder)!r}; name the folder that holds C50train and C50test")
    return DatasetDict({part: Dataset.from_list(rows) for part, rows in parts.items()})


C50 = PublicCorpus(
    name="c50",
    hub_id="yeeb/C50",
    licence="CC BY 4.0 (UCI Reuter_50_50)",
    domain="news",
    columns={
        "author": ("author", "author_name", "label", "labels", "name"),
        "text": ("text", "article", "content", "body"),
        "split": ("split", "part"),
        "id": ("id", "filename"),
    },
    read_folder=read_folder,
)
