"""Paths as users type them."""

from pathlib import Path

from signatures.errors import SetupError


def typed_path(path: str | Path) -> Path:
    """The path with `~` and `~user` replaced by that home.

    Raises: SetupError if there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as fault:
        raise SetupError(f"{str(path)!r} names the home of a user that there is not; write the whole path") from fault
