"""What a run came to, as text for people, JSON for programs, or annotations and Markdown for GitHub.

Functions from a result to a string. They ask nobody and write nowhere, and every name that a stranger chose
is made harmless on the way.
"""
