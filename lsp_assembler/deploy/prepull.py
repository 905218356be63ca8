"""DaemonSets that have every node pull all language images, nodes to come included.

Each looks after a few images only. Its pods have an init container for each, and Kubernetes pulls an image in
order to run it. So an image that cannot be pulled holds up only those that stand after it in the same group.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_assembler.deploy.cluster import (
    TINI,
    Cluster,
    Object,
    app,
    confined,
    resources,
    selector,
    unprivileged,
)
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.reference import Reference

GROUP = 12
"""How many images a pod has at most: few, as they wait for each other; many, as a node takes few pods."""

_TOOL, _TOOLS = "tools", "/lsp-assembler"
_WORDS = re.compile(r"[^a-z0-9]+")
_LONGEST = 50  # a name has at most 63 characters


def groups(what: Deployable) -> list[Sequence[str]]:
    """The language images, in groups of at most GROUP, all of about the same size."""
    images = what.language_images
    count = -(-len(images) // GROUP)
    return [images[number::count] for number in range(count)]


def daemon_sets(what: Deployable, cluster: Cluster) -> Iterator[Object]:
    """A DaemonSet for each group of language images."""
    pod = _mounting if cluster.image_volumes else _running
    for number, images in enumerate(groups(what), 1):
        group = selector(what, "prepull", group=str(number))
        yield {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": cluster.metadata(f"{app(what)}-prepull-{number}", group),
            "spec": {
                "selector": {"matchLabels": group},
                # Nobody uses these pods, so all nodes may begin at once.
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
                "template": cluster.template({"labels": group}, pod(images, cluster.image)),
            },
        }


def _running(images: Sequence[str], tool: str) -> Object:
    """A pod that runs a program in each image. It brings one that does nothing: an image may be empty."""
    mount = {"name": _TOOL, "mountPath": _TOOLS}
    copy = {
        "name": "copy",
        "image": tool,
        "command": ["cp", TINI, f"{_TOOLS}/tini"],
        "securityContext": confined(),
        "resources": resources("10m", "16Mi", "64Mi"),
        "volumeMounts": [mount],
    }
    each = [
        {
            "name": name,
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "command": [f"{_TOOLS}/tini", "--version"],
            "workingDir": "/",  # the image's own may be closed to our user
            "securityContext": confined(),
            "resources": resources("10m", "16Mi", "64Mi"),
            "volumeMounts": [{**mount, "readOnly": True}],
        }
        for name, image in _named(images)
    ]
    return {
        **_idle(tool),
        "initContainers": [copy, *each],
        "volumes": [{"name": _TOOL, "emptyDir": {"sizeLimit": "8Mi"}}],
    }


def _mounting(images: Sequence[str], tool: str) -> Object:
    """A pod that mounts each image, and runs nothing in it."""
    pod = _idle(tool)
    pod["containers"][0]["volumeMounts"] = [
        {"name": name, "mountPath": f"/images/{name}", "readOnly": True} for name, _ in _named(images)
    ]
    pod["volumes"] = [
        {"name": name, "image": {"reference": image, "pullPolicy": "IfNotPresent"}}
        for name, image in _named(images)
    ]
    return pod


def _idle(tool: str) -> Object:
    """A pod that waits. As long as it is there, its images are in use, and no node cleans them away."""
    wait = {
        "name": "wait",
        "image": tool,
        "command": [TINI, "--", "sleep", "infinity"],
        "securityContext": confined(),
        "resources": resources("1m", "16Mi", "64Mi"),
    }
    return {"securityContext": unprivileged(), "terminationGracePeriodSeconds": 1, "containers": [wait]}


def _named(images: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each image after a name of its own, e.g. ("01-java-junit-4edf92a", "acme/java_junit:4edf92a")."""
    for number, image in enumerate(images, 1):
        reference = Reference.parse(image)
        words = f"{reference.repository.rpartition('/')[2]} {reference.tag}".lower()
        yield f"{number:02}-{_WORDS.sub('-', words)[:_LONGEST].strip('-')}", image
