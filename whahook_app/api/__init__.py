"""What programs see: REST under ``/api/v1``, Socket.IO under ``/socket.io``, and their description."""
