"""The GPU's kernels and NVIDIA's compiler, which needs no GPU. Left out where `cuda-bindings` and NVRTC are not installed."""

from __future__ import annotations

import pytest

from mien.errors import RenderError

torch = pytest.importorskip("torch")
nvrtc = pytest.importorskip("cuda.bindings.nvrtc", reason="cuda-bindings is not installed: NVRTC is not tested")
try:
    nvrtc.nvrtcVersion()
except RuntimeError:
    pytest.skip("NVRTC is not installed, and not tested", allow_module_level=True)

from mien.engines.gaussian.raster.nvrtc import compiled  # noqa: E402
from mien.engines.gaussian.raster.tiles import KERNELS, source  # noqa: E402


@pytest.mark.parametrize("capability", [(7, 5), (8, 6), (9, 0)])
def test_compiles_the_kernels_without_any_header(capability: tuple[int, int]) -> None:
    code = compiled(source(), capability)
    assert code.startswith(b"\x7fELF")
    assert all(name.encode() in code for name in KERNELS)


def test_tells_why_text_cannot_be_compiled() -> None:
    with pytest.raises(RenderError, match=r"kernels\.cu\(1\): error") as caught:
        compiled("nonsense", (9, 0))
    assert "--device cpu" in caught.value.hint


def test_a_gpu_that_the_compiler_does_not_know_is_told() -> None:
    with pytest.raises(RenderError, match="gpu-architecture"):
        compiled(source(), (1, 0))
