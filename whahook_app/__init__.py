"""What people see: pages, REST and Socket.IO. Thin: parse, call a service, show."""
