"""A report as web pages: one folder, readable without JavaScript, with nothing in it from elsewhere.

Pure: a result in, bytes out, so that a service can show the same pages. Only `pages` and `plot` need Jinja.
"""

from importlib import resources

FIRST_PAGE = "index.html"
"""The page that a reader opens first."""


def base_style() -> str:
    """The style sheet that all pages of the project share."""
    return (resources.files(__name__) / "templates/base.css").read_text("utf-8")
