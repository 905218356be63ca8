"""images.lock: what was assembled, by digest. Reading it, writing it, comparing it with today."""
