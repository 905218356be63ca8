"""Images as bytes: documents, layers, tar and gzip. Strangers' bytes to values, and values to bytes.

What is read is hostile and stays under limits; what is written is the same on every machine. Nothing here
opens a connection or a file: a `ContentStore` hands over documents and blobs.
"""
