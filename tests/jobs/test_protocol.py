from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import FaceError, JobError
from mien.jobs import protocol
from mien.jobs.protocol import MAX_LINE, MAX_TEXT, Advanced, Failed, Lines, Logged, Measured, Succeeded, parse
from mien.jobs.request import JobProblem


def test_messages_come_back_as_they_were_sent() -> None:
    sent = protocol.encode("progress", {"stage": "render", "done": 3, "total": 7, "unit": "frames"})
    assert parse(sent.decode().strip()) == Advanced(ev="progress", stage="render", done=3, total=7, unit="frames")
    assert parse('{"ev": "result", "result": {"文": [1]}}') == Succeeded(ev="result", result={"文": [1]})


@pytest.mark.parametrize(
    "text",
    [
        "Epoch 3:  40%|████",
        "{}",
        '{"ev": "unknown"}',
        '{"ev": "progress"}',
        '{"ev": "progress", "stage": "a", "done": "much"}',
        '{"ev": "progress", "stage": "a", "done": NaN}',
        '{"ev": "metric", "step": 1, "values": {"loss": Infinity}}',
        '{"ev": "result", "result": 5}',
        '{"ev": "result", "result": ' + "[" * 5000,
        "[1, 2]",
        "\ud800",
    ],
)
def test_what_is_no_message_is_a_line_of_the_log(text: str) -> None:
    assert parse(text) == Logged(ev="log", text=text)


def test_an_error_keeps_its_kind_and_loses_what_is_too_long() -> None:
    line = parse(protocol.encode_error(FaceError("x" * 10_000, hint="Use another.")).decode())
    assert isinstance(line, Failed)
    error = protocol.as_error(line.problem())
    assert isinstance(error, FaceError)
    assert (len(error.message), error.hint) == (MAX_TEXT, "Use another.")


def test_an_unknown_error_is_one_of_the_job() -> None:
    assert isinstance(protocol.as_error(JobProblem(code="of a plug-in", message="No.")), JobError)


def test_numbers_that_are_none_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        protocol.encode("metric", {"step": 1, "values": {"loss": float("nan")}})


def test_metrics_have_finite_numbers() -> None:
    assert parse('{"ev": "metric", "step": 1, "values": {"loss": 0.5}}') == Measured(
        ev="metric", step=1, values={"loss": 0.5}
    )


def test_progress_bars_are_lines() -> None:
    lines = Lines()
    assert lines.push(b"10%\r20%\r\n\n  \nwarn") == ["10%", "20%"]
    assert lines.push(b"ing") == []
    assert lines.finish() == ["warning"]
    assert lines.finish() == []


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert Lines().push(b"caf\xe9 \xff\n") == ["caf� �"]


def test_a_line_without_end_is_cut_and_takes_no_memory() -> None:
    lines = Lines()
    for _ in range(64):
        assert lines.push(b"x" * 65_536) == []
    assert len(lines._rest) == MAX_LINE
    assert lines.push(b"\nnext\n") == ["x" * MAX_LINE + "…", "next"]


@given(st.lists(st.binary(max_size=20)))
def test_it_does_not_matter_how_the_bytes_arrive(pieces: list[bytes]) -> None:
    def lines_of(parts: list[bytes]) -> list[str]:
        lines = Lines()
        return [line for part in parts for line in lines.push(part)] + lines.finish()

    assert lines_of(pieces) == lines_of([b"".join(pieces)])
