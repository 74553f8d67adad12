"""`mien train`: a video becomes an avatar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings, table
from mien.cli._remote import connected, pick
from mien.errors import InputError, UsageError

if TYPE_CHECKING:
    from mien.client import Client, Job
    from mien.settings import Settings
    from mien.types import Report


_TOLD = {"psnr_mouth": 1, "ssim_mouth": 3, "mouth_px": 2, "sharpness_mouth": 2, "flicker_mouth": 2}
"""Figures that the terminal shows, with the digits behind the point."""
_R = "lips with the real ones, r"
_BESIDE = ("generated", "frozen", "nearest", "real")


class Device(StrEnum):
    """Where avatars are trained."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def train(
    video: Annotated[Path, typer.Argument(help="A video of one person who speaks, best half a minute or more.")],
    name: Annotated[str, typer.Option("--name", help="How the avatar is called from now on.")] = "",
    engine: Annotated[
        str, typer.Option("--engine", help="clip, gaussian, or auto: the better of both; see mien engines.")
    ] = "auto",
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Only tell whether the video is good enough, and what to do about it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Train even with a video that fails the check.")] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume/--anew", help="Go on where an earlier training of this video was broken off, or not."),
    ] = True,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="Keep the prepared video in this folder, or take it from there."),
    ] = None,
    skip_preprocess: Annotated[
        bool, typer.Option("--skip-preprocess", help="Do not prepare the video: --dataset has it already.")
    ] = False,
    size: Annotated[
        int | None, typer.Option("--size", help="Width and height of the avatar in pixels, 128 to 1024; usually 512.")
    ] = None,
    au_csv: Annotated[
        Path | None,
        typer.Option("--au-csv", help="Blinks and parted lips from this table of OpenFace instead of Mien's own."),
    ] = None,
    background: Annotated[
        str | None,
        typer.Option("--background", help="Behind the person instead of what was filmed: a picture, or #RRGGBB."),
    ] = None,
    device: Annotated[
        Device | None,
        typer.Option("--device", help="Where it is learnt; auto, the default: on an NVIDIA GPU that can be used."),
    ] = None,
    previews: Annotated[
        Path | None, typer.Option("--previews", help="Write pictures of how far it has come into this folder.")
    ] = None,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate/--no-evaluate", help="Measure it in the end on a part of the video that it has not learnt from."
        ),
    ] = True,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with what was measured: figures, curves, worst frames.")
    ] = None,
    licence: Annotated[str, typer.Option("--licence", help="Licence of the video, kept with the avatar.")] = "",
    consent: Annotated[
        str, typer.Option("--consent", help="Who agreed to be shown and how that is recorded; kept with the avatar.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Learn an avatar from a video; one that was broken off goes on where it was."""
    if not check_only and not name.strip():
        raise UsageError("The avatar needs a name.", hint="Say how it shall be called: --name")
    if html is not None:
        _page_possible(html, evaluate=evaluate)
    loaded = settings() if device is None else settings().model_copy(update={"device": device.value})
    if check_only:
        _check(video, loaded, as_json=as_json)
        return
    options = {
        "engine": engine,
        "licence": licence,
        "consent": consent,
        "size": size,
        "au_csv": au_csv,
        "background": background,
        "evaluate": evaluate,
    }
    with connected(loaded) as client, progress(enabled=not as_json) as report:
        if client is None:
            _possible(name, engine, loaded)
            check = None if skip_preprocess else _checked(video, loaded, report)
            if check is not None:
                _refuse_bad(check, yes=yes, quiet=as_json)
            more = {"dataset": dataset, "skip_preprocess": skip_preprocess, "resume": resume}
            told = _here(video, name, loaded, report, options | more, previews, html)
        else:
            _possible_there(dataset, device, consent, skip_preprocess=skip_preprocess)
            with _checked_there(client, video, report) as (there, check):
                _refuse_bad(check, yes=yes, quiet=as_json)
                job = client.train(name, there, **options)
            told = _outcome(job.wait(report, cancel_on_interrupt=True), previews)
            if html is not None and told["evaluation"] is not None:
                job.save(html, file="evaluation.html")
    if as_json:
        print_json(told | {"check": check})
        return
    for remark in told["remarks"]:
        note(remark)
    _tell_figures(told["evaluation"])
    if html is not None and told["evaluation"] is not None:
        say(f"{html}")
    where = f"--server {client.url} " if client else ""
    say(f'Learnt {told["name"]!r} ({told["engine"]}). Let it speak: mien {where}speak -a {told["name"]!r} -t "Hello."')


def _check(video: Path, loaded: Settings, *, as_json: bool) -> None:
    with connected(loaded) as client, progress(enabled=not as_json) as report:
        if client is None:
            check = _checked(video, loaded, report)
        else:
            with _checked_there(client, video, report) as (_, check):
                pass
    _tell(check, as_json=as_json)


def _possible(name: str, engine: str, loaded: Settings) -> None:
    """What need not wait for the check of the video."""
    from mien import studio

    studio.engine_for_training(engine)
    with studio.store(loaded).create(name):
        pass  # a name that is taken is said


def _checked(video: Path, loaded: Settings, report: Report) -> dict[str, Any]:
    from mien import studio

    return studio.check_clip(video, settings=loaded, report=report).as_dict()


@contextmanager
def _checked_there(client: Client, video: Path, report: Report) -> Iterator[tuple[Job, dict[str, Any]]]:
    """The check, from whose video the server can learn until the block ends."""
    job = client.check_clip(video)
    try:
        job.wait(report, cancel_on_interrupt=True)
        yield job, pick(job.info.result, "verdict", "items") | {"video": str(video)}
    finally:
        job.delete()


def _tell(check: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(check)
        return
    table(["", "what", "how it is", "what to do"], [_row(item) for item in check["items"]])
    say(
        {
            "pass": "This video is good.",
            "warn": "This video can be used; see what is marked.",
            "fail": "This video cannot be used as it is; see what is marked.",
        }[check["verdict"]]
    )


def _row(item: dict[str, Any]) -> tuple[str, str, str, str]:
    mark = {"pass": "ok", "warn": "warn", "fail": "FAIL"}[item["verdict"]]
    return mark, item["name"].replace("_", " "), item["sentence"], item["advice"]


def _refuse_bad(check: dict[str, Any], *, yes: bool, quiet: bool) -> None:
    """Raises:
    InputError: the video fails, and nobody insists.
    """
    bad = [item for item in check["items"] if item["verdict"] == "fail"]
    if bad and not yes:
        raise InputError(
            " ".join(item["sentence"] for item in bad),
            hint=f"{' '.join(item['advice'] for item in bad)} Everything about it: mien train {check['video']} --check-only. To try it all the same: --yes",
        )
    if not quiet:
        for item in check["items"]:
            if item["verdict"] != "pass":
                note(f"{item['sentence']} {item['advice']}".strip())


def _here(
    video: Path,
    name: str,
    loaded: Settings,
    report: Report,
    options: dict[str, Any],
    previews: Path | None,
    html: Path | None,
) -> dict[str, Any]:
    from mien import studio
    from mien.evaluation import write_quality_page

    shown: dict[str, Any] = {} if previews is None else {"preview": studio.previews_into(previews)}
    avatar = studio.train(video, name, settings=loaded, report=report, **options, **shown)
    found = avatar.evaluation
    if html is not None and found is not None:
        write_quality_page(found, html)
    told = avatar.package.manifest.model_dump(mode="json", include={"name", "engine", "remarks", "size"})
    return told | {"evaluation": None if found is None else found.as_dict()}


def _page_possible(html: Path, *, evaluate: bool) -> None:
    """Raises:
    UsageError: there will be nothing to write.
    AlreadyExistsError, OutputError: it cannot be written.
    """
    from mien.media.files import check_output

    if not evaluate:
        raise UsageError("A page needs an evaluation.", hint="Leave out --no-evaluate or --html.")
    check_output(html)


def _tell_figures(found: dict[str, Any] | None) -> None:
    """The most telling of them."""
    if found is None:
        return
    from mien.evaluation.page.words import plain

    rows = []
    for name, digits in _TOLD.items():
        values = (found["scores"][contender][name] for contender in _BESIDE)
        rows.append((plain(name, "en"), *("–" if value is None else f"{value:.{digits}f}" for value in values)))
    rows.append((_R, *(_r_with_real(found["sync"].get(contender)) for contender in _BESIDE)))
    table((f"{found['seconds']:.1f} s not learnt from", *_BESIDE), rows)


def _r_with_real(sync: dict[str, Any] | None) -> str:
    r = sync and sync["reference"] and sync["reference"]["fixed"]["mean"]["value"]
    return "–" if r is None else f"{r:.2f}"


def _possible_there(dataset: Path | None, device: Device | None, consent: str, *, skip_preprocess: bool) -> None:
    """Raises:
    UsageError: a server cannot do this.
    """
    if dataset is not None or skip_preprocess:
        raise UsageError(
            "A server prepares every video itself and keeps nothing of that: --dataset names a folder of this machine.",
            hint="Leave out --dataset and --skip-preprocess, or train here: without --server.",
        )
    if device is not None:
        raise UsageError(
            "Where a server trains is a setting of the server's, not an order: --device is for this machine.",
            hint="Leave it out; who runs the server sets `device` there.",
        )
    if not consent.strip():
        raise UsageError(
            "A server keeps nobody's video without consent.",
            hint="Say who agreed to be shown, and how that is recorded: --consent",
        )


def _outcome(job: Job, previews: Path | None) -> dict[str, Any]:
    """What became of a training there; its pictures are brought here if a folder for them is named."""
    told = pick(job.info.result, "avatar", "engine", "remarks", "width", "height", "evaluation", "previews")
    if previews is not None:
        from mien.media.files import writing

        with writing(previews):
            previews.mkdir(parents=True, exist_ok=True)
        for name in told["previews"]:
            job.save(previews / Path(name).name, file=name, overwrite=True)
    return {
        "name": told["avatar"],
        "engine": told["engine"],
        "remarks": told["remarks"],
        "size": [told["width"], told["height"]],
        "evaluation": told["evaluation"],
    }
