"""Mien: a self-hosted digital human.

import mien

avatar = mien.open("me.jpg")
avatar.speak("Hello, nice to meet you.").save("hello.mp4")
"""

__version__ = "0.1.0"
