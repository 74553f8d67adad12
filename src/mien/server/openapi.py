"""`python -m mien.server.openapi`: prints the description of the API, from which clients are made."""

from __future__ import annotations

import json
import sys

from mien.server.app import create_app
from mien.settings import Settings


def description() -> str:
    """OpenAPI 3.1 as JSON; always the same for the same Mien."""
    return json.dumps(
        create_app(Settings.model_construct(server_token="", livetalking_at_root=False)).openapi(), indent=2
    )


if __name__ == "__main__":
    sys.stdout.write(description() + "\n")
