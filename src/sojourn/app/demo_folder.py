"""The folder of `sojourn demo`: a data folder with a simulated month of a shop in it, and what the demo must know again.

In: a path, how many days and people. Out: a data folder and its `demo.json`. Never writes to a folder, and never removes one, that it did not make.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import multiprocessing
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Literal

import msgspec

from sojourn.app.asking import say
from sojourn.records.errors import BadOption, FolderBusy, SojournError
from sojourn.store.durable import replace_file
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.running import running
from sojourn.store.sources import create_key, revoke_keys
from sojourn.store.users import add_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sojourn.store.folder import Folder

SOURCE = "shop"
"""The source of the demo shop: its browser key and its server key, so that an order told by both is one event."""
SIMULATED = "simulated"
"""The source of the visitors that nobody is."""
USER = "demo"
"""Who the one-time link logs in: an admin whose password nobody knows."""
SEED = 1
_FILE = "demo.json"
_INTERRUPTED = 130
"""Exit code of what Ctrl-C ended: 128 and the number of SIGINT."""
_WORLD = "simulated"
_RECEIVED = re.compile(rb'"receivedAt":"([^"]{24})"')

Consent = Literal["required", "assumed"]


class Keys(msgspec.Struct, frozen=True):
    """Keys of the demo's sources, which a data folder keeps only hashed.

    Attributes:
        browser: Of the shop's pages.
        server: Of the shop's server.
        simulated: Of the simulated visitors.
        consent: Whether the shop's keys wait for consent.
    """

    browser: str
    server: str
    simulated: str
    consent: Consent


class Demo(msgspec.Struct, frozen=True):
    """What `demo.json` says.

    Attributes:
        made_at: When the folder was begun, ISO 8601 UTC.
        days: Days that were simulated.
        persons: People in them.
        whole: Whether it was finished.
        keys: The demo's keys; None before it was finished.
    """

    made_at: str
    days: int
    persons: int
    whole: bool = False
    keys: Keys | None = None


def find_demo(data: Path) -> Demo | None:
    """The demo a folder holds; None when there is nothing yet.

    Raises:
        BadOption: Something else is there.
    """
    try:
        return msgspec.json.decode((data / _FILE).read_bytes(), type=Demo)
    except (FileNotFoundError, NotADirectoryError):
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            message = f"{data} is no folder of `sojourn demo`, so it is left as it is; name another one with --data"
            raise BadOption(message) from None
        return None
    except msgspec.MsgspecError as error:
        message = f"{data / _FILE} cannot be read ({error}); if the folder is a demo's, delete it by hand"
        raise BadOption(message) from error


def remove_demo(data: Path) -> None:
    """Delete the folder of a demo with all that is in it; nothing when there is none.

    Raises:
        BadOption: The folder was not made by a demo.
        FolderBusy: The demo runs.
    """
    if find_demo(data) is None:
        return
    for process in ("up", "collector", "worker", "keeper"):
        found = running(open_folder(data), process) if (data / "folder.json").exists() else None
        if found is not None:
            message = f"process {found.pid} is the {process} of {data}; end it first"
            raise FolderBusy(message)
    shutil.rmtree(data)


def make_apart(data: Path, *, days: int, persons: int | None) -> Demo:
    """`make_demo` in a process of its own, for one that is going to be copied: drivers of stores do not bear that.

    Args:
        data: The folder; there is none, or an empty one.
        days: How many days, today among them.
        persons: How many people come; None: as many as in the simulated shop.

    Raises:
        SystemExit: It could not be made, which was said, or somebody pressed Ctrl-C.
    """
    making = multiprocessing.get_context("spawn").Process(target=_make, args=(data, days, persons))
    making.start()
    try:
        making.join()
    except KeyboardInterrupt:
        making.terminate()
        making.join()
        say("interrupted; the next start begins anew", err=True)
        sys.exit(_INTERRUPTED)
    demo = find_demo(data) if making.exitcode == 0 else None
    if demo is None or not demo.whole:
        sys.exit(making.exitcode or 1)
    return demo


def _make(data: Path, days: int, persons: int | None) -> None:
    # Ctrl-C is the other process's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was begun beside us is to end too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(_INTERRUPTED))
    try:
        make_demo(data, days=days, persons=persons, tell=lambda text: say(text, err=True))
    except SojournError as error:
        say(f"sojourn: {error}", err=True)
        sys.exit(1)


def make_demo(data: Path, *, days: int, persons: int | None, tell: Callable[[str], None]) -> Demo:
    """Simulate a month of the shop that ends now, and import it.

    Args:
        data: The folder; there is none, or an empty one.
        days: How many days, today among them.
        persons: How many people come; None: as many as in the simulated shop.
        tell: Is told what is being done.

    Raises:
        BadOption: Too few days or people.
    """
    from sojourn.app.asking import compile_once  # noqa: PLC0415  (heavy)
    from sojourn.simulate import simulate  # noqa: PLC0415  (heavy)

    now = dt.datetime.now(dt.UTC)
    data.mkdir(parents=True, exist_ok=True)
    _write(data, Demo(f"{now:%Y-%m-%dT%H:%M:%SZ}", days, persons or 0))
    world = data / _WORLD
    tell(f"Simulating {days} days of a shop, until now.")
    with _compiling(tell):
        start = now.date() - dt.timedelta(days=days - 1)
        made = simulate("shop", world, persons=persons, days=days, seed=SEED, start=start)
        events = until_now(made.events, now)
    compile_once()
    folder = create_folder(data)
    tell(f"Importing what {made.person_count:,} simulated people did.")
    read = _import(folder, events, made.products)
    events.unlink()
    demo = Demo(f"{now:%Y-%m-%dT%H:%M:%SZ}", days, made.person_count, whole=True, keys=_new_keys(folder, "required"))
    with contextlib.suppress(BadOption):
        # A folder that was interrupted after this has the user already.
        add_user(folder, USER, role="admin", password=secrets.token_urlsafe(24))
    _write(data, demo)
    tell(f"{read:,} events are in {data}.")
    return demo


def with_consent(data: Path, demo: Demo, consent: Consent) -> Keys:
    """The demo's keys, made anew when they ask for consent otherwise."""
    if demo.keys is not None and demo.keys.consent == consent:
        return demo.keys
    folder = open_folder(data)
    for source in (SOURCE, SIMULATED):
        revoke_keys(folder, source)
    keys = _new_keys(folder, consent)
    _write(data, msgspec.structs.replace(demo, keys=keys))
    return keys


