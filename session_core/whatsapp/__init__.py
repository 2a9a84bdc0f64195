"""WhatsApp Web as we use it: a contract (`driver`) and its only implementation (`page`)."""
