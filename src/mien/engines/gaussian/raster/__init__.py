"""Gaussian splats: projected, drawn, and differentiated."""

from mien.engines.gaussian.raster.devices import Rasterizer, open_rasterizer
from mien.engines.gaussian.raster.projection import Projection, ProjectionGradients, project, projection_gradients
from mien.engines.gaussian.raster.splats import Drawing, SplatGradients, Splats2D, gradients, render

__all__ = [
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
