"""What draws a face: one folder each, one contract (`mien.types.engine`)."""
