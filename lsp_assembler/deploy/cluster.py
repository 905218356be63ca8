"""What only its operator knows of a cluster, and what every object in it has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.readiness import Required
from lsp_assembler.model.reference import Reference
from lsp_assembler.text import named

Object = dict[str, Any]
"""An object of Kubernetes, or a part of one."""

USER = 19663
"""Whom everything runs as: the user that cyber-dojo's services have."""

TINI = "/sbin/tini"
"""In the image of lsp-assembler: a program that needs no library, and so runs in every image."""

DOMAIN = "cyber-dojo.org"
"""What labels and annotations of our own begin with."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAX_SUBDOMAIN = 253


class Cluster(Struct, frozen=True):
    """What only its operator knows.

    Args:
        namespace: "" for the one that kubectl uses.
        image: of lsp-assembler, e.g. "cyberdojo/lsp-assembler:0.2.0".
        replicas: how many pods serve; None for one on every node.
        docker_group: the group of the nodes' Docker socket, if the service is to pull through that; None
            where Kubernetes is to pull.
        required: how many language images a node's service needs to be ready, if it pulls them itself.
        pull_secrets: with the logins of registries, e.g. ("ghcr-login",).
        image_volumes: whether images are mounted, and nothing runs in them.
    """

    image: str
    namespace: str = ""
    replicas: int | None = 2
    docker_group: int | None = None
    required: Required = Required.ALL
    pull_secrets: Sequence[str] = ()
    image_volumes: bool = False

    def check(self) -> None:
        """See that a cluster will take it.

        Raises:
            InvalidInputError: it will not; all reasons.
        """
        if problems := list(self._problems()):
            raise InvalidInputError(problems, "Correct the command line.")

    def _problems(self) -> Iterator[str]:
        if self.namespace and not _LABEL.fullmatch(self.namespace):
            yield (
                f"--namespace: {named(self.namespace)} is no name of a namespace; expected lower-case "
                "letters, digits and hyphens, e.g. cyber-dojo"
            )
        try:
            Reference.parse(self.image)
        except ValueError as error:
            yield f"--image: {error}; expected e.g. cyberdojo/lsp-assembler:0.2.0"
        for name in self.pull_secrets:
            if len(name) > _MAX_SUBDOMAIN or not all(map(_LABEL.fullmatch, name.split("."))):
                yield (
                    f"--pull-secret: {named(name)} is no name of a secret; expected lower-case letters, "
                    "digits, hyphens and dots, e.g. ghcr-login"
                )

    def metadata(self, name: str, selector: Mapping[str, str]) -> Object:
        """The metadata of an object: the labels that select its pods, and where it is from."""
        namespace = {"namespace": self.namespace} if self.namespace else {}
        origin = {"app.kubernetes.io/part-of": "cyber-dojo", "app.kubernetes.io/managed-by": "lsp-assembler"}
        return {"name": name, **namespace, "labels": {**selector, **origin}}

    def template(self, metadata: Object, spec: Object) -> Object:
        """The template of pods that may do as little as possible."""
        secrets = [{"name": name} for name in self.pull_secrets]
        return {
            "metadata": metadata,
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                **({"imagePullSecrets": secrets} if secrets else {}),
                **spec,
            },
        }


def app(what: Deployable) -> str:
    """What all objects are called, e.g. "languages-start-points"."""
    return f"{what.type}-start-points"


def selector(what: Deployable, component: str, **more: str) -> dict[str, str]:
    """The labels that only the pods of one object have.

    Args:
        component: e.g. "service".
        more: further labels of our own, e.g. group="1".
    """
    own = {f"{DOMAIN}/{name}": value for name, value in more.items()}
    return {"app.kubernetes.io/name": app(what), "app.kubernetes.io/component": component, **own}


def unprivileged(**more: Any) -> Object:
    """The security context of a pod, as the strictest Pod Security Standard demands it."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
        **more,
    }


def confined() -> Object:
    """The security context of a container, likewise."""
    return {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def resources(cpu: str, memory: str, most: str) -> Object:
    """What a container is sure to get, and the most memory it may take, e.g. "10m", "16Mi" and "32Mi"."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most}}
