"""Measures a live server from outside: a server process, and clients in another one that note when what arrives."""
