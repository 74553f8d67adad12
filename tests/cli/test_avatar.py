from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Mien

SKETCH = ("--engine", "sketch")


@pytest.fixture
def anna(mien: Mien, photo: Path) -> str:
    assert mien("avatar", "create", "anna", photo, *SKETCH).code == 0
    return "anna"


def test_create_keeps_what_it_was_told(mien: Mien, photo: Path):
    made = mien(
        "avatar", "create", "王小明", photo, *SKETCH, "--licence", "CC0-1.0", "--consent", "by letter", "--json"
    ).json
    assert made["name"] == "王小明"
    assert made["engine"] == "sketch"
    assert made["licence"] == "CC0-1.0"
    assert made["consent"] == "by letter"
    assert made["size"] == [96, 96]
    assert made["remarks"] == ["The mouth was guessed."]
    assert mien("avatar", "show", "王小明", "--json").json == made


def test_a_stored_avatar_speaks_by_its_name(mien: Mien, anna: str):
    assert mien("speak", "-a", anna, "-t", "Hi.", "--size", "128").code == 0
    assert Path("anna.mp4").is_file()


def test_list_shows_stored_and_built_in(mien: Mien, anna: str):
    told = mien("avatar", "list", "--json").json
    assert [one["name"] for one in told["avatars"]] == ["anna"]
    assert told["builtin"] == ["astronaut"]
    text = mien("avatar", "list").out
    assert "anna" in text
    assert "astronaut" in text


def test_a_broken_one_is_listed_with_its_problem(mien: Mien, anna: str, home: Path):
    (home.parent / "data" / "avatars" / "anna.mien" / "manifest.json").write_text("{}")
    assert "broken" in mien("avatar", "list").out
    assert mien("avatar", "show", anna).code == 5


def test_export_delete_import(mien: Mien, anna: str):
    assert mien("avatar", "export", anna).code == 0
    assert mien("avatar", "export", anna).code == 4
    assert mien("avatar", "export", anna, "--overwrite").code == 0
    assert mien("avatar", "import", "anna.mien").code == 4
    assert mien("avatar", "delete", anna).code == 0
    assert mien("avatar", "delete", anna).code == 3
    assert mien("avatar", "import", "anna.mien").code == 0
    assert mien("avatar", "import", "anna.mien", "--name", "berta").code == 0
    told = mien("avatar", "list", "--json").json
    assert [one["name"] for one in told["avatars"]] == ["anna", "berta"]


def test_a_folder_of_livetalking_is_looked_at(mien: Mien, photo: Path, home: Path):
    pictures = home.parent / "livetalking" / "full_imgs"
    pictures.mkdir(parents=True)
    shutil.copy(photo, pictures / "00000000.png")
    done = mien("avatar", "import", pictures.parent, "--consent", "hers")
    assert done.code == 5
    assert "1 pictures" in done.err
    assert f"mien avatar create NAME {pictures / '00000000.png'}" in done.err
    assert mien("avatar", "import", "none.mien", "--consent", "hers").code == 2


def test_only_gaussians_become_a_ply(mien: Mien, anna: str):
    done = mien("avatar", "export", anna, "--ply", "anna.ply")
    assert done.code == 2
    assert "sketch" in done.err
    assert mien("avatar", "export", anna, "--ply", "anna.ply", "-o", "anna.mien").code == 2


def test_a_package_speaks_without_being_imported(mien: Mien, anna: str):
    mien("avatar", "export", anna, "-o", "given.mien")
    assert mien("speak", "-a", "given.mien", "-t", "Hi.", "--size", "128", "-o", "x.mp4").code == 0


def test_a_package_of_another_engine_is_refused(mien: Mien, anna: str):
    done = mien("speak", "-a", anna, "-t", "Hi.", "--engine", "portrait")
    assert done.code == 2
    assert "sketch" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "../up", "PHOTO", *SKETCH), 2),
        (("create", "anna", "none.png", *SKETCH), 3),
        (("create", "anna", ".", *SKETCH), 5),
        (("create", "anna", "PHOTO", "--engine", "nobody"), 3),
        (("show", "nobody"), 3),
        (("show", "astronaut"), 3),
        (("delete", "../up"), 2),
        (("export", "nobody"), 3),
        (("import", "none.mien"), 3),
        (("import", "PHOTO"), 5),
    ],
)
def test_bad_input(mien: Mien, photo: Path, home: Path, arguments: tuple[str, ...], code: int):
    done = mien("avatar", *(str(photo) if part == "PHOTO" else part for part in arguments))
    assert done.code == code, done
    assert done.err.startswith("Error: ")
    assert "Hint: " in done.err
    assert "Traceback" not in done.err
    assert list(home.iterdir()) == []
    assert not list(home.parent.rglob("*.mien"))
    assert not list(home.parent.rglob(".unfinished*"))


def test_a_taken_name(mien: Mien, anna: str, photo: Path):
    done = mien("avatar", "create", anna, photo, *SKETCH)
    assert done.code == 4
    assert "anna" in done.err
