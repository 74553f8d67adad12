"""The HTTP server: REST, server-sent events, WebRTC signalling, WHEP, WebSocket, LiveTalking's routes, and the page.

Light: what runs a conversation (`mien.live`) is imported when the server starts, not with this package.
"""
