"""The store of tokens."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

import pytest

from mien.errors import AlreadyExistsError, NotFoundError, OutputError, SettingsError, UsageError
from mien.jobs.request import LOCAL_USER
from mien.server.tokens import TokenStore


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "data")


def test_a_token_is_found_by_its_text_only(store: TokenStore):
    token, text = store.create("laptop", user="anna", scope="read")
    found = store.find(text)
    assert found is not None
    assert (found.id, found.user, found.scope, found.expired) == (token.id, "anna", "read", False)
    for wrong in ("", text[:-1], text + "x", token.id, found.sha256, "mien_", "ü", "\udce4"):
        assert store.find(wrong) is None, wrong


def test_the_text_is_long_random_and_kept_nowhere(store: TokenStore):
    texts = [store.create(name)[1] for name in ("a", "b")]
    assert texts[0] != texts[1]
    assert all(text.startswith("mien_") and len(text) >= 48 for text in texts)
    kept = store.path.read_text()
    assert not any(text in kept or text.removeprefix("mien_") in kept for text in texts)


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_only_its_owner_can_read_the_file(store: TokenStore):
    before = os.umask(0)
    try:
        store.create("a")
        store.create("b")
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_without_a_user_a_token_sees_what_there_was_before_tokens(store: TokenStore):
    assert [store.create(name)[0].user for name in ("laptop", "手机")] == [LOCAL_USER, LOCAL_USER]
    assert store.create("other", user="王芳")[0].user == "王芳"


def test_other_processes_changes_are_seen_at_once(store: TokenStore):
    other = TokenStore(store.path.parent)
    for turn in range(20):
        token, text = other.create(f"t{turn}")
        assert store.find(text) is not None
        other.revoke(token.id)
        assert store.find(text) is None


def test_an_expired_token_is_kept_and_known_as_such(store: TokenStore, monkeypatch: pytest.MonkeyPatch):
    _, text = store.create("short", days=1)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_401)
    found = store.find(text)
    assert found is not None
    assert found.expired


@pytest.mark.parametrize("name", ["", " a", "a\nb", "a" * 65, "a/b", "\x00", "<b>", "../x"])
def test_names_and_users_that_cannot_be(store: TokenStore, name: str):
    with pytest.raises(UsageError):
        store.create(name)
    if name:
        with pytest.raises(UsageError):
            store.create("fine", user=name)
    assert store.list() == []


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_days_that_cannot_be(store: TokenStore, days: int):
    with pytest.raises(UsageError):
        store.create("a", days=days)


def test_a_name_is_taken_once(store: TokenStore):
    token, _ = store.create("a")
    with pytest.raises(AlreadyExistsError):
        store.create("a")
    store.revoke(token.id)
    store.create("a")


def test_revoking_what_is_not_there(store: TokenStore):
    with pytest.raises(NotFoundError):
        store.revoke("0123")


def test_tokens_made_at_the_same_time_are_all_kept(store: TokenStore):
    makers = [
        threading.Thread(target=TokenStore(store.path.parent).create, args=(f"t{number}",)) for number in range(8)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert sorted(token.name for token in store.list()) == [f"t{number}" for number in range(8)]


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"tokens": [{"id": "x"}]}', '{"tokens": null}'])
def test_a_broken_file_is_never_taken_for_no_tokens(store: TokenStore, content: str):
    store.create("a")
    store.path.write_text(content)
    with pytest.raises(SettingsError):
        store.list()
    with pytest.raises(SettingsError):
        store.create("b")
    assert store.path.read_text() == content


def test_the_last_use_is_kept_now_and_then(store: TokenStore):
    token, _ = store.create("a")
    assert store.use_is_news(token)
    assert not store.use_is_news(token)
    store.note_use(token.id)
    kept = store.get(token.id)
    assert kept is not None
    assert kept.last_used_at is not None
    assert not TokenStore(store.path.parent).use_is_news(kept)


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "data").write_text("a file")
    store = TokenStore(tmp_path / "data")
    assert store.list() == []
    with pytest.raises(OutputError):
        store.create("a")
