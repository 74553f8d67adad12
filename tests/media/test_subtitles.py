from __future__ import annotations

import pytest

from mien.errors import AlreadyExistsError
from mien.media import Cue, write_srt

CUES = [Cue("Hello <b> & you", 0.0, 1.25), Cue("你好，\n\n很高兴", 3599.9996, 3661.5)]


def test_srt(tmp_path):
    file = tmp_path / "talk.srt"
    write_srt(file, CUES)
    assert file.read_text("utf-8") == (
        "1\n00:00:00,000 --> 00:00:01,250\nHello <b> & you\n\n2\n01:00:00,000 --> 01:01:01,500\n你好，\n很高兴\n"
    )


def test_overwriting_is_asked_for(tmp_path):
    file = tmp_path / "talk.srt"
    write_srt(file, CUES)
    with pytest.raises(AlreadyExistsError):
        write_srt(file, [])
    write_srt(file, [], overwrite=True)
    assert file.read_text() == ""
