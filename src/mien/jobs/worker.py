"""A worker: takes jobs from one queue and runs them, several at once, until it is told to stop.

`mien serve` starts its own; others, also on other machines that share the data folder and the database, are started with `mien worker`.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from mien.errors import BusyError
from mien.jobs import presence
from mien.jobs.database import APPLICATION, VERSION, prepare
from mien.jobs.kinds import Queue
from mien.jobs.presence import Claim
from mien.jobs.runner import Runner
from mien.jobs.workflow import Workflows
from mien.settings import Settings, load

logger = logging.getLogger(__name__)

_POLL_S = 0.2
"""How often the queue is looked at."""
_TAKEOVER_S = 1.0
"""How often a worker looks for jobs whose worker has died."""
_PATIENCE_S = 5.0
"""How long a worker leaves the jobs of others alone after the database was away."""
_MAX_WORKERS = 100


def run(
    settings: Settings,
    *,
    queue: Queue = "cpu",
    gpu: int | None = None,
    jobs: int = 0,
    drain_s: float = 0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Works until SIGINT or SIGTERM; a second one ends it without draining. Only from the main thread.

    Args:
        settings: see `mien.settings`.
        queue: whose jobs.
        gpu: the only GPU that they see.
        jobs: at once; 0: as the settings say, with a GPU one.
        drain_s: seconds that running jobs get to end. What has not ended goes on with the next worker, from its last checkpoint.
        ready: told the worker's name when it works; must not block.

    Raises:
        SettingsError: the database cannot be used.
        BusyError: there are too many workers on this machine.
    """
    worker = Worker(settings, queue, gpu, jobs)
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set() if not stop.is_set() else os._exit(1))
    worker.start()
    if ready is not None:
        ready(worker.name)
    worker.work(stop)
    worker.end(drain_s)


class Worker:
    """One process's part of the work.

    Args: as `run`.
    """

    def __init__(self, settings: Settings, queue: Queue, gpu: int | None, jobs: int) -> None:
        self._settings, self._queue = settings, queue
        self._jobs = jobs or (1 if queue == "gpu" else _jobs_at_once(settings))
        self._url = prepare(settings)
        self._claim = self._claimed(queue, gpu)
        self.name = self._claim.name
        self._runner = Runner(settings, _environment(gpu))
        self._workflows = Workflows(settings, self._runner)

    def start(self) -> None:
        """Begins to take jobs; first those that it was doing when it died."""
        from dbos import DBOS, DBOSPortableJSONSerializer

        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._url,
                "application_version": VERSION,
                "executor_id": self.name,
                "serializer": DBOSPortableJSONSerializer(),
                "notification_listener_polling_interval_sec": 1.0,  # nothing here waits for notifications
                "log_level": "ERROR",
            }
        )
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # it logs a traceback for every cancelled job
        DBOS.listen_queues([self._queue])
        self._workflows.register()
        _take_at_most(self._jobs)
        DBOS.launch()
        DBOS.register_queue(
            self._queue, worker_concurrency=self._jobs, polling_interval_sec=_POLL_S, on_conflict="always_update"
        )
        presence.beat(self._settings, self.name, self._queue)
        logger.info("worker_started", extra={"worker": self.name})

    def work(self, stop: threading.Event) -> None:
        """Looks after the jobs of workers that have died, until `stop`."""
        beaten = patient = time.monotonic()
        while not stop.wait(_TAKEOVER_S):
            try:
                if not self._claim.held():
                    if not self._claim.take():
                        # Another worker has the name, or takes the jobs for those of a dead one at this moment.
                        logger.error("claim_lost", extra={"worker": self.name})
                        stop.set()
                        continue
                    # The database was away, and the others have to claim their names again, too.
                    logger.warning("claim_renewed", extra={"worker": self.name})
                    patient = time.monotonic() + _PATIENCE_S
                if time.monotonic() >= patient:
                    self._take_over()
                if time.monotonic() - beaten > presence.BEAT_S:
                    presence.beat(self._settings, self.name, self._queue)
                    beaten = time.monotonic()
            except Exception:
                # A database that is away for a while must not end the worker.
                logger.exception("takeover_failed")

    def end(self, drain_s: float) -> NoReturn:
        """Ends the process; a job that does not end within `drain_s` stays in the database as one that runs."""
        from dbos import DBOS

        if not drain_s:
            self._workflows.stop()
        DBOS.destroy(workflow_completion_timeout_sec=math.ceil(drain_s))
        presence.gone(self._settings, self.name)
        logging.shutdown()
        sys.stdout.flush()
        # Threads would wait for what is left. The children end themselves when their input does.
        os._exit(0)

    def _claimed(self, queue: Queue, gpu: int | None) -> Claim:
        for number in range(1, _MAX_WORKERS + 1):
            claim = Claim(self._settings, presence.name_of(queue, gpu, number))
            if claim.take():
                return claim
        raise BusyError("There are too many workers on this machine.", hint="Stop some of them.")

    def _take_over(self) -> None:
        from dbos import DBOS

        pending = DBOS.list_workflows(status="PENDING", queue_name=self._queue, load_input=False, load_output=False)
        for name in {one.executor_id for one in pending} - {self.name, None}:
            claim = Claim(self._settings, str(name))
            if not claim.take():
                continue
            try:
                # Asked again: another worker may have held the claim a moment ago, and have taken the jobs.
                for one in DBOS.list_workflows(
                    status="PENDING", executor_id=name, queue_name=self._queue, load_input=False, load_output=False
                ):
                    DBOS.resume_workflow(one.workflow_id, queue_name=self._queue)
                    logger.warning("job_taken_over", extra={"job": one.workflow_id, "from": name})
            finally:
                claim.release()


def _take_at_most(jobs: int) -> None:
    """How many jobs this process does at once, whatever the others do.

    DBOS keeps that number in the database, one for all workers, and reads it every time that it looks for jobs.
    """
    from dbos._sys_db import SystemDatabase

    database: Any = SystemDatabase  # nothing public sets it for one worker
    read = database.get_queue

    def get_queue(*arguments: Any, **named: Any) -> Any:
        queue = read(*arguments, **named)
        if queue is not None:
            queue._worker_concurrency = jobs
        return queue

    database.get_queue = get_queue


def _jobs_at_once(settings: Settings) -> int:
    return settings.job_workers or max((os.cpu_count() or 2) // 2, 1)


def _environment(gpu: int | None) -> Mapping[str, str]:
    """GPUs have the numbers that `nvidia-smi` shows; CUDA's own order begins with the fastest."""
    return {} if gpu is None else {"CUDA_VISIBLE_DEVICES": str(gpu), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def _main() -> None:
    """As `mien.jobs.supervisor` starts it: `python -m mien.jobs.worker QUEUE [GPU]`. It ends when its standard input does."""
    from mien import log

    settings = load()
    log.configure(settings.log_level)
    _, queue, *gpu = sys.argv

    def ready(name: str) -> None:
        sys.stdout.write(name + "\n")
        sys.stdout.flush()
        threading.Thread(target=_watch_input, daemon=True).start()

    run(settings, queue="gpu" if queue == "gpu" else "cpu", gpu=int(gpu[0]) if gpu else None, ready=ready)


def _watch_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _main()
