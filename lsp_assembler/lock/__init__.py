"""images.lock: reading it, writing it, and comparing it with what names stand for now."""
