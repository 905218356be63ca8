"""Images as documents and blobs, without a daemon: registries, OCI layouts, archives, and a cache."""
