from __future__ import annotations

import contextlib
import io
import json
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.avatars import AvatarPackage, PackageBuilder, write_zip
from mien.errors import AlreadyExistsError, NotFoundError, OutputError, PackageError

from .conftest import FACE, fill, manifest, picture


@pytest.fixture
def zipped(package: AvatarPackage, tmp_path: Path) -> Path:
    output = tmp_path / "anna-one-file.mien"
    write_zip(package, output)
    return output


def rezip(
    zipped: Path, *, changed: dict[str, bytes] | None = None, extra: list[tuple[zipfile.ZipInfo, bytes]] | None = None
) -> Path:
    """A copy of a zip with some members changed and some added."""
    output = zipped.with_name("hostile.mien")
    with zipfile.ZipFile(zipped) as old, zipfile.ZipFile(output, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename, (changed or {}).get(member.filename, old.read(member)))
        for info, data in extra or []:
            new.writestr(info, data)
    return output


def refuses(path: Path, words: str | None = None) -> None:
    with pytest.raises(PackageError, match=words) as caught:
        AvatarPackage.open(path)
    assert caught.value.hint


@pytest.mark.parametrize("as_zip", [False, True])
def test_everything_comes_back(package: AvatarPackage, zipped: Path, as_zip: bool):
    opened = AvatarPackage.open(zipped if as_zip else package.where)
    arrays = opened.arrays("mesh")
    assert set(arrays) == {"face", "steps"}
    np.testing.assert_array_equal(arrays["face"], FACE)
    assert arrays["face"].dtype == np.float32
    assert arrays["face"].flags.writeable
    np.testing.assert_array_equal(opened.image("photo"), picture())
    assert opened.image("preview").shape == (48, 64, 3)
    assert opened.manifest == package.manifest
    assert opened.manifest.remarks == ("3 faces were found; the largest is used.",)


