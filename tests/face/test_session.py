from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import WeightsError
from mien.face.session import Network


@pytest.mark.parametrize("content", [None, b"", b"not a network"], ids=["missing", "empty", "text"])
def test_a_damaged_network_is_named_with_what_mends_it(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "network.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WeightsError, match=r"network\.onnx is damaged") as caught:
        Network(file)
    assert "mien weights verify" in caught.value.hint
