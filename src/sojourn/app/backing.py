"""What the control API answers from, wired to a data folder.

In: a data folder. Out: a `Backing`. Opens nothing before it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.api.call import Backing
from sojourn.api.history import History
from sojourn.app.live import LiveQuestions
from sojourn.app.live_profile import LiveProfile
from sojourn.app.person_care import FolderCare

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def backing_of(folder: Folder, history: History | None = None) -> Backing:
    """What answers of a folder.

    Args:
        folder: The data folder.
        history: Its journeys, when somebody else asks them too; own ones when None.
    """
    kept = history or History(folder)
    return Backing(kept, LiveQuestions(folder), FolderCare(kept), LiveProfile)
