"""Who may do what: four roles, each with all rights of those before it.

In: the role somebody has and the one something needs. Out: yes or no. Never looks anybody up.
"""

from __future__ import annotations

from sojourn.store import sources

ROLES = sources.Role
"""From the least to the most."""
MEANING = {
    "viewer": "sees every page and number",
    "analyst": "also exports, and saves what is asked often",
    "marketer": "also changes signals, segments, links and imports",
    "admin": "also manages users, keys and settings, and erases persons",
}
"""What each role adds; docs/users.md."""


def allows(role: str | None, needed: str | None) -> bool:
    """Whether a role includes another.

    Args:
        role: viewer, analyst, marketer or admin; anything else has no right.
        needed: Least role; None: nobody need be known.
    """
    return needed is None or (role in ROLES and ROLES.index(role) >= ROLES.index(needed))
