"""eSpeak NG: every language, no download, exact phoneme times; robotic.

The library is GPL-3 and can crash on rare input, so it lives in a process of its own (`worker.py`) and Mien talks to it through pipes.
"""
