"""How good a talking head is, measured on its video."""
