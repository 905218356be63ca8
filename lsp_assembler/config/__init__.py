"""images.yml: reading it with the place of every error, editing it, and making it from an older list."""
