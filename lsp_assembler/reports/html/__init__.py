"""A report as web pages: one folder, readable without JavaScript, with nothing in it from elsewhere.

Pure: a result in, bytes out, so that a service can show the same pages. Only `pages` and `plot` need Jinja.
"""

import base64
import hashlib
from importlib import resources

FIRST_PAGE = "index.html"
"""The page that a reader opens first."""


def base_style() -> str:
    """The style sheet that all pages of the project share."""
    return (resources.files(__name__) / "templates/base.css").read_text("utf-8")


def content_policy(style: str, script: str, rest: str) -> str:
    """A Content-Security-Policy under which nothing of a stranger's runs, even if it got into a page.

    Args:
        style, script: the only ones of the page.
        rest: what else a page may do, e.g. "form-action 'none'; base-uri 'none'".
    """
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; {rest}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
