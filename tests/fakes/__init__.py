"""Stand-ins that implement an interface for real, where the real thing cannot be made to misbehave."""
