"""Makes the network that hears speech: speech to learn from, what is heard of it, the training, the ONNX file.

    python -m mien.motion.training --hours 5 --steps 20000 --seed 0 --out mouth.onnx [--speech FOLDER] [--device cuda]

What has been made is kept beside the result, in OUT.work; begun again, it goes on from there. OUT itself is written every 500 steps
and gets better each time.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mien import __version__
from mien.errors import MienError, OutputError, UsageError
from mien.motion.features.encoder import require_torch
from mien.motion.training.features import Features, Recipe, made

_CHECK_SEED = 77


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    result = argparse.ArgumentParser(
        prog="python -m mien.motion.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("--hours", type=float, default=5.0, help="of different speech to learn from")
    result.add_argument("--copies", type=int, default=2, help="how often each hour is heard, each time in another room")
    result.add_argument(
        "--draws",
        type=int,
        default=3,
        help="how often it is heard as strangers would say it, drawn from an acoustic model",
    )
    result.add_argument("--steps", type=int, default=20_000, help="of gradient descent")
    result.add_argument("--seed", type=int, default=0, help="decides everything")
    result.add_argument("--speech-seed", type=int, help="decides the speech to learn from; the seed if not given")
    result.add_argument("--check-hours", type=float, default=0.1, help="of held-out voices to judge it by")
    result.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    result.add_argument("--speech", type=Path, help="folder of recordings like LJ Speech's, to learn from as well")
    result.add_argument("--batch", type=int, default=16, help="pieces of 2.6 s in one step")
    result.add_argument("--device", default="cpu", help="torch's name of where to train, such as cuda")
    result.add_argument("--threads", type=int, default=1, help="processor cores to use")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    try:
        _make(chosen)
    except MienError as error:
        sys.stderr.write(f"{error.message}\n{error.hint or ''}\n")
        return error.exit_code
    return 0


def _make(chosen: argparse.Namespace) -> None:
    counts = min(chosen.steps, chosen.copies, chosen.batch)
    if not (min(chosen.hours, chosen.check_hours) > 0 and counts > 0 and chosen.draws >= 0):
        raise UsageError(
            "Hours, copies, steps and batch must be above 0, and draws not below.",
            hint="For example: --hours 5 --copies 2 --steps 20000",
        )
    require_torch("Training")
    import torch

    torch.set_num_threads(chosen.threads)
    work: Path = chosen.out.with_name(chosen.out.name + ".work")
    spoken = chosen.seed if chosen.speech_seed is None else chosen.speech_seed
    speech = None if chosen.speech is None else str(chosen.speech.resolve())
    start = time.monotonic()
    data = made(Recipe(spoken, chosen.hours, chosen.copies, chosen.draws, speech), work / "learn", chosen.threads)
    _say(f"{data.seconds / 3600:.2f} h to learn from, {time.monotonic() - start:.0f} s")
    tests = {
        "clean": made(Recipe(_CHECK_SEED, chosen.check_hours, held_out=True, worse=False), work / "clean"),
        "worse": made(Recipe(_CHECK_SEED, chosen.check_hours, held_out=True), work / "worse"),
    }
    _train(chosen, data, tests, work / "checkpoint.npz")


def _train(chosen: argparse.Namespace, data: Features, tests: Mapping[str, Features], checkpoint: Path) -> None:
    """Trains, tells how it goes, and writes the file."""
    import numpy as np

    from mien.motion.training.export import Learnt, answers, check, exported
    from mien.motion.training.figures import figures
    from mien.motion.training.fit import Plan, Scale, Training

    scale = Scale.of(data)
    training = Training(Plan(chosen.steps, chosen.seed, chosen.batch, chosen.device))
    if checkpoint.is_file():
        training.load(checkpoint)
        _say(f"going on from step {training.step}")
    start = time.monotonic()

    def tell(of: Training, losses: Mapping[str, float]) -> None:
        text = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
        _say(f"step {of.step} of {chosen.steps}, {time.monotonic() - start:.0f} s: {text}")
        learnt = Learnt.of(of.averaged(), scale, tests["clean"])
        found = {name: figures(answers(learnt, test.cues.astype(np.float32)), test) for name, test in tests.items()}
        for name, values in found.items():
            _say(f"  {name}: " + ", ".join(f"{key} {value:.2f}" for key, value in values.items() if "far" in key))
        model = exported(learnt, _recipe(chosen, of.step, found))
        difference = check(model, learnt)
        _write(chosen.out, model)
        _say(f"  {chosen.out}: {len(model)} bytes; block by block it differs from the whole by {difference:.1e}")

    training.run(data, checkpoint, tell=tell)


def _recipe(chosen: argparse.Namespace, step: int, found: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """What stands in the file about how it was made, and how good it is."""
    return {
        "command": f"python -m mien.motion.training --hours {chosen.hours:g} --copies {chosen.copies} --draws {chosen.draws} --steps {chosen.steps} "
        f"--batch {chosen.batch} --seed {chosen.seed} --check-hours {chosen.check_hours:g}"
        + ("" if chosen.speech_seed is None else f" --speech-seed {chosen.speech_seed}")
        + (" --speech FOLDER" if chosen.speech else ""),
        "step": str(step),
        "version": __version__,
        "commit": _commit(),
        "device": chosen.device,
        "held-out voices": "; ".join(
            f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in values.items())
            for name, values in found.items()
        ),
    }


def _write(path: Path, model: bytes) -> None:
    """Whoever reads the file sees the one before or this one."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(model)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", hint="Choose another file.") from error


def _commit() -> str:
    """Of the working tree that this runs from; "" outside of one."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
