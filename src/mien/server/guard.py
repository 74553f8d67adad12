"""Whose token or cookie it is.

Tokens are those of `mien.server.tokens`, and the one of the settings, which may do everything. A cookie names a token and when it ends,
signed with a key of the data folder, so the server keeps no list of who has logged in; the signature covers the token itself, so
it is void at once when the token is revoked, expires or is changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from filelock import FileLock, Timeout

from mien.errors import AccessError, BusyError, OutputError, SettingsError
from mien.server.identity import Identity
from mien.server.rates import Rates
from mien.server.tokens import TokenStore, write_private
from mien.settings import Settings

COOKIE = "mien_access"
SESSION_S = 7 * 86_400

WRONG_PER_MINUTE = 60
"""Wrong tokens from one address: people choose the settings' token, so it might be guessed."""

_ADMIN = Identity(scope="admin")
_KEY_BYTES = 32
_LOCK_S = 10


class Guard:
    """Knows who may use the server.

    Args:
        settings: gives those that are in force now.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self.tokens = TokenStore.from_settings(settings())
        self.rates = Rates()
        self._key = b""

    @property
    def settings(self) -> Settings:
        return self._settings()

    def needs_token(self) -> bool:
        """Whether everybody needs one: as soon as there is any."""
        try:
            return bool(self.settings.server_token or self.tokens.list())
        except SettingsError:
            return True

    def identify(self, text: str, address: str) -> Identity:
        """Who has that token.

        Args:
            text: the token.
            address: where it comes from.

        Raises:
            AccessError: nobody, or it has expired.
            RateLimitError: there were too many wrong ones from that address.
        """
        token = self.tokens.find(text)
        if token is not None and token.expired:
            raise AccessError(f"The token {token.name!r} has expired.", hint="Make another: mien token create NAME")
        if token is not None:
            return Identity(token.user, token.scope, token.id)
        tries = ("wrong", address)
        self.rates.check(tries, WRONG_PER_MINUTE)
        expected = self.settings.server_token
        if expected and hmac.compare_digest(_bytes(text), _bytes(expected)):
            return _ADMIN
        self.rates.take(tries, WRONG_PER_MINUTE)
        raise AccessError("The token is wrong.", hint="Ask whoever runs this server for one.")

    def cookie(self, identity: Identity) -> str:
        """The value of a cookie that stands for somebody's token.

        Raises:
            OutputError: the key to sign it cannot be kept.
        """
        end = int(time.time()) + SESSION_S
        return f"{identity.token_id}.{end}.{self._sign(identity.token_id, end)}"

    def of_cookie(self, value: str) -> Identity | None:
        """Whose cookie it is; None if it is void."""
        token_id, _, rest = value.partition(".")
        end, _, signature = rest.partition(".")
        if not (end.isascii() and end.isdecimal() and len(end) < 20 and int(end) > time.time()):
            return None
        if not hmac.compare_digest(_bytes(signature), _bytes(self._sign(token_id, int(end)))):
            return None
        if not token_id:
            return _ADMIN if self.settings.server_token else None
        token = self.tokens.get(token_id)
        return Identity(token.user, token.scope, token.id) if token and not token.expired else None

    async def note_use(self, identity: Identity) -> None:
        """Keeps now and then when a token was used."""
        token = self.tokens.get(identity.token_id) if identity.token_id else None
        if token is not None and self.tokens.use_is_news(token):
            await asyncio.to_thread(self.tokens.note_use, token.id)

    def _sign(self, token_id: str, end: int) -> str:
        token = self.tokens.get(token_id) if token_id else None
        of_token = token.sha256 if token else hashlib.sha256(_bytes(self.settings.server_token)).hexdigest()
        self._key = self._key or self._load_key()
        return hmac.new(self._key, f"{token_id}.{end}.{of_token}".encode(), hashlib.sha256).hexdigest()

    def _load_key(self) -> bytes:
        """The data folder's key; makes it if there is none."""
        path = self.tokens.path.with_name("session.key")
        try:
            if path.is_file() and len(key := path.read_bytes()) == _KEY_BYTES:
                return key
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock"), timeout=_LOCK_S, mode=0o600):
                if not path.is_file() or path.stat().st_size != _KEY_BYTES:
                    write_private(path, secrets.token_bytes(_KEY_BYTES))
                return path.read_bytes()
        except Timeout as error:
            raise BusyError(f"Another process is making {path}.", hint="Try again.") from error
        except OSError as error:
            raise OutputError(f"{path} cannot be kept: {error.strerror}.", hint="Look at its rights.") from error


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
