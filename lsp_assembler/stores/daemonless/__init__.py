"""Images as documents and blobs, without a daemon: in registries, OCI layouts and archives.

Start points are read straight out of the layers, and an image is built by appending one layer to its base.
"""
