"""Writing to disk, all or nothing, and cleaning up after killed runs."""
