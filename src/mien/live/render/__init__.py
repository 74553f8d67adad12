"""The process that draws the avatars, so that no engine ever holds up the sessions.

`RenderHost` starts it, watches it and starts it anew; a `RenderStream` is one avatar in it. Sound goes there through a pipe, pictures
come back through shared memory (`ring.py`), everything else as the messages of `protocol.py`. `worker.py` is the process itself.
"""

from mien.live.render.host import RenderHost
from mien.live.render.stream import Rendered, RenderStream

__all__ = ["RenderHost", "RenderStream", "Rendered"]
