#!/bin/sh
# names.sh BENCH: the benchmark runs and reports every figure.
out=$("$1" --brief yes --format json) || exit 1
for name in two_slot mm1 timers_2 timers_16 timers_128 timers_1000 timers_10000 timers_100000 bimodal_1000 cancel_1000 \
    draw_u64 draw_exp memory_timer requests_event_loop requests_threadpool_gil requests_thread_per_request \
    requests_prefork requests_10000_connections requests_open_timeouts memory_request memory_waiting; do
    echo "$out" | grep -Eq "\"name\": \"$name\", \"unit\": \"[^\"]+\", \"median\": -?[0-9]" || { echo "no figure: $name"; exit 1; }
done
"$1" --format md --brief yes --only timers_16 | awk -F'|' 'NF != 9 { exit 1 } END { exit NR != 3 }' || { echo "not a table"; exit 1; }
! "$1" --format xml 2>/dev/null
