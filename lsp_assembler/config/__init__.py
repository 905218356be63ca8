"""images.yml: reading it with the place of every mistake, changing it, and making one from older lists."""
