"""Every error a caller can do something about.

In: nothing. Out: exception classes; the docstring of each is its first line when it is raised without words.
Never catches or logs anything.
"""

from __future__ import annotations


class SojournError(Exception):
    """Something about the request or the data must change before this can work."""

    def __str__(self) -> str:
        """The words it was raised with, else its docstring."""
        return super().__str__() or (type(self).__doc__ or "").strip()


class BadFile(SojournError):
    """The file cannot be read as an event log."""


class BadMapping(SojournError):
    """The columns of the file cannot be mapped to person, time and event."""


class BadPredicate(SojournError):
    """The predicate is not valid or uses something outside the predicate language."""


class BadCatalogue(SojournError):
    """The catalogue of signals cannot be read; each line names a place and what was expected there."""


class StaleState(SojournError):
    """The state was made by another catalogue or is newer than the event; fold the person again."""


class UnknownColumn(SojournError):
    """No event carries this column or property."""


class UnknownEvent(SojournError):
    """No event of this name is in the log."""


class UnknownPerson(SojournError):
    """No person is known by this identifier."""


class BadOption(SojournError):
    """An option has a value outside what it accepts."""


class BadField(BadOption):
    """A field of a request has a value outside what it accepts.

    Attributes:
        field: Its name, as it was sent.
        says: What was expected and what came.
    """

    def __init__(self, field: str, says: str) -> None:
        super().__init__(f"{field}: {says}")
        self.field = field
        self.says = says


class MissingExtra(SojournError):
    """A part that is installed on request is not there; the message names the command that installs it."""


class NotADataFolder(SojournError):
    """The folder holds no Sojourn data; import a file into it first."""


class FolderBusy(SojournError):
    """Another process is writing to this data folder; wait for it or end it."""


class NotWritable(SojournError):
    """The data folder is read-only for this user; give it a folder it may write, or change its permissions."""


class StorageFull(SojournError):
    """The disk is full; nothing of this import was stored. Free some space and run it again."""


class BadBody(SojournError):
    """The body of a request cannot be read: it is no JSON, or its compression is damaged."""


class BadBackup(SojournError):
    """The file is no backup, or not a whole one; nothing was restored."""


class SendsHeld(SojournError):
    """The folder was restored, and nothing is sent from it until somebody has seen what."""


class BodyTooLarge(SojournError):
    """The body of a request is larger than the collector accepts; send smaller batches."""


class LogFailed(SojournError):
    """The log could not be written or read; nothing of this batch was stored."""


class QueryRefused(SojournError):
    """The SQL may not run: only one SELECT over `events` and `persons` is allowed."""


class UnknownLink(SojournError):
    """No link between two identifiers has this name."""


class NotDelivered(SojournError):
    """Events could not be delivered to the collector and will not be sent again."""


class UnknownUser(SojournError):
    """No user has this name."""


class BadLogin(SojournError):
    """Name and password do not fit."""


class TooManyLogins(SojournError):
    """Too many logins were tried; wait a quarter of an hour."""


class UnknownRequest(SojournError):
    """No privacy request has this number."""
