"""Settings that are written into their file."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mien.errors import OutputError, SettingsError
from mien.settings import SECRETS, config_file, load, save, set_by_environment


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mien.toml"
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(path))
    return path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_comments_and_order_stay(file: Path):
    file.write_text('# mine\nvoice = "piper" # the best\n\nllm = "ollama"\n\n# the end\n')
    save({"llm": "vllm", "llm_history": 3})
    assert file.read_text().startswith('# mine\nvoice = "piper" # the best\n\nllm = "vllm"\n')
    assert "# the end" in file.read_text()
    assert (load().voice, load().llm, load().llm_history) == ("piper", "vllm", 3)


def test_none_takes_one_out(file: Path):
    file.write_text('voice = "piper"\n')
    save({"voice": None, "llm": None})
    assert file.read_text() == ""
    assert load().voice == "espeak"


@pytest.mark.parametrize("text", ['"', "\\", "a\nb\tc", "你好 👋", "'''", '"""', "#", "= [", "\u2028"])
def test_any_text_comes_back(file: Path, text: str):
    save({"llm_system_prompt": text})
    assert load().llm_system_prompt == text


def test_only_its_owner_reads_a_file_with_a_key(file: Path):
    file.write_text('voice = "piper"\n')
    file.chmod(0o644)
    save({"voice": "edge"})
    assert mode(file) == 0o644
    save({"llm_api_key": "secret"})
    assert mode(file) == 0o600


def test_a_file_that_is_made_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "new" / "mien.toml"
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(file))
    save({"voice": "piper"})
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert sorted(path.name for path in file.parent.iterdir()) == [".mien.toml.lock", "mien.toml"]


def test_a_link_stays_a_link(file: Path, tmp_path: Path):
    real = tmp_path / "dotfiles.toml"
    real.write_text("")
    file.symlink_to(real)
    save({"voice": "piper"})
    assert file.is_symlink()
    assert tomllib.loads(real.read_text()) == {"voice": "piper"}


@pytest.mark.parametrize("content", [b"voice = ", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_what_is_no_toml_is_left_alone(file: Path, content: bytes):
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"mien\.toml cannot be read"):
        save({"voice": "piper"})
    assert file.read_bytes() == content


def test_a_place_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(tmp_path / "taken" / "mien.toml"))
    with pytest.raises(OutputError, match="cannot be written"):
        save({"voice": "piper"})


def test_several_at_once_lose_nothing(file: Path):
    names = ["llm", "voice", "recognizer", "llm_model", "stun_url", "turn_url", "turn_username", "llm_base_url"]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: save({name: name}), names))
    assert tomllib.loads(config_file().read_text()) == {name: name for name in names}


def test_what_the_environment_sets_is_known_in_any_case(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_VOICE", "piper")
    monkeypatch.setenv("mien_llm", "ollama")
    assert {"voice", "llm"} <= set_by_environment()
    assert "recognizer" not in set_by_environment()


def test_the_secrets_are_known():
    assert {"llm_api_key", "openai_api_key", "recognizer_api_key", "server_token", "turn_credential"} <= SECRETS
    assert not SECRETS & {"voice", "llm", "data_dir"}
