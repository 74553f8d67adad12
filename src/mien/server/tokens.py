"""API tokens: who may use the server beside this machine's own user. Light: `mien token` needs no server.

They lie in `DATA_DIR/tokens.json`, readable by its owner only. Of each only its SHA-256 is kept: with 256 random bits there is nothing
that could be guessed from it, so the slow hashes that weak passwords need would only slow down every request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from mien.errors import AlreadyExistsError, BusyError, NotFoundError, OutputError, SettingsError, UsageError
from mien.jobs.request import LOCAL_USER
from mien.settings import Settings

logger = logging.getLogger(__name__)

Scope: TypeAlias = Literal["read", "make", "admin"]

SCOPES: tuple[Scope, ...] = ("read", "make", "admin")
"""Each includes those before it: look at things; make and delete them; change settings, tokens and weights."""

PREFIX = "mien_"
"""Lets people and scanners for leaked secrets know what it is."""

MAX_DAYS = 3650

_NAME = re.compile(r"[\w@][\w @.+-]{0,63}")
_DAY_S = 86_400
_LOCK_S = 10
_USE_STEP_S = 300
"""When a token was last used is kept this exactly: writing it with every request would wear the disk."""


class Token(BaseModel):
    """One token, without what only its holder knows. Times are seconds since 1970."""

    id: str
    name: str
    user: str
    scope: Scope
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= time.time()


class StoredToken(Token):
    """Args: as `Token`, and `sha256`: of its text, hexadecimal."""

    sha256: str


Tokens: TypeAlias = list[StoredToken]


class _File(BaseModel):
    tokens: Tokens


class TokenStore:
    """The tokens of one data folder. Changes of other processes are seen at once; may be used by several threads.

    Args:
        folder: the data folder; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tokens.json"
        self._read: tuple[object, Tokens] = (None, [])
        self._noted: dict[str, float] = {}

    @classmethod
    def from_settings(cls, settings: Settings) -> TokenStore:
        return cls(settings.data_dir)

    def list(self) -> Tokens:
        """All, the oldest first; also those that have expired.

        Raises:
            SettingsError: the file cannot be read.
        """
        stamp = self._stamp()
        if stamp != self._read[0]:
            self._read = (stamp, _load(self.path) if stamp else [])
        return self._read[1]

    def get(self, id: str) -> StoredToken | None:
        return next((token for token in self.list() if token.id == id), None)

    def find(self, text: str) -> StoredToken | None:
        """The token of that text, even if it has expired."""
        digest = _digest(text)
        return next((token for token in self.list() if hmac.compare_digest(token.sha256, digest)), None)

    def create(self, name: str, *, user: str = "", scope: Scope = "make", days: int | None = None) -> tuple[Token, str]:
        """A new token.

        Args:
            name: to tell it from others; letters, digits, spaces and `@ . + - _`.
            user: whose jobs it sees and makes; "": whoever had them while there were no tokens.
            scope: what it may do.
            days: when it expires; None: never.

        Returns:
            The token, and its text, which nobody can find out later.

        Raises:
            AlreadyExistsError: there is one of that name.
            UsageError: that name, user or number of days cannot be.
            OutputError: it cannot be kept.
        """
        for given in (name, user or LOCAL_USER):
            if not _NAME.fullmatch(given):
                raise UsageError(
                    f"{given[:70]!r} cannot be the name of a token or user.",
                    hint="Up to 64 letters, digits, spaces and @ . + - _",
                )
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise UsageError(f"A token cannot be valid for {days} days.", hint=f"1 to {MAX_DAYS}.")
        text = PREFIX + secrets.token_urlsafe(32)
        now = time.time()
        token = StoredToken(
            id=secrets.token_hex(6),
            name=name,
            user=user or LOCAL_USER,
            scope=scope,
            created_at=now,
            expires_at=None if days is None else now + days * _DAY_S,
            sha256=_digest(text),
        )
        with self._changing() as tokens:
            if any(one.name == name for one in tokens):
                raise AlreadyExistsError(
                    f"There is a token called {name!r}.", hint="Choose another name, or revoke that one first."
                )
            tokens.append(token)
        return token, text

    def revoke(self, id: str) -> Token:
        """Makes a token void.

        Raises:
            NotFoundError: there is none with that id.
        """
        with self._changing() as tokens:
            found = next((token for token in tokens if token.id == id), None)
            if found is None:
                raise NotFoundError(f"There is no token {id[:70]!r}.", hint="The ids are listed by: mien token list")
            tokens.remove(found)
        return found

    def use_is_news(self, token: Token) -> bool:
        """Whether `note_use` should write; true once for each span of time."""
        now = time.time()
        if now - max(token.last_used_at or 0.0, self._noted.get(token.id, 0.0)) < _USE_STEP_S:
            return False
        self._noted[token.id] = now
        return True

    def note_use(self, id: str) -> None:
        """Keeps that a token was used just now; where that cannot be written, it is used all the same."""
        try:
            with self._changing() as tokens:
                for token in tokens:
                    if token.id == id:
                        token.last_used_at = time.time()
        except (BusyError, OutputError):
            logger.warning("token_use_not_kept")

    @contextmanager
    def _changing(self) -> Iterator[Tokens]:
        """The tokens, which are written at the end; no other process changes them meanwhile."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=_LOCK_S, mode=0o600):
                tokens = _load(self.path) if self._stamp() else []
                yield tokens
                write_private(self.path, _File(tokens=tokens).model_dump_json(indent=1).encode())
        except Timeout as error:
            raise BusyError(f"Another process is changing {self.path}.", hint="Try again.") from error
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror}.", hint="Look at its rights."
            ) from error

    def _stamp(self) -> object:
        """Another one for every state of the file; None if there is none. Each writing makes a new inode, however fast."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def write_private(path: Path, content: bytes) -> None:
    """Writes a small file whole or not at all, which only its owner can read."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _load(path: Path) -> Tokens:
    try:
        return _File.model_validate(json.loads(path.read_bytes())).tokens
    except FileNotFoundError:
        return []
    except (OSError, ValueError, ValidationError) as error:
        # Never taken for an empty one, which would let this machine's user in without any.
        raise SettingsError(
            f"{path} cannot be read.", hint="Look at its rights; if it is broken, delete it and make new tokens."
        ) from error
