"""What the user writes down: images.yml, settings of single registries, older lists of repositories.

Mistakes are found all at once, each with its line and column. Pure, but for reading the one file.
"""
