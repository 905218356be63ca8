"""A thin client of the OCI distribution API: manifests, blobs, tags, logins, rate limits.

`client.RegistryClient` is the way in. Nothing here knows of start points; `stores/registry.py` does.
Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""
