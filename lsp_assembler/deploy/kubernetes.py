"""The manifests that run the service on Kubernetes, and have the nodes pull the language images before."""

import re
from collections.abc import Iterator

import yaml

from lsp_assembler.deploy.cluster import (
    DOMAIN,
    Cluster,
    Object,
    app,
    confined,
    resources,
    selector,
    unprivileged,
)
from lsp_assembler.deploy.prepull import daemon_sets, groups
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.readiness import Required
from lsp_assembler.model.reference import Reference
from lsp_assembler.stores.docker.presence import SOCKET
from lsp_assembler.text import plural, visible

_LIST = "/etc/lsp-assembler"
_PULLING = ("--prepull", "docker", "--marker", "/tmp/all-pulled")  # noqa: S108  # a tmpfs of its own


class _Dumper(yaml.SafeDumper):
    """Writes everything out, and also quotes what only others take for a number, such as 1e3 or 0o17."""

    def ignore_aliases(self, _data: object) -> bool:
        """Nothing stands for what stands elsewhere."""
        return True


def _string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _string)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+(\.\d*)?[eE][-+]?\d+|0[oO][0-7]+)$"),
    list("-+0123456789"),
)


def manifests(what: Deployable, cluster: Cluster) -> str:
    """YAML for `kubectl apply -f -`: what pulls comes first, so that a reader can apply it first.

    Raises:
        InvalidInputError: the cluster would not take it; all reasons.
    """
    cluster.check()
    documents = [
        yaml.dump(each, Dumper=_Dumper, sort_keys=False, width=120) for each in _objects(what, cluster)
    ]
    return f"# {_summary(what, cluster)}\n---\n" + "---\n".join(documents)


def unfit(what: Deployable, cluster: Cluster) -> str:
    """Why an image cannot serve as the manifests have it, as far as its base tells; "" if it can."""
    remedy = "build it on the image of lsp-assembler"
    if what.base == "scratch":
        return f"{what.source}: it was built on scratch, so it has no program that could serve; {remedy}"
    ours = {Reference.parse(cluster.image).repository.rpartition("/")[2], "lsp-assembler"}
    if cluster.docker_group is None or not what.base or set(re.split(r"[/:@]", what.base)) & ours:
        return ""
    return f"{what.source}: it was built on {what.base}, which cannot pull language images; {remedy}"


def _summary(what: Deployable, cluster: Cluster) -> str:
    images = plural(len(what.language_images), "language image")
    if cluster.docker_group is not None:
        how = "which the service pulls through each node's Docker Engine"
    elif count := len(groups(what)):
        how = f"pulled by {plural(count, 'DaemonSet')} with the label app.kubernetes.io/component=prepull"
    else:
        how = "so there is nothing to pull"
    return visible(f"{what.source}: {images}, {how}")


def _objects(what: Deployable, cluster: Cluster) -> Iterator[Object]:
    if cluster.docker_group is None:
        yield from daemon_sets(what, cluster)
    own = selector(what, "service")
    if what.files:
        metadata = cluster.metadata(app(what), own)
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(what.files)}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": cluster.metadata(app(what), own),
        "spec": {
            "selector": own,
            "ports": [{"name": "http", "port": what.port, "targetPort": "http", "protocol": "TCP"}],
        },
    }
    on_every_node = cluster.replicas is None or cluster.docker_group is not None
    if not on_every_node:
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": cluster.metadata(app(what), own),
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": own}},
        }
    # Whatever changes, there are new pods: also if it is behind the name of an image, or in the list.
    pods = {"labels": own, "annotations": {f"{DOMAIN}/served": what.digest}}
    # The new pod is ready before the old one goes, however long that takes.
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    kind = (
        {"updateStrategy": rolling} if on_every_node else {"replicas": cluster.replicas, "strategy": rolling}
    )
    yield {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet" if on_every_node else "Deployment",
        "metadata": cluster.metadata(app(what), own),
        "spec": {
            "selector": {"matchLabels": own},
            **kind,
            "template": cluster.template(pods, _pod(what, cluster) | ({} if on_every_node else _spread(own))),
        },
    }


def _spread(own: Object) -> Object:
    """Pods on different nodes, as far as there are enough: one node that is drained or lost takes one pod."""
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": own},
    }
    return {"topologySpreadConstraints": [constraint]}


def _pod(what: Deployable, cluster: Cluster) -> Object:
    volumes = [({"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "128Mi"}}, "/tmp")]  # noqa: S108
    security = unprivileged()
    if what.files:
        volumes.append(({"name": "list", "configMap": {"name": app(what)}}, _LIST))
    if cluster.docker_group is not None:
        volumes.append(({"name": "docker", "hostPath": {"path": SOCKET, "type": "Socket"}}, SOCKET))
        security = unprivileged(supplementalGroups=[cluster.docker_group])
    mounts = [{"name": volume["name"], "mountPath": path} for volume, path in volumes]
    arguments = _arguments(what, cluster)
    container = {
        "name": "service",
        "image": cluster.image if what.files else what.source,
        **({"args": arguments} if arguments else {}),
        "env": [
            {"name": "PORT", "value": str(what.port)},
            {"name": "CYBER_DOJO_PROMETHEUS", "value": "true"},
        ],
        "ports": [{"name": "http", "containerPort": what.port, "protocol": "TCP"}],
        **_probes(),
        "resources": resources("50m", "128Mi", "512Mi"),
        "securityContext": confined(),
        "volumeMounts": mounts,
    }
    return {
        "securityContext": security,
        "containers": [container],
        "volumes": [volume for volume, _ in volumes],
    }


def _arguments(what: Deployable, cluster: Cluster) -> list[str]:
    """What the container's program is told; [] leaves it to the image, which knows how to serve itself."""
    pulling = [] if cluster.docker_group is None else list(_PULLING)
    if pulling and cluster.required is not Required.ALL:
        pulling += ["--prepull-required", str(cluster.required)]
    if not what.files:
        return ["./up.sh", *pulling] if pulling else []
    lock = ["--locked"] if len(what.files) > 1 else []
    return ["serve", f"{_LIST}/images.yml", *lock, *pulling]


def _probes() -> Object:
    """Probes that never restart a service for want of images.

    Only /ready depends on images, and a readiness probe that fails takes a pod out of the Service, no more.
    The other two ask /alive, which is true as soon as the program listens.
    """

    def asking(path: str, seconds: int, failures: int) -> Object:
        return {
            "httpGet": {"path": path, "port": "http"},
            "periodSeconds": seconds,
            "timeoutSeconds": 2,
            "failureThreshold": failures,
        }

    return {
        "startupProbe": asking("/alive", 2, 300),
        "readinessProbe": asking("/ready", 5, 2),
        "livenessProbe": asking("/alive", 10, 3),
    }