def test_what_was_not_finished_leaves_nothing(tmp_path: Path):
    def stop_halfway() -> None:
        with PackageBuilder(tmp_path / "a.mien") as builder:
            fill(builder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_halfway()
    assert list(tmp_path.iterdir()) == []


def test_the_slower_of_two_builders_is_told(tmp_path: Path):
    with PackageBuilder(tmp_path / "a.mien") as one, PackageBuilder(tmp_path / "a.mien") as two:
        fill(one)
        fill(two)
        first = one.finish(manifest())
        with pytest.raises(AlreadyExistsError):
            two.finish(manifest())
    assert AvatarPackage.open(first.where).manifest.name == "anna"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mien"]


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        PackageBuilder(tmp_path / "file" / "a.mien")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", ".hidden", "C:x", "a\\b", "con", "manifest.json"])
def test_builder_takes_no_name_that_could_do_harm(tmp_path: Path, name: str):
    with PackageBuilder(tmp_path / "a.mien") as builder, pytest.raises(ValueError, match="not a file name"):
        builder.add_bytes(name, b"x")


def test_objects_are_never_packed(tmp_path: Path):
    with PackageBuilder(tmp_path / "a.mien") as builder, pytest.raises(ValueError, match="objects"):
        builder.add_arrays("bad", {"x": np.array([{}], dtype=object)})


def test_nothing_there(tmp_path: Path):
    with pytest.raises(NotFoundError, match=r"nobody\.mien"):
        AvatarPackage.open(tmp_path / "nobody.mien")


def test_an_unknown_part_is_a_clear_error(package: AvatarPackage):
    for ask in (package.arrays, package.image, package.read):
        with pytest.raises(PackageError, match="missing"):
            ask("hair")


class TestFolder:
    def test_changed_file(self, package: AvatarPackage):
        (package.where / "mesh.npz").write_bytes(b"x" * package.manifest.files["mesh.npz"].size)
        refuses(package.where, "mesh.npz was changed")

    def test_grown_file_is_not_read_to_its_end(self, package: AvatarPackage):
        with (package.where / "photo.png").open("ab") as file:
            file.truncate(1 << 40)
        refuses(package.where, "photo.png was changed")

    def test_missing_file(self, package: AvatarPackage):
        (package.where / "photo.png").unlink()
        refuses(package.where, "photo.png")

    def test_link(self, package: AvatarPackage, tmp_path: Path):
        secret = tmp_path / "secret"
        (package.where / "photo.png").rename(secret)
        (package.where / "photo.png").symlink_to(secret)
        refuses(package.where, "link")

    def test_changed_after_opening(self, package: AvatarPackage):
        (package.where / "photo.png").write_bytes(b"")
        with pytest.raises(PackageError, match="changed"):
            package.image("photo")

    def test_a_folder_that_is_no_package(self, tmp_path: Path):
        refuses(tmp_path, "manifest.json")


class TestManifest:
    def change(self, package: AvatarPackage, **fields: object) -> None:
        path = package.where / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    def test_newer_schema_even_with_unknown_fields(self, package: AvatarPackage):
        self.change(package, schema_version=2, hologram=True)
        refuses(package.where, "newer Mien")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("schema_version", 0),
            ("schema_version", "x"),
            ("name", "../up"),
            ("engine", ""),
            ("size", [1]),
            ("source_sha256", "abc"),
            ("files", {"../x": {"sha256": "0" * 64, "size": 1}}),
            ("files", {"A": {"sha256": "0" * 64, "size": 1}, "a": {"sha256": "0" * 64, "size": 1}}),
            ("files", {"a": {"sha256": "0" * 64, "size": -1}}),
            ("files", {"a": {"sha256": "0" * 64, "size": 1 << 60}}),
            ("unheard_of", 1),
        ],
    )
    def test_bad_field(self, package: AvatarPackage, field: str, value: object):
        self.change(package, **{field: value})
        refuses(package.where)

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
    def test_not_a_manifest(self, package: AvatarPackage, data: bytes):
        (package.where / "manifest.json").write_bytes(data)
        refuses(package.where, "broken manifest")

    def test_endless_manifest(self, package: AvatarPackage):
        with (package.where / "manifest.json").open("ab") as file:
            file.truncate(1 << 40)
        refuses(package.where, "too large")


