#!/bin/sh
# usage: soak.sh PROGRAM [SECONDS]: the micro-server under `wrk`, each model for 10 s with the lock and for 10 s without, and
# then a graceful end. Meant for the sanitizer builds (`./bootstrap soak`): what they find is on stderr, and any word of it
# fails. 77 where there is no wrk.
set -eu
program=$1
seconds=${2:-10}
command -v wrk >/dev/null || exit 77
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# A worker in which a race is found must not end well.
export TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS:-}"

cat >"$work/soak.yaml" <<'END'
# Does the server bear it?
name: soak
server: {model: event_loop, threads: 8, workers: 2, gil: {switch_interval: 1ms}}
resources: {db: {capacity: 3, shared: on}}
endpoints:
  - {name: work, weight: 4, handler: [cpu: exp(50us), cpu_nogil: 20us]}
  - {name: wait, weight: 1, handler: [{use: db, for: 200us}, sleep: exp(100us)]}
load: {client: wrk, concurrency: 16, duration: 1s}
END

fail() {
    echo "$*"
    cat "$work/out" "$work/err"
    exit 1
}

# soak MODEL WHAT [SETTING...]
soak() {
    model=$1 what="$1, $2"
    shift 2
    rm -f "$work/out" # what the last server said must not be taken for this one's
    "$program" serve "$work/soak.yaml" --set server.model="$model" "$@" >"$work/out" 2>"$work/err" &
    server=$!
    for _ in $(seq 100); do
        [ -s "$work/out" ] && break
        sleep 0.1
    done
    url=$(sed -n '1s/^http/http/p' "$work/out")
    [ -n "$url" ] || fail "$what: does not start"
    wrk -t 1 -c 16 -d "${seconds}s" "$url" >"$work/wrk" || fail "$what: wrk fails"
    kill "$server"
    code=0
    wait "$server" || code=$?
    server=
    [ $code -eq 143 ] || fail "$what: exit code $code"
    [ ! -s "$work/err" ] || fail "$what: said something"
    served=$(sed -n 's/^served \([0-9]*\) requests.*/\1/p' "$work/out")
    [ "${served:-0}" -gt 100 ] || fail "$what: served ${served:-0} requests"
    echo "$what: $(sed -n '2p' "$work/out")"
}

for model in event_loop threadpool thread_per_request prefork; do
    soak "$model" "with the lock"
    soak "$model" "without the lock" --set server.gil=none
done
