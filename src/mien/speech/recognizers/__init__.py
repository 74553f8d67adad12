"""Speech recognisers, and the process that each of them runs in."""
