"""What is asked again, and what answers are told as."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import mien
from mien import errors
from mien.client import Client
from mien.client.errors import of_code
from mien.errors import (
    AccessError,
    BusyError,
    InputError,
    MienError,
    NotFoundError,
    RateLimitError,
    ServerError,
    UsageError,
)

from .conftest import Asked, Break, Hostile, job, problem, raw, told


def test_the_package_hands_it_out():
    assert mien.Client is Client


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:8600",
        "ftp://host",
        "http://",
        "http://u:p@host",
        "http://host/?token=x",
        "http://[::1",
        "http://h:0",
        "http://h\n",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(url: str):
    with pytest.raises(UsageError) as refused:
        Client(url)
    assert "token=x" not in refused.value.message
    assert "u:p" not in refused.value.message


@pytest.mark.parametrize("token", ["a b", "a\nb", "令牌"])
def test_a_token_that_is_none_is_refused_without_being_repeated(token: str):
    with pytest.raises(AccessError) as refused:
        Client("http://127.0.0.1:1", token)
    assert token not in refused.value.message


def test_the_token_is_sent_and_shown_nowhere(client: Client, hostile: Hostile, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    hostile.answer = lambda asked: told({"status": "ok"})
    assert client.health() == {"status": "ok"}
    assert hostile.asked[0].headers["authorization"] == "Bearer secret-token"
    assert "secret-token" not in repr(client) + str(vars(client)) + caplog.text


def test_whoever_is_not_let_in_is_told_where_the_token_goes(client: Client, hostile: Hostile):
    hostile.answer = lambda asked: problem(401, "access", hint="Send it as Authorization: Bearer.")
    with pytest.raises(AccessError) as refused:
        client.system()
    assert "MIEN_API_TOKEN" in refused.value.hint


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[int]:
    """The port of a server with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "impostor.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(plain + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as channel:
                    channel.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.usefixtures("hurried")
def test_an_impostor_gets_no_token(impostor: int):
    with (
        Client(f"HTTPS://127.0.0.1:{impostor}", "secret-token") as client,
        pytest.raises(ServerError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.health()


def test_nobody_is_followed_elsewhere(client: Client, hostile: Hostile):
    hostile.answer = lambda asked: raw(b"", "302 Found", location="http://elsewhere.example/", content_length="0")
    with pytest.raises(ServerError, match=r"elsewhere\.example"):
        client.system()
    assert len(hostile.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"<html>hello</html>", content_type="text/html", content_length="18"),
        raw(b"{nothing", content_type="application/json", content_length="8"),
        told([1, 2]),
        raw(b"<html>gone</html>", "502 Bad Gateway", content_type="text/html", content_length="17"),
        problem(500, "error") [:60],
        b"220 mail.example ESMTP\r\n",
        raw(b"abc", content_type="application/json", content_length="100"),
    ],
)  # fmt: skip
def test_what_is_not_mien_is_said_to_be_none(client: Client, hostile: Hostile, answer: bytes):
    hostile.answer = lambda asked: answer
    with pytest.raises(ServerError) as failed:
        client.system()
    assert failed.value.hint


def test_a_server_that_is_not_there(hostile: Hostile):
    with Client("http://127.0.0.1:1") as client, pytest.raises(ServerError) as failed:
        client.health()
    assert failed.value.retryable
    assert "127.0.0.1:1 cannot be reached" in failed.value.message


def test_a_server_that_keeps_silent_is_left(hostile: Hostile):
    hostile.answer = lambda asked: time.sleep(2) or b""  # type: ignore[func-returns-value]
    with Client(hostile.url, timeout_s=0.2) as client, pytest.raises(ServerError, match=r"within 0\.2 s"):
        client.health()


@pytest.mark.parametrize(
    "kind", [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, MienError)]
)
def test_every_error_comes_back_as_what_it_was(kind: type[MienError]):
    assert type(of_code(kind.code, "It is wrong.")) is kind


def test_a_problem_is_raised_with_all_that_it_says(client: Client, hostile: Hostile):
    hostile.answer = lambda asked: problem(404, "not_found", hint="Look.", retryable=True)
    with pytest.raises(NotFoundError) as failed:
        client.avatar("anna")
    assert failed.value.as_dict() == {
        "code": "not_found",
        "message": "It is wrong.",
        "hint": "Look.",
        "retryable": True,
    }


