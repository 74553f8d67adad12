"""Work that outlives a request, a crash and a power cut: queued in a database, done in processes of its own."""
