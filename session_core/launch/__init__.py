"""Starting things: the processes of ``make run``, the embedded Valkey, the build of the pages."""
