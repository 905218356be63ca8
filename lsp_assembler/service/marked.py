"""A catalog as a policy lets it be shown: what is blocked is marked, or left out. Pure."""

import json
from collections.abc import Mapping

from msgspec.structs import asdict, replace

from lsp_assembler.service.answer import Prepared
from lsp_assembler.service.blocked import Blocked
from lsp_assembler.service.catalog import Catalog, all_manifests
from lsp_assembler.service.manifests import rendered


def marked(catalog: Catalog, blocked: Mapping[str, Blocked], *, hide: bool = False) -> Catalog:
    """The same catalog with some of its start points blocked; it shares all else with the one before.

    Args:
        catalog: in which nothing is blocked.
        blocked: by language image, as manifests spell it.
        hide: whether to leave the blocked ones out, in place of marking them.
    """
    found = {each.name: blocked[each.image_name] for each in catalog.entries if each.image_name in blocked}
    if not found:
        return catalog
    manifests = {
        name: _marked(before, found[name]) if name in found else before
        for name, before in catalog.manifests.items()
    }
    answers = dict(catalog.answers)
    names, images, hidden = catalog.names, catalog.image_names, {}
    if hide:
        hidden = {name: manifests.pop(name) for name in found}
        names = tuple(name for name in names if name not in found)
        images = tuple(image for image in images if image not in blocked)
        answers["names"] = Prepared(rendered({"names": names}))
        answers["image_names"] = Prepared(rendered({"image_names": images}))
    answers["manifests"] = all_manifests(manifests)
    return replace(
        catalog,
        names=names,
        image_names=images,
        answers=answers,
        manifests=manifests,
        blocked=found,
        hidden=hidden,
    )


def _marked(before: Prepared, blocked: Blocked) -> Prepared:
    """The answer with the mark, which is the only one, whatever the manifest itself has."""
    manifest = json.loads(before.body)["manifest"]
    return Prepared(rendered({"manifest": {**manifest, "blocked": asdict(blocked)}}))
