"""The Docker Engine as a store: pull, read, `docker build`, load and tag, over its own HTTP API."""
