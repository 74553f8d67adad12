"""`mien evaluate`: how good a talking head is, measured on its video."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings, table
from mien.cli._remote import connected, only_here, pick
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.client import Client, Job
    from mien.settings import Settings
    from mien.types import Report

app = typer.Typer(no_args_is_help=True)

_CHANNELS = ("jaw", "gap", "width")
_ID = re.compile(r"[0-9a-f]{32}")


class Language(StrEnum):
    """Of the page."""

    auto = "auto"
    en = "en"
    zh = "zh"


@app.callback(invoke_without_command=True)
def quality(
    context: typer.Context,
    generated: Annotated[Path | None, typer.Option("--generated", help="A generated video.")] = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", help="The real video of the same moments, which it is compared with.")
    ] = None,
    avatar: Annotated[
        str | None,
        typer.Option("--avatar", "-a", help="A trained avatar, on what it has not learnt from of its video."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", "--data-dir", help="The folder that was kept with: mien train --dataset"),
    ] = None,
    lpips: Annotated[
        list[Path] | None,
        typer.Option(
            "--lpips", metavar="<path>", help="Weights of LPIPS: also tell that; may be repeated: network and heads."
        ),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", help="A face recognition network (ONNX): also tell whether it is the same person."),
    ] = None,
    output_json: Annotated[Path | None, typer.Option("--output-json", help="Write the figures as JSON.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with figures, curves, worst frames.")
    ] = None,
    side_by_side: Annotated[
        Path | None, typer.Option("--side-by-side", help="Write a video: real on the left, generated on the right.")
    ] = None,
    language: Annotated[
        Language, typer.Option("--language", help="Of the page; auto: as the browser asks.")
    ] = Language.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    as_json: Json = False,
) -> None:
    """Measure how good a talking head is: how near a video or a trained avatar is to the real video, or, with `sync`, how lips go with their sound."""
    videos, trained = (generated, reference), (avatar, dataset)
    if context.invoked_subcommand is not None:
        if any((*videos, *trained)):
            raise UsageError(
                "--generated, --reference, --avatar and --dataset are not for "
                f"`mien evaluate {context.invoked_subcommand}`.",
                hint="Give its own options behind its name.",
            )
        return
    if any(videos) == any(trained) or None in (trained if any(trained) else videos):
        raise UsageError(
            "Two videos, or an avatar and its dataset, are needed.",
            hint="mien evaluate --generated made.mp4 --reference real.mp4, or: mien evaluate --avatar me --dataset me.dataset",
        )
    only_here("mien evaluate")
    from mien.evaluation import evaluate_quality, write_quality_page
    from mien.media.files import check_output
    from mien.studio import evaluate_avatar

    for path in (output_json, html, side_by_side):
        if path is not None:
            check_output(path, overwrite=overwrite)
    options: dict[str, Any] = {
        "lpips": lpips or (),
        "identity": identity,
        "side_by_side": side_by_side,
        "overwrite": overwrite,
        "settings": settings(),
    }
    with progress(enabled=not as_json) as report:
        if avatar is not None and dataset is not None:
            found = evaluate_avatar(avatar, dataset, report=report, **options)
        else:
            assert generated is not None
            assert reference is not None
            found = evaluate_quality(generated, reference, report=report, **options)
    if html is not None:
        write_quality_page(found, html, shown=language.value, overwrite=overwrite)
    figures = found.as_dict()
    if output_json is not None:
        _write_json(output_json, figures, overwrite)
    written = {"output_json": output_json, "html": html, "side_by_side": side_by_side}
    if as_json:
        print_json(figures | written)
        return
    print_quality(figures)
    for path in written.values():
        if path is not None:
            say(f"{path}")


@app.command()
def sync(
    video: Annotated[
        Path, typer.Argument(help="A video of a face that speaks; with a server also the id of one that it has made.")
    ],
    reference: Annotated[
        Path | None, typer.Option("--reference", help="A video of a real face that says the same at the same time.")
    ] = None,
    lag_ms: Annotated[
        float,
        typer.Option(
            "--lag-ms", help="Also tell r at this lag, -200 to 200; below 0 the lips are earlier than the sound."
        ),
    ] = 0.0,
    text: Annotated[str | None, typer.Option("--text", "-t", help="What is said, if you know it.")] = None,
    text_file: Annotated[Path | None, typer.Option("--text-file", help="A file with what is said, UTF-8.")] = None,
    spoken: Annotated[
        str,
        typer.Option(
            "--spoken", help="The text's language, such as de. Without a text, en: English sounds are recognised."
        ),
    ] = "",
    syncnet: Annotated[
        Path | None,
        typer.Option(
            "--syncnet", help="Weights of SyncNet: also tell LSE-C and LSE-D. Without it: those of the setting syncnet."
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with the figures and curves.")] = None,
    language: Annotated[
        Language, typer.Option("--language", help="Of the page; auto: as the browser asks.")
    ] = Language.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing page.")] = False,
    as_json: Json = False,
) -> None:
    """Tell how well the lips of a video go with its sound."""
    from mien.media.files import check_output

    loaded = settings()
    if html is not None:
        check_output(html, overwrite=overwrite)
    asked = {"lag_ms": lag_ms, "text": _text(text, text_file), "spoken": spoken}
    page = _Page(html, language.value, overwrite)
    with connected(loaded) as client, progress(enabled=not as_json) as report:
        if client is None:
            figures = _here(loaded, video, asked | {"reference": reference, "syncnet": syncnet}, page, report)
        elif syncnet is not None:
            raise UsageError(
                "A server uses weights of its own.", hint="Leave --syncnet out; there, set MIEN_SYNCNET to their file."
            )
        else:
            figures = _on(client, video, asked | {"reference": reference}, page, report)
    if as_json:
        print_json(figures | {"html": html})
        return
    _print(figures)
    if html is not None:
        say(f"{html}: the page")


@dataclass(frozen=True, slots=True)
class _Page:
    path: Path | None
    language: Literal["auto", "en", "zh"]
    overwrite: bool


def _here(loaded: Settings, video: Path, asked: dict[str, Any], page: _Page, report: Report) -> dict[str, Any]:
    from mien.evaluation import evaluate_sync, write_page

    found = evaluate_sync(video, **asked, settings=loaded, report=report)
    if page.path is not None:
        write_page(found, page.path, shown=page.language, overwrite=page.overwrite)
    return found.as_dict()


def _on(client: Client, video: Path, asked: dict[str, Any], page: _Page, report: Report) -> dict[str, Any]:
    job = client.evaluate_sync(_file_or_job(client, video), language=page.language, **asked)
    job.wait(report, cancel_on_interrupt=True)
    if page.path is not None:
        job.save(page.path, file="lips.html", overwrite=page.overwrite)
    return pick(job.info.result, "figures")["figures"]


def _write_json(path: Path, figures: dict[str, Any], overwrite: bool) -> None:
    from mien.media.files import write_bytes

    write_bytes(path, json.dumps(figures, ensure_ascii=False, indent=2).encode() + b"\n", overwrite=overwrite)


def print_quality(found: dict[str, Any]) -> None:
    """What `QualityReport.as_dict` tells, as tables."""
    from mien.evaluation.page.words import plain
    from mien.evaluation.tally import METRICS

    for remark in found["remarks"]:
        note(remark)
    width, height = found["size"]
    say(
        f"{found['generated']} beside {found['reference']}: {found['seconds']:.1f} s, {found['frames']} frames at "
        f"{found['fps']:.4g} fps, {width} × {height}, a face in {found['face']:.0%} of them"
    )
    contenders = list(found["scores"])
    rows = [
        (plain(metric.name, "en"), *(_number(found["scores"][name][metric.name], metric.digits) for name in contenders))
        for metric in METRICS
        if found["scores"]["generated"][metric.name] is not None
    ]
    table(("mean over the frames", *contenders), rows)
    if found["sync"]:
        table(("lips of", "r with the sound", "lag ms", "r with the real lips"), _lips(found["sync"]))
    worst = ", ".join(f"{each['seconds']:.1f} s ({each['psnr']:.1f} dB)" for each in found["worst"])
    note(f"Worst mouths: {worst}.")
    if "tracked" in contenders:
        note("generated: the mouth as the sound moves it; tracked: as the real mouth was moved.")
    note(
        "frozen, nearest: the real frame with the mean or the most similar known mouth; previous: with the face of the frame before."
    )


def _lips(sync: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, found in sync.items():
        best, beside = found["follows"]["network"]["best"], found["reference"]
        real = "–" if beside is None else _with_chance(beside["best"]["mean"])
        rows.append((name, _with_chance(best["mean"]), str(best["lag_ms"]), real))
    return rows


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _file_or_job(client: Client, video: Path) -> Path | Job:
    return client.job(str(video)) if _ID.fullmatch(str(video)) and not video.exists() else video


def _text(text: str | None, text_file: Path | None) -> str:
    if text_file is None:
        return text or ""
    if text is not None:
        raise UsageError("Both --text and --text-file are given.", hint="Leave one of them out.")
    from mien.studio import read_text

    return read_text(text_file)


def _print(found: dict[str, Any]) -> None:
    for remark in found["remarks"]:
        note(remark)
    say(
        f"{found['video']}: {found['seconds']:.1f} s at {found['fps']:.3g} fps, a face in {found['face']:.0%} of the frames"
    )
    rows = [
        _agreement(name, following[which])
        for name, following in (found["follows"] | {"reference": found["reference"]}).items()
        if following is not None
        for which in ("best", "fixed")
    ]
    table(("r with", "lag ms", *_CHANNELS, "mean"), rows)
    table(("", "", "by chance", "95 % of chance"), _others(found))
    note("In brackets: by chance, with the sound moved around by seconds; its mean and 95th percentile.")


def _agreement(name: str, agreement: dict[str, Any]) -> tuple[str, ...]:
    return (name, str(agreement["lag_ms"]), *(_with_chance(agreement[channel]) for channel in (*_CHANNELS, "mean")))


def _others(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if (closures := found["closures"]) is not None:
        told = f"by {closures['reference']}"
        rows.append(_share(f"p b m with shut lips, of {closures['count']} ({told})", closures["recall"]))
        rows.append(_share(f"shut lips on other sounds, of {closures['others']}", closures["false_alarms"]))
        rows.append(_row("p b m told apart (AUC)", closures["auc"], "{:.2f}"))
    if (silence := found["silence"]) is not None:
        rows.append(_share(f"jaw in {silence['seconds']:.1f} s of silence, share of its range", silence["jaw"]))
        rows.append(_share("lips in silence, share of their range", silence["gap"]))
        rows.append(_share("opening in silence, share of its range", silence["open"]))
    jitter = " ".join(f"{found['jitter'][name]:.1f}" for name in _CHANNELS)
    rows.append((f"acceleration of {', '.join(_CHANNELS)}, IOD/s²", jitter, "", ""))
    if (beside := found["reference"]) is not None:
        errors = " ".join(f"{beside['error'][name]:.3f}" for name in _CHANNELS)
        rows.append(("error against the reference, IOD", errors, "", ""))
        amplitude = [beside["amplitude"][name] for name in _CHANNELS]
        rows.append(
            ("amplitude, × the reference's", " ".join("–" if a is None else f"{a:.2f}" for a in amplitude), "", "")
        )
    if (judged := found["syncnet"]) is not None:
        rows.append((f"LSE-C, LSE-D ({judged['network']})", f"{judged['lse_c']:.2f} {judged['lse_d']:.2f}", "", ""))
    return rows


def _share(name: str, figure: dict[str, Any]) -> tuple[str, ...]:
    return _row(name, figure, "{:.0%}")


def _row(name: str, figure: dict[str, Any], form: str) -> tuple[str, ...]:
    numbers = (figure["value"], figure["chance"], figure["chance_p95"])
    return (name, *("–" if number is None else form.format(number) for number in numbers))


def _with_chance(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    if figure["chance"] is None or figure["chance_p95"] is None:
        return f"{figure['value']:.2f}"
    return f"{figure['value']:.2f} ({figure['chance']:.2f}, {figure['chance_p95']:.2f})"
