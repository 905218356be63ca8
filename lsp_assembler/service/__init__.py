"""Start points served over HTTP, as cyber-dojo's own service serves them, and a start page for people.

Answers are made once, when start points are taken up, and handed out from memory. What takes time, such as
reading images again or pulling language images, happens beside the requests and never delays one.
"""
