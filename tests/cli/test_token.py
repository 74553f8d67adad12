"""`mien token`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Mien

from mien.server.tokens import TokenStore


@pytest.fixture
def store(home: Path) -> TokenStore:
    return TokenStore(home.parent / "data")


def test_create_prints_the_token_alone_so_that_it_can_be_piped(mien: Mien, store: TokenStore):
    outcome = mien("token", "create", "laptop", "--user", "anna", "--scope", "read", "--days", 30)
    assert outcome.code == 0
    token = store.find(outcome.out.strip())
    assert token is not None
    assert (token.name, token.user, token.scope) == ("laptop", "anna", "read")
    assert token.expires_at is not None
    assert token.expires_at - token.created_at == 30 * 86_400
    assert "not shown again" in outcome.err
    assert "everybody" in outcome.err


def test_list_never_shows_what_only_the_holder_knows(mien: Mien, store: TokenStore):
    made = mien("token", "create", "王芳", "--json")
    assert made.err == ""
    text = made.json["token"]
    shown, listed = mien("token", "list"), mien("token", "list", "--json")
    assert "王芳" in shown.out
    assert "never" in shown.out
    (one,) = listed.json["tokens"]
    assert one == {name: value for name, value in made.json.items() if name != "token"}
    assert (one["user"], one["scope"], one["expires_at"], one["last_used_at"]) == ("local", "make", None, None)
    kept = store.list()[0].sha256
    for said in (shown.out, listed.out, made.out):
        assert kept not in said
    assert text not in shown.out + listed.out


def test_revoke_makes_it_void(mien: Mien, store: TokenStore):
    made = mien("token", "create", "laptop", "--json").json
    assert mien("token", "revoke", made["id"]).out == "Revoked 'laptop'.\n"
    assert store.find(made["token"]) is None
    assert mien("token", "list", "--json").json == {"tokens": []}
    again = mien("token", "revoke", made["id"], "--json")
    assert (again.code, again.json["error"]["code"]) == (3, "not_found")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("laptop", "--scope", "root"), 2),
        (("laptop", "--days", 0), 2),
        (("laptop", "--days", "x"), 2),
        (("a/b",), 2),
        (("laptop", "--user", "a\nb"), 2),
        ((), 2),
    ],
)
def test_what_cannot_be(mien: Mien, store: TokenStore, arguments: tuple[object, ...], code: int):
    assert mien("token", "create", *arguments, "--json").code == code
    assert store.list() == []


def test_a_name_is_taken_once(mien: Mien):
    assert mien("token", "create", "laptop").code == 0
    assert mien("token", "create", "laptop").code == 4


def test_a_broken_file_is_said(mien: Mien, store: TokenStore):
    mien("token", "create", "laptop")
    store.path.write_text("{")
    outcome = mien("token", "list", "--json")
    assert (outcome.code, outcome.json["error"]["code"]) == (10, "settings")


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_doctor_tells_when_others_can_read_the_tokens(mien: Mien, store: TokenStore):
    def found() -> list[dict[str, str]]:
        return [one for one in mien("doctor", "--json").json["findings"] if one["what"] == "tokens"]

    mien("token", "create", "laptop")
    assert found() == []
    store.path.chmod(0o640)
    (finding,) = found()
    assert finding["state"] == "note"
    assert finding["advice"] == f"chmod 600 {store.path}"


def test_it_needs_nothing_of_a_server(home: Path):
    program = "import sys; from mien.cli import main; main(['token', 'create', 'a', '--json']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    made, modules = done.stdout.splitlines()
    assert json.loads(made)["token"]
    assert not {"fastapi", "starlette", "uvicorn", "numpy", "mien.studio"} & set(modules.split())
