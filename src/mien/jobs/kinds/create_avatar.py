"""An avatar from a picture."""

from __future__ import annotations

from typing import Any

from mien.errors import UsageError
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import Context
from mien.jobs.kinds.publishing import Publishing, about
from mien.jobs.request import CreateAvatarRequest
from mien.settings import Settings
from mien.studio import create_avatar


def run(folder: JobFolder, request: CreateAvatarRequest, settings: Settings, context: Context) -> dict[str, Any]:
    publishing = Publishing(folder, request.name, settings)

    def make() -> None:
        picture = folder.input("source")
        if picture is None:
            raise UsageError("The picture is missing.", hint="Send it as the file `source`.")
        create_avatar(
            publishing.name,
            picture,
            settings,
            engine=request.engine,
            licence=request.licence,
            consent=request.consent,
            into=publishing.own,
            report=context.report,
        )

    return about(publishing.run(make, context.report))
