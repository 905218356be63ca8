"""`lsp-assembler kubernetes`."""

from typing import Annotated

import typer
from msgspec import Struct

from lsp_assembler import __version__
from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, Default, grouped
from lsp_assembler.deploy.cluster import Cluster
from lsp_assembler.deploy.kubernetes import manifests, unfit
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.readiness import Required
from lsp_assembler.operations import deployable as operation

_REPLICAS = 2

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A start-points image, or the path of an images.yml.", show_default=False
    ),
]


class Deployment(Struct, frozen=True):
    """What the manifests say of the cluster."""

    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace", "-n", metavar="NAME", help="The namespace.", show_default="kubectl's own"
        ),
        NOTHING,
    ]
    replicas: Annotated[
        int | None,
        typer.Option(
            "--replicas", min=1, metavar="N", help="How many pods serve.", show_default=str(_REPLICAS)
        ),
        NOTHING,
    ]
    daemonset: Annotated[bool, typer.Option("--daemonset", help="Serve from every node."), OFF]
    docker_group: Annotated[
        int | None,
        typer.Option(
            "--docker-group",
            min=0,
            metavar="GID",
            help="Serve from every node, and pull through its Docker Engine, whose socket has this group.",
            show_default="Kubernetes pulls",
        ),
        NOTHING,
    ]
    required: Annotated[
        Required | None,
        typer.Option(
            "--prepull-required",
            help="With --docker-group: how many language images a node's service needs to be ready.",
            show_default=str(Required.ALL),
        ),
        NOTHING,
    ]
    pull_secret: Annotated[
        list[str] | None,
        typer.Option("--pull-secret", metavar="NAME", help="A secret with a registry's login; repeatable."),
        NOTHING,
    ]
    image_volumes: Annotated[
        bool,
        typer.Option(
            "--image-volumes",
            help="Mount language images, and run nothing in them: needs the feature ImageVolume.",
        ),
        OFF,
    ]
    image: Annotated[
        str,
        typer.Option("--image", metavar="NAME", help="The image of lsp-assembler."),
        Default(f"cyberdojo/lsp-assembler:{__version__}"),
    ]


@grouped
def kubernetes(
    *,
    source: Source,
    deployment: Deployment,
    reading: options.Reading,
    pull: options.PullMissing,
    reach: options.Reach,
    no_cache: options.NoCache,
    jobs: options.Jobs,
) -> None:
    """Print manifests of the service that pull all language images.

    For Kubernetes: a Service, what serves the start points, and what pulls their language images onto every
    node, to be given to kubectl apply.
    """
    cluster = _cluster(deployment)
    request = operation.DeployableRequest(
        source=source,
        from_store=reading.from_,
        jobs=jobs,
        stores=options.cached(reach.options(pull), no_cache=no_cache),
        environ=options.environ(),
    )
    terminal = reporting.Terminal()
    what = operation.deployable(request, terminal)
    if problem := unfit(what, cluster):
        terminal.notice(f"warning: {problem}")
    output.document(manifests(what, cluster))


def _cluster(deployment: Deployment) -> Cluster:
    on_every_node = deployment.daemonset or deployment.docker_group is not None
    if on_every_node and deployment.replicas is not None:
        option = "--daemonset" if deployment.daemonset else "--docker-group"
        raise InvalidInputError(f"--replicas: {option} serves from every node", "Leave out one of them.")
    if deployment.required and deployment.docker_group is None:
        raise InvalidInputError(
            "--prepull-required: without --docker-group, Kubernetes pulls, and the service waits for nothing",
            "Leave it out, or add --docker-group GID.",
        )
    cluster = Cluster(
        image=deployment.image,
        namespace=deployment.namespace or "",
        replicas=None if on_every_node else deployment.replicas or _REPLICAS,
        docker_group=deployment.docker_group,
        required=deployment.required or Required.ALL,
        pull_secrets=deployment.pull_secret or (),
        image_volumes=deployment.image_volumes,
    )
    cluster.check()  # before images are read, which takes its time
    return cluster
