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

sh install/install.sh runtime warm
sojourn=.venv/bin/sojourn
echo "No port is opened; everything stays in $data."
mkdir -p "$data"
if [ -z "$log" ]; then
    # Renamed when it is whole, so that a demo that was interrupted is simply begun again.
    world=$data/simulated-shop
    if [ ! -d "$world" ]; then
        rm -rf "$world.part"
        echo "Simulating a month of a shop into $world."
        "$sojourn" simulate shop --out "$world.part" >/dev/null
        mv "$world.part" "$world"
    fi
    log=$world/events.jsonl.gz
    folder=$data/simulated-shop.sojourn
else
    # Logs of different folders may have one name.
    place=$(cd "$(dirname "$log")" && pwd)
    folder=$data/$(basename "$log")-$(printf '%s' "$place" | cksum | cut -d ' ' -f 1).sojourn
fi
# 3 says that some rows of the log are in quarantine, which the report shows: the demo did its job.
"$sojourn" report "$log" --data "$folder" --html "${folder%.sojourn}.html" || [ $? = 3 ]
