"""Conversations with an avatar: it listens, thinks, speaks, and stops when it is interrupted.

One `LiveManager` holds the sessions of a process. A session's `Stage` gives one `Slice` of picture and sound per frame to its sinks:
WebRTC peers, WebSocket streams, a recording. Pictures are drawn by the render process; Pipecat carries the conversation.
"""