@contextlib.contextmanager
def _compiling(tell: Callable[[str], None]) -> Iterator[None]:
    """Compile the kernels of this machine beside what is done in the block, when they are not."""
    from sojourn.app import warming  # noqa: PLC0415  (heavy)

    if warming.is_warm():
        yield
        return
    tell("Compiling for this machine meanwhile, once; a minute or two.")
    command = [sys.executable, "-m", "sojourn.app.cli", "warm"]
    # A group of its own: it starts others, and all of them end together.
    compiling = subprocess.Popen(  # noqa: S603  (our own program)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        yield
        # Whether it worked is found out by who needs it.
        compiling.wait()
    finally:
        if compiling.poll() is None:
            os.killpg(compiling.pid, signal.SIGTERM)
            compiling.wait()


def _new_keys(folder: Folder, consent: Consent) -> Keys:
    browser, _ = create_key(folder, SOURCE, kind="browser", consent=consent)
    server, _ = create_key(folder, SOURCE, kind="server", consent=consent)
    simulated, _ = create_key(folder, SIMULATED, kind="server")
    return Keys(browser, server, simulated, consent)


def _import(folder: Folder, events: Path, products: Path | None) -> int:
    from sojourn.app.asking import progress_bar  # noqa: PLC0415  (rich is heavy)
    from sojourn.app.importing import import_files  # noqa: PLC0415  (heavy)
    from sojourn.collect.imports.mapping import Mapping  # noqa: PLC0415  (heavy)
    from sojourn.collect.imports.products import read_products  # noqa: PLC0415  (heavy)
    from sojourn.store.products import put_products  # noqa: PLC0415  (heavy)

    with progress_bar(quiet=False) as progress:
        # The simulated shop knows its customers: who signed in was asked for a password.
        result = import_files([events], folder.path, Mapping(proven=True), source=SIMULATED, on_progress=progress)
    if products is not None:
        with folder.writing():
            put_products(folder, read_products(products))
    return result.imported


def until_now(events: Path, now: dt.datetime) -> Path:
    """The lines of a log that were received by now; a simulated day goes on until midnight."""
    until = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1_000:03}Z".encode()
    kept = events.with_name("until-now.jsonl.gz")
    with gzip.open(events) as lines, gzip.open(kept, "wb", compresslevel=1) as out:
        for line in lines:
            found = _RECEIVED.search(line)
            if found is not None and found[1] > until:
                # They are in order of receipt.
                break
            out.write(line)
    events.unlink()
    return kept


def _write(data: Path, demo: Demo) -> None:
    path = data / _FILE
    replace_file(path, msgspec.json.format(msgspec.json.encode(demo), indent=2) + b"\n")
    path.chmod(0o600)


def since_began() -> float | None:
    """Seconds since `make demo` began, as it says in `SOJOURN_DEMO_BEGAN`; None when it does not."""
    text = os.environ.get("SOJOURN_DEMO_BEGAN", "")
    return time.time() - int(text) if text.isdecimal() else None
