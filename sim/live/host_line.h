#pragma once
// How long a line of cache takes from one core to another. On a virtual machine this changes by a factor of three, when
// the host moves a virtual core to another cache complex: seen 72 and 245 ns, for seconds to minutes at a time.
#include <stdatomic.h>
#include <stdint.h>

enum { HOST_LINE_APART = 256 }; // bytes: no prefetcher brings both words at once

// What the two sides share. All zero at the start.
struct host_line {
    atomic_llong here[2];
    char apart1[HOST_LINE_APART];
    atomic_llong ping;
    char apart2[HOST_LINE_APART];
    atomic_llong pong;
    char apart3[HOST_LINE_APART];
};

// Two threads on two cores call this at about the same time, one as side 0 and one as side 1, with the same `number`, which
// is larger each time. Returns half a round trip of a line between them, ns, to side 0 (the shortest of some: what
// disturbs one is not the distance), and 0 to side 1 or where the other did not come within `most` ns. Both spin.
// Cost: up to `most` ns of waiting, then 5-20 us.
double host_line_meet(struct host_line *line, int side, int64_t number, int64_t most);