class TestHostileZip:
    @pytest.mark.parametrize(
        "name", ["../../evil", "/etc/evil", "C:\\evil", "a/../../evil", "~/evil", "a//b", "x\n", "evil/", "nul"]
    )
    def test_path(self, zipped: Path, name: str):
        refuses(rezip(zipped, extra=[(zipfile.ZipInfo(name), b"evil")]), "not a safe")

    def test_link(self, zipped: Path):
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        refuses(rezip(zipped, extra=[(info, b"/etc/passwd")]), "plain file")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @pytest.mark.parametrize("name", ["photo.png", "PHOTO.png", "manifest.json"])
    def test_twice(self, zipped: Path, name: str):
        refuses(rezip(zipped, extra=[(zipfile.ZipInfo(name), b"other")]), "twice|not a file name")

    def test_bomb(self, zipped: Path):
        info = zipfile.ZipInfo("bomb")
        info.compress_type = zipfile.ZIP_DEFLATED
        refuses(rezip(zipped, extra=[(info, bytes(64 << 20))]), "would unpack to")

    def test_a_size_that_is_a_lie(self, zipped: Path):
        data = bytearray(zipped.read_bytes())
        entry = data.rindex(b"PK\x01\x02")
        struct.pack_into("<I", data, entry + 24, 0xFFFFFFF0)
        zipped.write_bytes(data)
        refuses(zipped, "unpack to")

    def test_many_members(self, zipped: Path):
        many = [(zipfile.ZipInfo(f"f{number}"), b"") for number in range(1100)]
        refuses(rezip(zipped, extra=many), "files, more than")

    def test_encrypted(self, zipped: Path):
        data = bytearray(zipped.read_bytes())
        data[data.rindex(b"PK\x01\x02") + 8] |= 1
        zipped.write_bytes(data)
        refuses(zipped, "encrypted")

    def test_changed_content(self, zipped: Path):
        refuses(rezip(zipped, changed={"photo.png": b"evil"}), "photo.png was changed")

    def test_missing_member(self, zipped: Path, tmp_path: Path):
        empty = tmp_path / "empty.mien"
        zipfile.ZipFile(empty, "w").close()
        refuses(empty, "manifest.json is missing")

    def test_not_a_zip(self, tmp_path: Path):
        path = tmp_path / "x.mien"
        path.write_bytes(b"hello")
        refuses(path, "not a whole")

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_damage_is_always_a_package_error_or_no_damage(self, zipped: Path, data: st.DataObject):
        good = zipped.read_bytes()
        bad = bytearray(good)
        for _ in range(data.draw(st.integers(1, 4))):
            position = data.draw(st.integers(0, len(bad) - 1))
            bad[position : position + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
            if not bad:
                break
        path = zipped.with_name("damaged.mien")
        path.write_bytes(bad)
        with contextlib.suppress(PackageError):
            opened = AvatarPackage.open(path)
            np.testing.assert_array_equal(opened.arrays("mesh")["face"], FACE)
            np.testing.assert_array_equal(opened.image("photo"), picture())

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=st.text(min_size=1, max_size=30))
    def test_any_member_name_is_refused_or_stays_inside(self, zipped: Path, name: str):
        try:
            path = rezip(zipped, extra=[(zipfile.ZipInfo(name), b"x")])
        except (UnicodeEncodeError, ValueError):
            return  # a name that not even a zip can hold
        try:
            AvatarPackage.open(path)
        except PackageError:
            return
        inside = zipped.parent.resolve()
        assert (inside / name).resolve().is_relative_to(inside)


class TestHostileArrays:
    """The npz inside a package may be hostile while all its hashes are right."""

    def opened(self, tmp_path: Path, npz: bytes) -> AvatarPackage:
        with PackageBuilder(tmp_path / "h.mien") as builder:
            builder.add_bytes("mesh.npz", npz)
            return builder.finish(manifest())

    def npz(self, npy: bytes, *, deflate: bool = False) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
            archive.writestr("x.npy", npy)
        return file.getvalue()

    def header(self, text: str) -> bytes:
        body = text.encode().ljust(117) + b"\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body

    def test_pickle_is_never_loaded(self, tmp_path: Path):
        file = io.BytesIO()
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with pytest.raises(PackageError, match="objects"):
            self.opened(tmp_path, self.npz(file.getvalue())).arrays("mesh")

    @pytest.mark.parametrize(
        "text",
        [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 1), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
            "{'descr': '|V0', 'fortran_order': False, 'shape': (99999999999,), }",
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
            "{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,), }",
            "__import__('os').system('true')",
            "",
        ],
    )
    def test_claims_in_a_header(self, tmp_path: Path, text: str):
        with pytest.raises(PackageError):
            self.opened(tmp_path, self.npz(self.header(text) + b"\0" * 4)).arrays("mesh")

    def test_bomb(self, tmp_path: Path):
        npz = bytearray(self.npz(bytes(1000), deflate=True))
        struct.pack_into("<I", npz, npz.index(b"PK\x01\x02") + 24, 0xFFFFFFF0)
        with pytest.raises(PackageError, match="larger arrays"):
            self.opened(tmp_path, bytes(npz)).arrays("mesh")

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(position=st.integers(0, 10_000), patch=st.binary(min_size=1, max_size=6))
    def test_damage(self, position: int, patch: bytes):
        from mien.avatars import arrays

        npz = bytearray(arrays.pack({"face": FACE}))
        position %= len(npz)
        npz[position : position + len(patch)] = patch
        with contextlib.suppress(ValueError):
            arrays.unpack(bytes(npz))
