"""The manifests: what a cluster takes, and what its nodes must not be made to do.

A case is a text that `kubectl apply` gets. After a wanted change: UPDATE_CASES=1 pytest tests/unit/deploy,
and read the difference.
"""

import os
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from msgspec.structs import replace

from lsp_assembler.deploy.cluster import Cluster
from lsp_assembler.deploy.kubernetes import manifests, unfit
from lsp_assembler.deploy.prepull import GROUP
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.deployable import Deployable
from lsp_assembler.model.readiness import Required
from lsp_assembler.model.start_point import StartPointType
from tests import ROOT

CASES = ROOT / "tests/cases/kubernetes"
RELEASES = ("1.31", "1.34", "1.37")
TOOL = "cyberdojo/lsp-assembler:0.2.0"
IMAGES = ("acme/elm_test:4edf92a", "ghcr.io/acme/java_junit:latest", "python@sha256:" + "9f86d081" * 8)
IMAGE = Deployable("acme/languages:4edf92a", StartPointType.LANGUAGES, 4524, IMAGES)
LIST = replace(
    IMAGE, source="images.yml", port=5000, files={"images.yml": "- acme/elm:LSP\n", "images.lock": "{}\n"}
)
CLUSTER = Cluster(TOOL)
VARIANTS = {
    "image": (IMAGE, CLUSTER),
    "image_volumes": (
        IMAGE,
        Cluster(TOOL, namespace="dojo", replicas=None, pull_secrets=("hub", "ghcr.io"), image_volumes=True),
    ),
    "list": (LIST, CLUSTER),
    "docker_group": (IMAGE, Cluster(TOOL, docker_group=992)),
}
each_variant = pytest.mark.parametrize("name", VARIANTS)


def many(count: int) -> Deployable:
    return replace(IMAGE, language_images=tuple(f"acme/image_{number:03}:4edf92a" for number in range(count)))


def objects(what: Deployable, cluster: Cluster = CLUSTER) -> list[Any]:
    return list(yaml.safe_load_all(manifests(what, cluster)))


def pods(documents: list[Any]) -> Iterator[Any]:
    """The specs of all pods."""
    return (each["spec"]["template"]["spec"] for each in documents if "template" in each["spec"])


def workloads(name: str) -> list[Any]:
    """All objects of a variant that have pods."""
    return [each for each in objects(*VARIANTS[name]) if "template" in each.get("spec", {})]


def containers(pod: Any) -> list[Any]:
    found: list[Any] = [*pod.get("initContainers", []), *pod["containers"]]
    return found


@each_variant
def test_text(name: str) -> None:
    path = CASES / name / "expected.yml"
    text = manifests(*VARIANTS[name])
    if os.environ.get("UPDATE_CASES"):
        path.write_text(text, "utf-8")
        pytest.fail(f"{path} is written; read it, and run again without UPDATE_CASES")
    assert text == path.read_text("utf-8")


@each_variant
@pytest.mark.parametrize("release", RELEASES)
def test_three_releases_take_it(name: str, release: str) -> None:
    for each in objects(*VARIANTS[name]):
        kubernetes_validate.validate(each, release, strict=True)


@each_variant
def test_no_probe_restarts_a_service_that_waits_for_images(name: str) -> None:
    service = workloads(name)[-1]["spec"]["template"]["spec"]["containers"][0]
    probes = {key: value for key, value in service.items() if key.endswith("Probe")}
    asked = {key: probe["httpGet"]["path"] for key, probe in probes.items()}
    assert asked == {"startupProbe": "/alive", "readinessProbe": "/ready", "livenessProbe": "/alive"}


