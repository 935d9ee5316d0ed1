#!/bin/sh
# Print the newest Python (3.11 or later) on PATH that can make a virtual environment.
# Without one, print the one command that helps, and exit 2.
set -u

# Each candidate is run, because a name proves nothing: version managers leave shims that run nothing.
probe='
import sys
if sys.version_info < (3, 11):
    sys.exit(3)
print("%d %d %s" % (sys.version_info[0], sys.version_info[1], sys.executable))
try:
    import ensurepip, sqlite3, ssl, venv, zlib
    ensurepip.version()
except Exception:
    sys.exit(4)
'
best='' best_minor=0
bare='' bare_minor=0
for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
    command -v "$name" >/dev/null 2>&1 || continue
    answer=$("$name" -c "$probe" 2>/dev/null)
    status=$?
    case "$status" in 0 | 4) ;; *) continue ;; esac
    minor=$(printf '%s' "$answer" | cut -d ' ' -f 2)
    case "$minor" in '' | *[!0-9]*) continue ;; esac
    path=$(printf '%s' "$answer" | cut -d ' ' -f 3-)
    if [ "$status" = 0 ] && [ "$minor" -gt "$best_minor" ]; then
        best=$path best_minor=$minor
    elif [ "$status" = 4 ] && [ "$minor" -gt "$bare_minor" ]; then
        bare=$path bare_minor=$minor
    fi
done

if [ -n "$best" ]; then
    printf '%s\n' "$best"
    exit 0
fi

sudo=''
[ "$(id -u 2>/dev/null || echo 0)" = 0 ] || sudo='sudo '

if [ -n "$bare" ]; then
    {
        echo "$bare is Python 3.$bare_minor, but it cannot make a virtual environment (ensurepip, sqlite3, ssl, venv or zlib is missing). Run:"
        if command -v apt-get >/dev/null 2>&1; then
            echo "    ${sudo}apt-get install -y python3.$bare_minor-venv"
        else
            echo "    ${sudo}$bare -m ensurepip   # or install a complete Python from https://www.python.org/downloads/"
        fi
        echo "then the same make command again."
    } >&2
    exit 2
fi

{
    echo "Sojourn needs Python 3.11 or later, and none is on PATH. Run:"
    if command -v apt-get >/dev/null 2>&1; then
        version=3
        for minor in 14 13 12 11; do
            if apt-cache show "python3.$minor-venv" >/dev/null 2>&1; then
                version=3.$minor
                break
            fi
        done
        echo "    ${sudo}apt-get install -y python$version python$version-venv"
    elif command -v dnf >/dev/null 2>&1; then
        echo "    ${sudo}dnf install -y python3.12"
    elif command -v apk >/dev/null 2>&1; then
        echo "    ${sudo}apk add python3"
    elif command -v pacman >/dev/null 2>&1; then
        echo "    ${sudo}pacman -S --noconfirm python"
    elif command -v zypper >/dev/null 2>&1; then
        echo "    ${sudo}zypper install -y python312"
    elif command -v brew >/dev/null 2>&1; then
        echo "    brew install python@3.13"
    else
        echo "    an installer from https://www.python.org/downloads/"
    fi
    echo "then the same make command again."
} >&2
exit 2
