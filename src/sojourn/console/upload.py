"""A form with a file, taken piece by piece: into the data folder, and never whole into memory.

In: the stream of a request. Out: a finished `Upload`. Refuses a form that is not one of ours before the first byte of the file.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from sojourn.api.imports import MOST_BYTES, TOO_LARGE
from sojourn.console.guard import TOKEN_FIELD
from sojourn.records.errors import BadBody, BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.api.imports import Upload
    from sojourn.console.asked import Asked

_LONGEST_FIELD = 4_096
_PIECE = 1 << 20
_STALE = "this form was made before you logged in, or by another site; load the page again, and send it once more"


class _Form:
    """What the parser says, kept until somebody takes it."""

    def __init__(self, boundary: bytes) -> None:
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header(data[start:end], of_name=True),
                "on_header_value": lambda data, start, end: self._header(data[start:end], of_name=False),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": lambda data, start, end: self._data(data[start:end]),
                "on_end": self._end,
            },
        )
        self.is_whole = False
        self.fields: dict[str, bytes] = {}
        self.file_name: str | None = None
        self.pieces: list[bytes] = []
        self._begin()

    def _begin(self) -> None:
        self._name, self._is_file = "", False
        self._header_name = self._header_value = b""
        self._headers: dict[bytes, bytes] = {}

    def _header(self, data: bytes, *, of_name: bool) -> None:
        if of_name:
            self._header_name += data
        else:
            self._header_value += data
        if len(self._header_name) + len(self._header_value) > _LONGEST_FIELD:
            raise BadBody("a part of the form has a header that is too long")

    def _header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            if self.file_name is not None:
                raise BadBody("expected one file; choose one, or a zip archive of several")
            self._is_file = True
            self.file_name = options[b"filename"].decode("utf-8", "replace")

    def _end(self) -> None:
        self.is_whole = True

    def _data(self, piece: bytes) -> None:
        if self._is_file:
            self.pieces.append(piece)
            return
        self.fields[self._name] = self.fields.get(self._name, b"") + piece
        if len(self.fields[self._name]) > _LONGEST_FIELD:
            raise BadBody("a field of the form is too long")


async def receive_upload(asked: Asked, begin: Callable[[str], Upload]) -> Upload:
    """Take the file of a form whose first field is the token.

    Args:
        asked: The request; its body was not read.
        begin: Opens the upload of a file by its name.

    Returns:
        The upload, whole, not finished.

    Raises:
        BadBody: It is no such form, or none of ours.
        BodyTooLarge: The file is larger than may be uploaded.
        StorageFull: The disk is full.
    """
    form = _Form(_boundary(asked))
    upload: Upload | None = None
    held = 0
    try:
        async for chunk in asked.request.stream():
            _parse(form, chunk)
            if form.file_name is None:
                continue
            if upload is None:
                _check(asked, form)
                upload = begin(form.file_name)
            held += len(chunk)
            if held >= _PIECE:
                held = 0
                await _write(upload, form)
        if upload is not None:
            _check_whole(form)
            await _write(upload, form)
    except BaseException:
        if upload is not None:
            upload.give_up()
        raise
    if upload is None:
        raise BadBody("choose a file")
    return upload


def _boundary(asked: Asked) -> bytes:
    headers = asked.request.headers
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MOST_BYTES + _PIECE:
        raise BodyTooLarge(TOO_LARGE)
    kind, options = parse_options_header(headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise BadBody("expected a form with a file")
    return options[b"boundary"]


def _parse(form: _Form, chunk: bytes) -> None:
    try:
        form.parser.write(chunk)
    except MultipartParseError as error:
        message = f"the form cannot be read: {error}"
        raise BadBody(message) from error


def _check_whole(form: _Form) -> None:
    if not form.is_whole:
        raise BadBody("the upload was cut; send it again")


def _check(asked: Asked, form: _Form) -> None:
    given = form.fields.get(TOKEN_FIELD, b"")
    if not asked.csrf or not hmac.compare_digest(given, asked.csrf.encode()):
        raise BadBody(_STALE)


async def _write(upload: Upload, form: _Form) -> None:
    pieces, form.pieces = b"".join(form.pieces), []
    await run_in_threadpool(upload.write, pieces)
