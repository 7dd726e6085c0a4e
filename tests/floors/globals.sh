#!/bin/sh
# usage: globals.sh CC OBJDUMP LIBRARY...: fails where a room has a variable that outlives its caller (a global or a
# static that is not const), naming it: replications run side by side and share nothing. Checks itself first.
set -eu
cc=$1
objdump=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The handlers of require.c are set once, before any thread starts, or belong to a thread; a signal's handler (signals.c)
# is handed nothing.
globals_of() {
    "$objdump" -t "$@" | awk '
        /file format/ { object = $1; sub(/:$/, "", object) }
        / O \.(data|bss|tdata|tbss)/ && !/ O \.data\.rel\.ro/ && object !~ /^(require|signals)\.c/ { print object ": " $NF }'
}

cat >"$work/planted.c" <<'END'
static int planted_hidden;
int planted_shown = 1;
static const int *const planted_table[] = {&planted_shown};
static const int *planted_pointer = &planted_shown;
int planted_count(int i) {
    static int calls;
    return *planted_table[i] + *planted_pointer++ + planted_hidden++ + ++calls;
}
END
"$cc" -fPIE -c -o "$work/planted.c.o" "$work/planted.c"
found=$(globals_of "$work/planted.c.o")
if [ "$(echo "$found" | grep -Ec 'calls|planted_hidden|planted_shown|planted_pointer')" -ne 4 ] || echo "$found" | grep -q table; then
    printf 'planted four variables and a constant, found:\n%s\n' "$found"
    exit 1
fi

globals=$(globals_of "$@")
[ -z "$globals" ] || { printf 'variables that outlive their caller:\n%s\n' "$globals" && exit 1; }
