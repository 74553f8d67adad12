"""An avatar that was exported elsewhere."""

from __future__ import annotations

from typing import Any

from mien.avatars import package_name
from mien.errors import UsageError
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import Context
from mien.jobs.kinds.publishing import Publishing, about
from mien.jobs.request import ImportAvatarRequest
from mien.settings import Settings
from mien.types import Progress


def run(folder: JobFolder, request: ImportAvatarRequest, settings: Settings, context: Context) -> dict[str, Any]:
    source = folder.input("package")
    if source is None:
        raise UsageError("The avatar is missing.", hint="Send it as the file `package`.")
    context.report(Progress("check", 0))
    publishing = Publishing(folder, request.name or package_name(source), settings)
    return about(publishing.run(lambda: publishing.own.import_(source, publishing.name), context.report))
