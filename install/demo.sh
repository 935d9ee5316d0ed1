#!/bin/sh
# Report on a log, or on a simulated month of a shop: demo.sh SOJOURN DATA [LOG]
# Each log gets a data folder of its own, so that two demos never mix.
set -eu
sojourn=$1 data=$2 log=${3:-}

echo "No port is opened; everything stays in $data."
if [ -z "$log" ]; then
    exec "$sojourn" report --help
fi
[ -e "$log" ] || { echo "LOG=$log: no such file." >&2; exit 2; }
folder=$data/$(basename "$log")
mkdir -p "$data"
exec "$sojourn" report "$log" --data "$folder"
