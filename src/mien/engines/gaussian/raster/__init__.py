"""Gaussian splats: projected, drawn, and differentiated."""

from mien.engines.gaussian.raster.devices import PROCESSOR, Rasterizer, open_rasterizer
from mien.engines.gaussian.raster.projection import Projection, ProjectionGradients, project, projection_gradients
from mien.engines.gaussian.raster.splats import Drawing, SplatGradients, Splats2D, gradients, render

__all__ = [
    "PROCESSOR",
    "Drawing",
    "Projection",
    "ProjectionGradients",
    "Rasterizer",
    "SplatGradients",
    "Splats2D",
    "gradients",
    "open_rasterizer",
    "project",
    "projection_gradients",
    "render",
]
