"""The way out of a session: WebRTC peers, streams for networks without UDP, recordings. All are sinks of slices."""
