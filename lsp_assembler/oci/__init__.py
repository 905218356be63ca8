"""Images as bytes: documents, layers, tar and gzip, read from strangers and written the same everywhere.

A stranger's bytes become values here, under limits, and values become bytes again. Nothing in this room
opens a connection or a file: a `ContentStore` hands it documents and blobs.
"""
