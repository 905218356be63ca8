"""The Docker Engine as a store: pull, read, `docker build`, load and tag, through Docker's own API."""
