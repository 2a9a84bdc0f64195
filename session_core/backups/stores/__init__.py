"""Where archives lie: files of this machine, or a bucket of Supabase Storage."""
