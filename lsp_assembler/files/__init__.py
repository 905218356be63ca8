"""Writing to disk all or nothing, and tidying up after runs that were killed."""
