"""Reads settings from the environment, strictly: a value that is not understood is refused by name."""

import base64
import os
from pathlib import Path

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


class SettingError(Exception):
    """A variable of the environment holds a value this program does not understand."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    word = text(name).lower()
    if not word:
        return default
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise SettingError(f"{name} is {word!r}. Write one of: 1, true, yes, on, 0, false, no, off.")
    return word in TRUE_WORDS


def integer(name: str, default: int) -> int:
    word = text(name)
    if not word:
        return default
    try:
        return int(word)
    except ValueError as error:
        raise SettingError(f"{name} is {word!r}. Write a whole number.") from error


def listing(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret(name: str, size: int) -> bytes:
    """A key of exactly `size` bytes, written in base64; empty where none is set. It is never quoted."""
    word = text(name)
    try:
        key = base64.b64decode(word, validate=True)
    except ValueError:
        key = b"?"
    if word and len(key) != size:
        raise SettingError(
            f"{name} is not {size} bytes in base64. Make one with: openssl rand -base64 {size}"
        )
    return key


def folder(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()


def make_private(path: Path) -> Path:
    """Makes a folder that only this account may enter, or refuses with what to do."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (path / ".writable").touch()
        (path / ".writable").unlink()
    except OSError as error:
        raise SettingError(
            f"The data folder {path} cannot be written by this account. "
            "Run this as the account that owns it, or set READERSTUDY_VAR to a folder of your own."
        ) from error
    return path
