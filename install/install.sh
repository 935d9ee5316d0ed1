#!/bin/sh
# Make .venv hold what a lock names, and this checkout. Used by the Makefile: install.sh runtime|dev [warm]
# Does nothing, and needs no network, when that is already so. Safe to run again after a failure or Ctrl-C:
# a stamp is written only after its step succeeded, and it names the hash of what was installed.
set -eu
cd "$(dirname "$0")/.."

kind=$1
venv=.venv
python=$venv/bin/python
stamps=$venv/.sojourn

case "$kind" in
    runtime) lock=requirements.lock size='about 270 MB' ;;
    dev) lock=requirements-dev.lock size='about 590 MB' ;;
    *) echo "install.sh: expected runtime or dev, got \"$kind\"" >&2; exit 2 ;;
esac

key() { cat "$@" | cksum | tr ' ' '-'; }
stamped() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }
stamp() { mkdir -p "$stamps" && printf '%s\n' "$2" >"$stamps/$1"; }

# `.venv` is made anew when it is missing, half made, or its Python has left the machine.
if ! "$python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    chosen=$(sh install/find_python.sh)
    echo "Making $venv with $("$chosen" --version) ($chosen)."
    "$chosen" -m venv --clear "$venv"
fi

# The dev lock holds all of the runtime lock, so a checkout ready to test is ready to run.
wanted=$(key "$lock")
if ! stamped "$kind" "$wanted" && ! { [ "$kind" = runtime ] && stamped dev "$(key requirements-dev.lock)"; }; then
    echo "Installing the packages of $lock: $size to download (a minute or two). No port is opened."
    # Byte code is made when a module is first used: of everything at once it takes a third of the time of all this.
    "$python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes --requirement "$lock"
    stamp "$kind" "$wanted"
fi

# The place counts: console scripts and the editable link name it.
project="$(key pyproject.toml) $(pwd)"
if ! stamped project "$project"; then
    echo "Installing this checkout into $venv."
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
    stamp project "$project"
fi

# `sojourn warm` compiles the kernels once for this machine; a changed source file is compiled again.
[ "${2:-}" = warm ] || exit 0
sources=$(find src/sojourn -name '*.py' -exec cksum {} + | sort | cksum | tr ' ' '-')
if ! stamped kernels "$wanted $project $sources"; then
    "$venv/bin/sojourn" warm
    stamp kernels "$wanted $project $sources"
fi
