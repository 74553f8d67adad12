"""Gaussian splats: projected, drawn, and differentiated."""

from mien.engines.gaussian.raster.projection import Projection, ProjectionGradients, project, projection_gradients
from mien.engines.gaussian.raster.splats import Drawing, SplatGradients, Splats2D, gradients, render

__all__ = [
    "Drawing",
    "Projection",
    "ProjectionGradients",
    "SplatGradients",
    "Splats2D",
    "gradients",
    "project",
    "projection_gradients",
    "render",
]
