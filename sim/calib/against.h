#pragma once
// Two cost profiles side by side: does calibrating again give the same costs?
#include "calib/figure.h"
#include "scenario/costs.h"

enum against_where { AGAINST_BOTH, AGAINST_NOW, AGAINST_THEN };

struct against_row {
    char key[80]; // "server.accept.cpu"; of a point of a curve "machine.cold@1ms"
    enum unit unit;
    bool on_off;
    enum against_where where; // that measured it; the other's cost is zero where only one did
    struct cost now, then;    // then: as on a machine of the new profile's speed
    bool agrees;              // AGAINST_BOTH: see against_compare
};

struct against {
    int rows, compared, agree; // compared: rows of AGAINST_BOTH
    struct against_row *row;
    size_t room;
    bool same_host; // the same processor and kernel: what differs is noise, or has changed
    // `dense` (else `speed`) then over now, by which the older CPU costs were scaled; 1 where it is not known.
    double speed;
};

// Sets every cost that both profiles measured (provenance probe or fit) side by side. They agree where their intervals
// meet, or where their values differ by less than matters (figure_alike); switches where they are the same. What the CPU
// costs are for (`speed`, `dense`, `pace`) is no cost. Cost: some 10 us.
void against_compare(struct against *a, const struct costs *now, const struct costs *then);
void against_fini(struct against *a);

// Whether as many agree as must. Of independent 95 % intervals of one value 0.6 % would miss each other (|z| > 1.96 sqrt 2);
// the halves of one calibration do in 1 to 2 %. But a system call that has become slower moves every stage that it is a part
// of, up to four: one such change passes, two do not. True on another host, where nothing has to be the same.
bool against_enough(const struct against *a);

enum { AGAINST_ENOUGH_PERCENT = 90 };
