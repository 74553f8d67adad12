"""The database of the jobs: a SQLite file, or PostgreSQL. DBOS keeps its tables there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from filelock import FileLock

from mien.errors import SettingsError
from mien.settings import Settings

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION = "mien"
VERSION = "jobs-1"
"""Of the workflow: jobs begun under another are not taken up. Raised when its steps change."""


def database_url(settings: Settings) -> str:
    """For SQLAlchemy.

    Raises:
        SettingsError: it is not a PostgreSQL address.
    """
    if not settings.database_url:
        return f"sqlite:///{settings.data_dir / 'jobs.sqlite'}"
    scheme, found, rest = settings.database_url.partition("://")
    if not found or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise SettingsError(
            "The setting 'database_url' is not the address of a PostgreSQL database.",
            hint="For example: postgresql://USER:PASSWORD@HOST/NAME; or leave it empty for a file in the data folder.",
        )
    return f"postgresql+psycopg://{rest}"


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def prepare(settings: Settings) -> str:
    """Makes the tables where they are missing; gives the address. Blocks, about a second on first use.

    Raises:
        SettingsError: the database cannot be reached.
    """
    from dbos import DBOS
    from sqlalchemy.exc import SQLAlchemyError

    url = database_url(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.data_dir / "jobs.lock"):
            if is_sqlite(url):
                # Readers wait for writers otherwise. It stays set in the file.
                with closing(sqlite3.connect(settings.data_dir / "jobs.sqlite", timeout=30)) as file:
                    file.execute("PRAGMA journal_mode=WAL")
            DBOS.migrate(url)
    except (sqlite3.Error, SQLAlchemyError, OSError) as error:
        raise SettingsError(
            f"The database of the jobs cannot be used: {type(error).__name__}.",
            hint="Look at the setting database_url and at the data folder's disk."
            if settings.database_url
            else f"Look at {settings.data_dir}: its disk, its rights.",
        ) from error
    return url


def open_client(url: str) -> DBOSClient:
    """What submits and asks; it runs nothing."""
    from dbos import DBOSClient, DBOSPortableJSONSerializer

    return DBOSClient(
        system_database_url=url,
        application_name=APPLICATION,
        serializer=DBOSPortableJSONSerializer(),
        use_listen_notify=not is_sqlite(url),
        system_database_pool_size=20,
        system_database_polling_concurrency=10,
        retry_connection_errors=False,
    )