@each_variant
def test_everything_is_confined(name: str) -> None:
    """As the Pod Security Standard "restricted" demands it, and on a read-only root besides."""
    for workload in workloads(name):
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsUser"] == 19663
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            assert container["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@each_variant
def test_pods_are_those_that_are_selected(name: str) -> None:
    selectors = [each["spec"]["selector"]["matchLabels"] for each in workloads(name)]
    for workload, selector in zip(workloads(name), selectors, strict=True):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert [each for each in selectors if each.items() <= labels.items()] == [selector]


@pytest.mark.parametrize("count", [0, 1, GROUP, GROUP + 1, 84])
def test_every_image_is_pulled_once_in_small_groups(count: int) -> None:
    sets = [each for each in objects(many(count)) if each["kind"] == "DaemonSet"]
    groups = [[each["image"] for each in pod["initContainers"][1:]] for pod in pods(sets)]
    assert sorted(image for group in groups for image in group) == list(many(count).language_images)
    sizes = {len(group) for group in groups}
    assert not sizes or (max(sizes) <= GROUP and max(sizes) - min(sizes) <= 1)


def test_nothing_of_an_image_is_run() -> None:
    """An image may have no shell, no `true`, and a working directory that is closed to us."""
    prepull, *_ = objects(IMAGE)
    copy, *pulled = next(pods([prepull]))["initContainers"]
    assert (copy["image"], copy["command"]) == (TOOL, ["cp", "/sbin/tini", "/lsp-assembler/tini"])
    for each in pulled:
        assert each["command"] == ["/lsp-assembler/tini", "--version"]
        assert each["volumeMounts"] == [{"name": "tools", "mountPath": "/lsp-assembler", "readOnly": True}]
        assert each["workingDir"] == "/"


def test_image_volumes_start_no_image_but_our_own() -> None:
    documents = objects(many(GROUP), Cluster(TOOL, image_volumes=True))
    (pod, _) = pods(documents)
    assert [each["image"] for each in containers(pod)] == [TOOL]
    assert [each["image"]["reference"] for each in pod["volumes"]] == list(many(GROUP).language_images)


@pytest.mark.parametrize(
    "other",
    [
        replace(LIST, language_images=IMAGES[:2]),
        replace(LIST, files=LIST.files | {"images.yml": "- acme/elm:LSP-2\n"}),
        replace(LIST, source="other.yml"),
    ],
)
def test_what_has_changed_rolls(other: Deployable) -> None:
    before, after = (objects(each)[-1]["spec"]["template"] for each in (LIST, other))
    assert before["spec"] == after["spec"]
    assert before["metadata"] != after["metadata"]
    assert objects(LIST)[-1]["spec"]["template"] == before


def test_names_are_short_and_different() -> None:
    images = tuple(f"acme/{'long_' * 30}name:{tag}" for tag in ("a" * 128, "b" * 128))
    (prepull, *_) = objects(replace(IMAGE, language_images=images))
    names = [each["name"] for each in next(pods([prepull]))["initContainers"]]
    assert len(set(names)) == 3
    assert max(map(len, names)) <= 63


@pytest.mark.parametrize(
    ("base", "group", "why"),
    [
        ("scratch", None, "has no program"),
        ("acme/dojo-base:1", 992, "cannot pull"),
        ("acme/dojo-base:1", None, ""),
        ("ghcr.io/acme/lsp-assembler:0.2.0", 992, ""),
        ("", 992, ""),
    ],
)
def test_an_image_that_cannot_serve_so_is_told_of(base: str, group: int | None, why: str) -> None:
    said = unfit(replace(IMAGE, base=base), Cluster(TOOL, docker_group=group))
    assert why in said
    assert bool(said) == bool(why)


def test_one_image_that_is_missing_need_not_stop_every_node() -> None:
    (pod,) = pods(objects(IMAGE, Cluster(TOOL, docker_group=992, required=Required.ANY)))
    assert pod["containers"][0]["args"][-2:] == ["--prepull-required", "any"]


@pytest.mark.parametrize("name", ["1e3", "0o17", "0x1f", "123", "null", "1.5", "yes"])
def test_a_name_that_looks_like_a_number_stays_a_name(name: str) -> None:
    text = manifests(IMAGE, Cluster(TOOL, namespace=name.replace(".", "-"), pull_secrets=(name,)))
    assert f"- name: '{name}'\n" in text


def test_whatever_is_wrong_with_the_options_is_reported() -> None:
    cluster = Cluster("No Image", namespace="Dojo\x1b", pull_secrets=("ok", "-"))
    with pytest.raises(InvalidInputError) as raised:
        manifests(IMAGE, cluster)
    assert [line.partition(":")[0] for line in raised.value.message.splitlines()] == [
        "--namespace",
        "--image",
        "--pull-secret",
    ]


def test_a_source_adds_no_line_to_the_manifests() -> None:
    text = manifests(replace(IMAGE, source="acme/x\nkind: Secret"), CLUSTER)
    assert text.startswith("# acme/x\\nkind: Secret: 3 language images")
