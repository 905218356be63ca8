"""A thin client of the OCI distribution API: manifests, blobs, tags, logins, rate limits.

`client.RegistryClient` is the way in. A call goes through `pull`, `tags` or `push` (what is asked for, and
what comes back), `session` (with which login) and `http/` (over which connection); `retry` says when it is
worth another try. Nothing here knows of start points.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""
