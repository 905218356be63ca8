"""Where images live: the Docker Engine, registries, OCI layouts. One module each, one interface."""
