"""What every avatar learns from: a checked video, what is seen and heard in it, the space of one person's faces."""
