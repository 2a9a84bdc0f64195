"""What a session costs: memory, CPU and time to start, ours beside whatsapp-web.js, on the same heavy page."""
