#!/bin/sh
# Show Sojourn at work: demo.sh DATA [LOG]
# Without LOG: a simulated month of a shop, the console on it, and a shop to walk through, until Ctrl-C.
# With LOG: a report on that log; at a terminal the console on it afterwards, until Ctrl-C.
# SOJOURN_DEMO=report: a report and nothing else, in both cases; no port is opened then.
# Each log gets a data folder of its own, so that two demos never mix.
set -eu
SOJOURN_DEMO_BEGAN=$(date +%s)
export SOJOURN_DEMO_BEGAN
cd "$(dirname "$0")/.."
data=$1 log=${2:-} wanted=${SOJOURN_DEMO:-}

# The shell leaves a tilde inside LOG=~/... as it is.
case "$log" in "~/"*) log=$HOME/${log#"~/"} ;; esac

# Said before anything is downloaded, because a wrong name is found out sooner that way.
[ -z "$log" ] || [ -f "$log" ] || { echo "LOG=$log: there is no such file." >&2; exit 2; }
case "$wanted" in
    '' | report) ;;
    *) echo "SOJOURN_DEMO=$wanted: expected report, or nothing." >&2; exit 2 ;;
esac

sojourn=.venv/bin/sojourn
if [ -z "$log" ] && [ "$wanted" != report ]; then
    # It compiles for this machine while it simulates.
    sh install/install.sh runtime
    mkdir -p "$data"
    exec "$sojourn" demo --data "$data/shop"
fi

sh install/install.sh runtime warm
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
echo "Everything stays in $data; no port was opened."
# Only who sits at a terminal can end the console with Ctrl-C.
if [ "$wanted" = report ] || [ ! -t 0 ]; then
    echo "The console on it: $sojourn up --data $folder"
    exit 0
fi
echo "Starting the console on it. Ctrl-C ends it; another start: $sojourn up --data $folder"
exec "$sojourn" up --data "$folder"
