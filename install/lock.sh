#!/bin/sh
# Renew requirements.lock (what a user runs) and requirements-dev.lock (that, and what a developer runs).
# Neither names a package index: each machine uses its own.
set -eu
cd "$(dirname "$0")/.."
python=$1

compile() {
    "$python" -m uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
        --no-header --upgrade pyproject.toml "$@" >/dev/null
}
compile --group build --output-file requirements.lock
compile --group dev --constraints requirements.lock --output-file requirements-dev.lock
