from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from mien.cli import main
from mien.weights import Catalog

CONTENT = b"the weights of a very small network"


@pytest.fixture(autouse=True)
def _two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalog with `here`, which lies on this machine, and `far`, which nobody has."""
    (tmp_path / "share.bin").write_bytes(CONTENT)
    common = {"summary": "a [test] file", "licence": "CC0-1.0", "size": len(CONTENT)}
    here = common | {"name": "here", "file": "here.bin", "sha256": hashlib.sha256(CONTENT).hexdigest()}
    far = common | {"name": "far", "file": "far.bin", "sha256": hashlib.sha256(CONTENT[::-1]).hexdigest()}
    here["sources"] = [{"kind": "file", "path": str(tmp_path / "share.bin")}]
    far["sources"] = [{"kind": "file", "path": str(tmp_path / "gone.bin")}]
    catalog = Catalog.parse({"entry": [here, far]})
    monkeypatch.setattr(Catalog, "packaged", lambda: catalog)
    monkeypatch.setenv("MIEN_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "mien.toml").touch()
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(tmp_path / "mien.toml"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["weights", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, err = run(capsys, *arguments, "--json")
    assert err == ""
    return code, json.loads(out)


def test_list_shows_every_file_and_its_state(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list")
    assert code == 0
    assert "here" in out
    assert "far" in out
    assert "a [test] file" in out
    code, answer = run_json(capsys, "list")
    assert code == 0
    assert [(item["name"], item["state"], item["path"]) for item in answer["weights"]] == [
        ("here", "missing", None),
        ("far", "missing", None),
    ]


def test_pull_brings_the_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, answer = run_json(capsys, "pull", "here")
    assert code == 0
    (item,) = answer["weights"]
    assert item["state"] == "ready"
    assert Path(item["path"]).read_bytes() == CONTENT
    assert Path(item["path"]).is_relative_to(tmp_path / "cache")


def test_pull_without_names_wants_all(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "pull")
    assert code == 8
    assert "'far' could not be fetched" in err
    assert "Hint:" in err
    assert "Traceback" not in err


def test_path_prints_only_the_path(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "path", "here")
    assert code == 0
    assert Path(out.strip()).read_bytes() == CONTENT
    assert run_json(capsys, "path", "here") == (0, {"name": "here", "path": out.strip()})


def test_an_unknown_name_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = run_json(capsys, "path", "nose")
    assert code == 3
    assert answer["error"]["code"] == "not_found"


def test_verify_names_a_bad_file_and_ends_with_8(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "path", "here")
    assert run(capsys, "verify")[0] == 0
    Path(out.strip()).write_bytes(CONTENT[::-1])
    code, answer = run_json(capsys, "verify")
    assert code == 8
    assert [item["state"] for item in answer["weights"]] == ["bad", "missing"]
    assert not Path(out.strip()).exists()


def test_import_knows_a_file_by_its_content(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "brought").write_bytes(CONTENT[::-1])
    code, answer = run_json(capsys, "import", str(tmp_path / "brought"))
    assert code == 0
    assert [item["name"] for item in answer["weights"]] == ["far"]
    code, _, err = run(capsys, "import", str(tmp_path / "none"))
    assert code == 8
    assert "There is no file" in err
