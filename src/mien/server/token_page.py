"""The page that asks for a token: all that a browser without one sees. It loads nothing else."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from string import Template
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from mien.server.guard import COOKIE, SESSION_S

Trouble = Literal["", "wrong", "often"]

_STATUS: dict[Trouble, int] = {"": 401, "wrong": 401, "often": 429}

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Welcome to Mien",
        "about": "This server asks for a token. Whoever runs it can make you one:",
        "label": "Token",
        "enter": "Enter",
        "wrong": "This token is wrong, expired or revoked.",
        "often": "Too many attempts. Please wait a minute.",
    },
    "zh-CN": {
        "title": "欢迎使用 Mien",
        "about": "访问此服务器需要令牌。服务器的管理者可以为您创建一个：",
        "label": "令牌",
        "enter": "进入",
        "wrong": "令牌不正确、已过期或已被吊销。",
        "often": "尝试次数过多，请一分钟后再试。",
    },
}

_STYLE = """
:root { color-scheme: light dark; --paper: #f5f4f1; --card: #fff; --ink: #1b1f22; --soft: #62686e; --line: #d3cfc7; --field: #8a8f94;
  --accent: #0f766e; --on-accent: #fff; --danger: #b42318;
  font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif }
@media (prefers-color-scheme: dark) { :root { --paper: #121416; --card: #1b1e21; --ink: #eceae6; --soft: #a0a6ac; --line: #2e3236;
  --field: #6d747b; --accent: #2cb5a6; --on-accent: #06201d; --danger: #f4796b } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink);
  line-height: 1.6 }
main { width: 100%; max-width: 25rem; padding: 2.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem }
svg { display: block; width: 3rem; height: 3rem; margin-bottom: 1.25rem; color: var(--accent) }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.3; font-weight: 650 }
p { margin: 0; color: var(--soft) }
code { display: inline-block; margin: .5rem 0 1.5rem; color: var(--ink); font-size: .9rem }
label { display: block; margin-bottom: .375rem; font-weight: 550 }
input, button { width: 100%; padding: .7rem .9rem; font: inherit; border-radius: .75rem }
input { background: transparent; color: inherit; border: 1px solid var(--field) }
input[aria-invalid=true] { border-color: var(--danger) }
button { margin-top: 1rem; border: 0; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
#trouble { margin-top: .5rem; color: var(--danger) }
"""

# What stands after # never reaches the server, but it is where the page behind has its state: it goes on with the form. And whom a
# link elsewhere led here, browsers keep the strict cookie back from; what this page sends has it.
_SCRIPT = """
const rest = location.search + location.hash
document.forms[0].addEventListener('submit', (event) => { event.target.action += location.hash })
if (location.pathname === '/') fetch('/api/v1/me').then((answer) => { if (answer.ok) location.replace('/login' + rest) })
"""

_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<title>Mien</title>
<style>$style</style>
</head>
<body>
<main>
<svg viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" aria-hidden="true">
<circle cx="24" cy="24" r="21"/><path d="M16 19v2M32 19v2M15 30c5 5.500 13 5.500 18 0"/></svg>
<h1>$title</h1>
<p>$about</p>
<code>mien token create NAME</code>
<form method="post" action="$action">
<label for="token">$label</label>
<input id="token" name="token" type="password" autocomplete="current-password" autofocus required$invalid>
$trouble
<button>$enter</button>
</form>
</main>
<script>$script</script>
</body>
</html>
""")


def token_page(scope: Scope, trouble: Trouble = "") -> Response:
    """Asks for the token, in the browser's language.

    Args:
        scope: of the request; the rest of its query is kept for the page behind.
        trouble: why it asks again.
    """
    language = _language(Headers(scope=scope).get("accept-language", ""))
    words = _WORDS[language]
    query = _rest_of_query(scope)
    page = _PAGE.substitute(
        words,
        language=language,
        style=_STYLE,
        script=_SCRIPT,
        action=escape(f"/login{query}"),
        invalid=' aria-invalid="true" aria-describedby="trouble"' if trouble else "",
        trouble=f'<p id="trouble" role="alert">{words[trouble]}</p>' if trouble else "",
    )
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        # Else the form would come from nowhere, and be refused.
        "Referrer-Policy": "same-origin",
        "WWW-Authenticate": "Bearer",
    }
    return HTMLResponse(page, _STATUS[trouble], headers=headers)


def welcome(scope: Scope, cookie: str) -> Response:
    """Sets the cookie and goes on to the page.

    By a page of ours that goes on by itself, not a redirect: browsers keep a strict cookie back from those that a link elsewhere began.
    """
    target = escape(f"/{_rest_of_query(scope)}")
    page = HTMLResponse(f'<!doctype html><meta http-equiv="refresh" content="0;url={target}"><title>Mien</title>')
    set_cookie(page, scope, cookie)
    return page


def set_cookie(answer: Response, scope: Scope, value: str) -> None:
    answer.set_cookie(
        COOKIE, value, max_age=SESSION_S, httponly=True, samesite="strict", secure=scope.get("scheme") == "https"
    )


def to_page(scope: Scope) -> Response:
    """From the form, which is ours, so that a redirect will do: it keeps what stands after #."""
    return Response(status_code=303, headers={"Location": f"/{_rest_of_query(scope)}"})


def _rest_of_query(scope: Scope) -> str:
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
    rest = urlencode([(name, value) for name, value in pairs if name != "token"])
    return f"?{rest}" if rest else ""


def _language(accepted: str) -> str:
    """The first that a browser names decides."""
    return "zh-CN" if accepted.strip().lower().startswith("zh") else "en"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
