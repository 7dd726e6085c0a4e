#!/bin/sh
# usage: dat.sh DAT FOLDER [--update]: the data of every picture, written by DAT for the inputs in FOLDER, are those in
# FOLDER/expected, byte for byte. After a deliberate change: --update.
set -eu
dat=$(realpath "$1")
folder=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$dat" "$folder" "$work"
if [ "${3:-}" = --update ]; then
    rm -rf "$folder/expected"
    cp -r "$work" "$folder/expected"
else
    diff -ru "$folder/expected" "$work"
    # What compares must be able to differ.
    echo 1 >>"$work/line/curve.dat"
    ! diff -rq "$folder/expected" "$work" >"$work/self" || { echo "dat.sh: its own check failed" && exit 1; }
fi
