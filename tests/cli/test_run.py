"""How a command can end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mien.cli import _run, main
from mien.errors import VoiceError


def ends(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def raise_it(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(_run, "app", raise_it)


def test_an_error_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    ends(monkeypatch, VoiceError("It lost its voice.", hint="Drink.", retryable=True))
    assert main(["speak"]) == 9
    assert capsys.readouterr() == ("", "Error: It lost its voice.\nHint: Drink.\n")
    assert main(["speak", "--json"]) == 9
    told = json.loads(capsys.readouterr().out)
    assert told == {"error": {"code": "voice", "message": "It lost its voice.", "hint": "Drink.", "retryable": True}}


@pytest.mark.parametrize(
    ("error", "code"), [(OSError(28, "No space left on device", "/x"), 6), (ZeroDivisionError("by 0"), 1)]
)
def test_what_nobody_expected_is_short_and_says_where_to_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int
):
    ends(monkeypatch, error)
    assert main([]) == code
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2
    assert "Traceback" not in said
    assert "/x" in said or "MIEN_LOG_LEVEL=debug" in said


def test_the_traceback_is_in_the_log(tmp_path):
    broken = (
        "from mien.cli import main, avatar; avatar._store = lambda _: 1 / 0; raise SystemExit(main(['avatar', 'list']))"
    )
    program = f"from mien.cli._console import settings; settings(); {broken}"
    environment = {"MIEN_LOG_LEVEL": "debug", "HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" in done.stderr


def test_a_reader_that_goes_away_is_no_trouble():
    command = f"{sys.executable} -m mien voices --json | head -c 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stdout == "{"
    assert done.stderr == ""
    assert done.returncode in (0, 1)


def test_a_reader_that_is_gone_before_an_error_is_no_trouble():
    program = "import sys; sys.stdin.read(); from mien.cli import main; sys.exit(main(['speak', '--json']))"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_name_that_the_terminal_cannot_show_is_no_trouble(tmp_path: Path, encoding: str, as_json: bool):
    environment = os.environ | {"PYTHONIOENCODING": encoding, "MIEN_DATA_DIR": str(tmp_path / "数字人é\udcff")}
    command = [sys.executable, "-m", "mien", "doctor", *(["--json"] if as_json else [])]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.stderr == b""
    assert done.returncode == 0
    if as_json:
        found = {one["what"]: one["found"] for one in json.loads(done.stdout.decode(encoding))["findings"]}
        assert "数字人é\udcff" in found["data folder"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("arguments", "code"), [(["voices"], 6), (["speak", "--json"], 1)])
def test_a_full_disk_behind_the_output_is_said_once(arguments: list[str], code: int):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mien", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"No space left") == int(code == 6)
