"""The corpus that ships with the package: invented authors with designed voices (see its README)."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.columns import ColumnMap
from data.rows import Table, table_work, to_rows
from data.sources.local_files import load_table
from signatures.errors import SetupError
from signatures.hypotheses import GoldHypothesis

FOLDER = Path(__file__).parents[1] / "bundled"


class _Profile(BaseModel):
    """One line of `authors.jsonl`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: str = Field(min_length=1)
    attributes: dict[str, str]
    hypotheses: list[dict[str, Any]]

    def gold(self) -> tuple[GoldHypothesis, ...]:
        return tuple(
            GoldHypothesis.model_validate(
                one | {name: str(one.get(name, "")).replace("_", " ") for name in ("dimension", "aspect")}
            )
            for one in self.hypotheses
        )


def read(folder: Path = FOLDER) -> Table:
    """Reads `texts.jsonl` and `authors.jsonl` of a folder of that shape.

    Raises: SetupError if a file is missing or damaged; the remedy is to install again.
    """
    rows = load_table(str(folder / "texts.jsonl"), "jsonl")
    fields = ColumnMap(prompt="prompt", domain="domain", id="id").present(rows.column_names, "the bundled corpus")
    profiles = _profiles(folder / "authors.jsonl")
    attributes = {profile.author: profile.attributes for profile in profiles}
    with table_work():
        table = to_rows(rows, fields)
        known = [json.dumps(attributes.get(author, {}), ensure_ascii=False) for author in table["author"]]
        table = table.remove_columns("attributes").add_column("attributes", known)  # pyright: ignore[reportCallIssue]
    return Table(table, licence="MIT", gold={profile.author: profile.gold() for profile in profiles})


def _profiles(file: Path) -> list[_Profile]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        return [_Profile.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise SetupError(f"cannot read {str(file)!r} ({error}); install the package again") from error
