#include "live/load_growth.h"

#include <math.h>

void load_growth_look(struct load_growth *g, int quarter, sim_time at, int64_t n, int64_t arrived) {
    double ns = (double)(at - g->last);
    g->area[quarter] += (double)n * ns;
    g->span[quarter] += ns;
    g->arrived[quarter] = arrived;
    g->last = at;
}

static double mean(const struct load_growth *g, int quarter) {
    return g->span[quarter] > 0 ? g->area[quarter] / g->span[quarter] : 0;
}

bool load_growth_found(const struct load_growth *g) {
    double early = mean(g, 1), middle = mean(g, 2), late = mean(g, 3);
    double arrived = (double)(g->arrived[2] - g->arrived[0]), growth = late - early;
    return late > middle && middle > early && growth > 4.5 * sqrt(arrived) && growth > 0.02 * arrived;
}
