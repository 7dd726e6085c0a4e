#!/bin/sh
# usage: house.sh [ROOT]: prints each breach of the house rules below ROOT (here: the current folder); exit 1 where
# there is one. The rules for C files stand in house.awk, beside this file; here are those for the other files.
set -eu
here=$(cd -- "$(dirname -- "$0")" && pwd)
cd -- "${1:-.}"
status=0

find sim models tests -name '*.[ch]' | sort | xargs awk -f "$here/house.awk" || status=1

# A folder's README tells its plan on one screen; what the program prints between the marks of tests/docs does not count.
for readme in $(find sim models configs plots tests -name README.md | sort); do
    lines=$(sed '/^<!-- run: /,/^<!-- end -->/d' "$readme" | wc -l)
    if [ "$lines" -gt 40 ]; then
        echo "$readme: $lines lines; a folder's README has at most 40"
        status=1
    fi
done

# Somebody's home or working folder means nothing on another machine. (`[/]`, that the pattern does not find itself.)
if find . -name .git -prune -o -name 'build*' -type d -prune -o -type f -print | sort |
    xargs grep -InE "(^|[^A-Za-z0-9_./])[/](root|home|work|Users)/[A-Za-z0-9_.]"; then
    echo "above: paths of one machine"
    status=1
fi

exit $status
