"""The HTTP and WebSocket interface: what it asks of the softswitch, what it shows, and how requests fail."""
