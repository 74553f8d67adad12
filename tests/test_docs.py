"""The guides name everything that users can set, call or meet, in both languages."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mien import errors
from mien.cli._run import app
from mien.settings import Settings

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "zh")


def guide(language: str, name: str) -> str:
    return (ROOT / "docs" / language / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """A section of a guide, to the next one of its level."""
    match = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"there is no section {title!r}"
    return match[1]


def commands(group: Any, path: str = "mien") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


def anchor(title: str) -> str:
    """Of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def error_classes() -> list[type[errors.MienError]]:
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.MienError)]


def test_the_commands_are_found():
    assert {"mien speak", "mien avatar create", "mien weights pull", "mien doctor"} <= set(COMMANDS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option(language: str, path: str):
    text = section(guide(language, "cli"), " ".join(path.split()[:2]))
    if path.count(" ") > 1:
        assert f"`{path}" in text
    for option in (name for parameter in COMMANDS[path].params for name in parameter.opts if name.startswith("-")):
        assert f"`{option}`" in text or option in ("--help", "-h"), f"{option} of {path}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_option_that_does_not_exist(language: str):
    named = set(re.findall(r"`(--[a-z-]+)`", guide(language, "cli")))
    parameters = [parameter for command in COMMANDS.values() for parameter in command.params]
    real = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    assert named <= real | {"--help", "--version"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_with_its_exit_code(language: str):
    text = guide(language, "cli")
    for error in error_classes():
        assert f"| {error.exit_code} | `{error.code}` |" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_with_its_default(language: str):
    text = guide(language, "settings")
    for name, field in Settings.model_fields.items():
        row = re.search(rf"^\| `MIEN_{name.upper()}` \| `{name}` \| (.*?) \|", text, re.MULTILINE)
        assert row, name
        if isinstance(field.default, str | int) and field.default != "":
            assert row[1] == f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
    assert "MIEN_CONFIG_FILE" in text
    assert set(re.findall(r"`MIEN_(\w+)`", text)) == {name.upper() for name in Settings.model_fields} | {"CONFIG_FILE"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_point(language: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = guide(language, "python")
    for group, points in project["entry-points"].items():
        row = re.search(rf"^\| `{re.escape(group)}` \|.*$", text, re.MULTILINE)
        assert row, group
        assert all(f"`{name}`" in row[0] for name in points)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["cli", "evaluate", "live", "pictures", "python", "serve", "settings", "train"])
def test_links_lead_somewhere(language: str, name: str):
    for link in re.findall(r"\]\(([^)#]+)", guide(language, name)):
        assert link.startswith("http") or (ROOT / "docs" / language / link).exists(), link


@pytest.mark.parametrize("name", ["python", "serve"])
def test_the_guides_of_both_languages_show_the_same_code(name: str):
    def calls(language: str) -> list[str]:
        blocks = re.findall(r"```python\n(.*?)```", guide(language, name), re.DOTALL)
        trees = [ast.parse(block) for block in blocks]
        return [type(node).__name__ for tree in trees for node in ast.walk(tree)]

    assert calls("en") == calls("zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_within_the_guides_lead_to_a_heading(language: str):
    guides = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / language).glob("*.md")}
    anchors = {name: {anchor(title) for title in re.findall(r"^#+ (.*)$", text, re.M)} for name, text in guides.items()}
    for name, text in guides.items():
        for file, wanted in re.findall(r"\]\(([\w./]*)#([^)]+)\)", text):
            assert wanted in anchors[file or name], f"{name}: {file}#{wanted}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_route_is_in_the_guide_of_serving(language: str):
    text = guide(language, "serve") + guide(language, "live")
    api = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    for path in (path.removeprefix("/api/v1") for path in api if not path.startswith(("/api/v1/live", "/whep"))):
        # The words of the path: what stands between braces is written otherwise by each guide.
        assert all(word in text for word in re.sub(r"\{\w+\}", " ", path).split()), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_python_examples_name_what_exists(language: str):
    import inspect

    import mien
    from mien.client import Job

    speak = set(inspect.signature(mien.Avatar.speak).parameters)
    save = {name for kind in (mien.AvatarSpeech, Job) for name in inspect.signature(kind.save).parameters}
    for block in re.findall(r"```python\n(.*?)```", guide(language, "python"), re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                known = {"speak": speak, "save": save, "render": speak}.get(node.func.attr)
                assert known is None or {keyword.arg for keyword in node.keywords} <= known
