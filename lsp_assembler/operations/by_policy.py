"""The policy of images.yml, on its way to where language images are judged by it."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from lsp_assembler.model.policy import Policy
from lsp_assembler.operations.plan import Plan

if TYPE_CHECKING:
    from lsp_assembler.stores.open import Stores


class ByPolicy(Struct, frozen=True):
    """How language images are judged by a policy.

    Args:
        stores: where registries are asked, if the policy asks for what only they know.
        jobs: how many questions are asked at once; None for many.
        today: in UTC.
    """

    policy: Policy
    stores: "Stores"
    jobs: int | None
    today: date


def today() -> date:
    """The day that it is in UTC."""
    return datetime.now(UTC).date()


def by_policy(planned: Plan, stores: "Stores", jobs: int | None) -> ByPolicy | None:
    """How the language images of a plan are judged today; None where its images.yml has no policy."""
    policy = planned.file.policy if planned.file else None
    return ByPolicy(policy, stores, jobs, today()) if policy else None