@pytest.mark.parametrize(("code", "kind"), [("strange", MienError), ("too_large", InputError)])
def test_a_code_of_another_version(client: Client, hostile: Hostile, code: str, kind: type[MienError]):
    hostile.answer = lambda asked: problem(418, code)
    with pytest.raises(MienError) as failed:
        client.system()
    assert type(failed.value) is kind
    assert failed.value.message == "It is wrong."


@pytest.mark.parametrize("code", ["busy", "rate_limit"])
def test_when_to_come_again_is_known(client: Client, hostile: Hostile, code: str):
    hostile.answer = lambda asked: told(
        {"code": code, "detail": "Later.", "retryable": True}, "503 No", retry_after="7"
    )
    with pytest.raises((BusyError, RateLimitError)) as failed:
        client.system()
    assert isinstance(failed.value, BusyError | RateLimitError)
    assert failed.value.retry_after_s == 7


def test_a_lost_answer_is_asked_for_again_under_the_same_key(client: Client, hostile: Hostile):
    def answer(asked: Asked) -> bytes:
        if len(hostile.asked) < 3:
            raise Break
        return told(job("queued"), "202 Accepted")

    hostile.answer = answer
    assert client.speak("anna", text="Hi").info.status == "queued"
    assert hostile.paths == ["POST /speak"] * 3
    assert len({one.headers["idempotency-key"] for one in hostile.asked}) == 1
    client.speak("anna", text="Hi")
    assert len({one.headers["idempotency-key"] for one in hostile.asked}) == 2


def test_what_would_be_done_twice_is_not_sent_twice(client: Client, hostile: Hostile):
    def answer(asked: Asked) -> bytes:
        if asked.method in ("DELETE", "PATCH") or asked.path.endswith("/cancel"):
            raise Break
        return told(job())

    hostile.answer = answer
    with pytest.raises(ServerError):
        client.delete_avatar("anna")
    with pytest.raises(ServerError):
        client.change_settings(voice="espeak")
    with pytest.raises(ServerError):
        client.job("x").cancel()
    assert len(hostile.asked) == 4


def test_an_upload_that_broke_off_is_sent_whole_again(client: Client, hostile: Hostile, tmp_path: Path):
    picture = tmp_path / "ä.png"
    picture.write_bytes(bytes(range(256)) * 1000)

    def answer(asked: Asked) -> bytes:
        if len(hostile.asked) == 1:
            raise Break
        return told(job("queued", kind="create_avatar"))

    hostile.answer = answer
    client.create_avatar("anna", picture, consent="Anna")
    first, second = (one.body for one in hostile.asked)
    assert len(first) == len(second)
    assert picture.read_bytes() in second
    for field in (b'name="name"', b'name="consent"', b'name="file"; filename'):
        assert field in second


def test_sound_in_memory_is_sent(client: Client, hostile: Hostile):
    hostile.answer = lambda asked: told(job("queued"))
    client.speak("anna", audio=b"RIFF", transcript="Well said.", driver="energy", label=False, fps=30)
    (asked,) = hostile.asked
    assert b'name="audio"' in asked.body
    assert b"false" in asked.body
    assert b"30.0" in asked.body
    assert b"Well said." in asked.body
    assert b"energy" in asked.body


def test_files_that_are_not_there_are_not_asked_about(client: Client, hostile: Hostile, tmp_path: Path):
    with pytest.raises(NotFoundError):
        client.inspect(tmp_path / "none.png")
    with pytest.raises(UsageError):
        client.inspect(tmp_path)
    assert hostile.asked == []


@pytest.mark.parametrize(
    "options", [{}, {"text": "x", "audio": b"x"}, {"text": "x", "fps": 1000}, {"text": "x", "bogus": 1}, {"text": "x", "driver": "mind"}, {"text": "x", "rate": float("nan")}]
)  # fmt: skip
def test_what_makes_no_sense_is_not_sent(client: Client, hostile: Hostile, options: dict[str, object]):
    with pytest.raises(UsageError):
        client.speak("anna", **options)  # type: ignore[arg-type]
    assert hostile.asked == []


@pytest.mark.parametrize("name", ["", ".", "..", "../up"])
def test_names_do_not_leave_their_place(client: Client, hostile: Hostile, name: str):
    with pytest.raises(NotFoundError):
        client.delete_avatar(name)
    assert hostile.asked == []


def test_names_of_any_script_stay_in_their_place(client: Client, hostile: Hostile):
    hostile.answer = lambda asked: told({"name": "x"})
    client.avatar("..小安 ?#")
    assert hostile.asked[0].path == "/avatars/..%E5%B0%8F%E5%AE%89%20%3F%23"
