"""`mien worker`: a process that does jobs, until ctrl-C."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from mien.cli._console import Json, note, print_json, say, settings
from mien.cli._jobs import need_jobs
from mien.errors import UsageError


class Queue(StrEnum):
    """Which jobs are done."""

    cpu = "cpu"
    gpu = "gpu"


def worker(
    queue: Annotated[
        Queue, typer.Option("--queue", help="Which jobs: cpu, or gpu for those that need one.")
    ] = Queue.cpu,
    gpu: Annotated[
        int | None,
        typer.Option("--gpu", help="Number of the GPU that they may use; without it they see all.", min=0, max=63),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", help="How many at once; 0: as many as fit. On a GPU it is always one.", min=0, max=64),
    ] = 0,
    drain: Annotated[
        float,
        typer.Option(
            "--drain",
            help="Seconds for running jobs to finish when it is stopped; what is left goes on elsewhere.",
            min=0,
        ),
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Do jobs from the queue; `mien serve` runs its own workers, this adds one, here or on another machine."""
    if gpu is not None and queue is not Queue.gpu:
        raise UsageError("--gpu makes sense with --queue gpu only.", hint="Run: mien worker --queue gpu --gpu 0")
    if queue is Queue.gpu and jobs > 1:
        raise UsageError(
            "A GPU does one job at a time.", hint="Leave --jobs out, or run another worker for another --gpu."
        )
    loaded = settings()
    need_jobs()
    from mien.jobs.worker import run

    def ready(name: str) -> None:
        if as_json:
            print_json({"name": name, "queue": queue.value, "pid": os.getpid()})
        else:
            say(f"The worker {name} takes jobs.")
            note("Press ctrl-C to stop.")
        sys.stdout.flush()

    run(loaded, queue=queue.value, gpu=gpu, jobs=jobs, drain_s=drain, ready=ready)
