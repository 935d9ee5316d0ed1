#!/bin/sh
# Report on a log, or on a simulated month of a shop: demo.sh DATA [LOG]
# Each log gets a data folder of its own, so that two demos never mix.
set -eu
cd "$(dirname "$0")/.."
data=$1 log=${2:-}

# The shell leaves a tilde inside LOG=~/... as it is.
case "$log" in "~/"*) log=$HOME/${log#"~/"} ;; esac

# Said before anything is downloaded, because a wrong name is found out sooner that way.
[ -z "$log" ] || [ -f "$log" ] || { echo "LOG=$log: there is no such file." >&2; exit 2; }

sh install/install.sh runtime
sojourn=.venv/bin/sojourn
echo "No port is opened; everything stays in $data."
mkdir -p "$data"
if [ -z "$log" ]; then
    log=$data/simulated-shop.jsonl
    if [ ! -f "$log" ]; then
        "$sojourn" simulate shop --out "$log.part"
        mv "$log.part" "$log"
    fi
fi
# 3 says that some rows of the log are in quarantine, which the report shows: the demo did its job.
"$sojourn" report "$log" --data "$data/$(basename "$log").sojourn" || [ $? = 3 ]
