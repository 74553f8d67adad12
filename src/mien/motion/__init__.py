"""From speech to movement: mouth, head, eyes."""
