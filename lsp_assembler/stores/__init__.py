"""Where images live: the Docker Engine, registries, OCI layouts. One interface, two ways to keep it.

A store reads start points, prepares a base, builds and publishes. It knows nothing of rules or reports.
"""
