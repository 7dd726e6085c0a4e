#!/bin/sh
# nginx on 127.0.0.1 in the foreground, its files in a folder that goes with it: sh serve.sh PORT [WORKERS]
set -eu
[ "${1:-0}" -gt 0 ] || { echo 'usage: sh serve.sh PORT [WORKERS]' >&2 && exit 2; }
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
folder=$(mktemp -d)
server=
trap 'rm -rf "$folder"' EXIT
trap 'kill "${server:-$$}" 2>/dev/null || :' INT TERM
sed "s|FOLDER|$folder|; s|PORT|$1|; s|WORKERS|${2:-1}|" "$here/nginx.conf" >"$folder/nginx.conf"
PATH=$PATH:/usr/sbin nginx -p "$folder" -e stderr -c "$folder/nginx.conf" &
server=$!
code=0
while kill -0 "$server" 2>/dev/null; do wait "$server" || code=$?; done
exit "$code"
