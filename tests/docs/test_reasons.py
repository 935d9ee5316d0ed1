"""Every reason a row can be rejected for has a row in the glossary."""

from __future__ import annotations

import re

from sojourn.records.rejected import Reason


def test_every_reject_reason_is_explained(pages: dict[str, str]) -> None:
    explained = re.findall(r"^\| `(\w+)` \|", pages["docs/glossary.md"], flags=re.MULTILINE)

    assert {reason.value for reason in Reason} <= set(explained)
