#include "live/demand.h"

#include "scenario/streams.h"
#include "stats/rng.h"

// Which place of the stream a draw is taken from.
enum { STEP_BITS = 9, ENDPOINT_DRAW = (1 << STEP_BITS) - 1 };

static struct rng stream_of(const struct scenario *s, uint64_t place) {
    struct rng g;
    rng_init(&g, s->run.seed, 0, 0, STREAM_DEMAND);
    rng_seek(&g, place);
    return g;
}

int demand_endpoint(const struct scenario *s, uint64_t number) {
    double total = 0;
    int i = 0;
    if (s->endpoints < 2) return 0;
    for (int k = 0; k < s->endpoints; k++) total += s->endpoint[k].weight;
    struct rng g = stream_of(s, number << STEP_BITS | ENDPOINT_DRAW);
    double x = rng_unit(&g) * total;
    while (i < s->endpoints - 1 && (x -= s->endpoint[i].weight) >= 0) i++;
    return i;
}

int64_t demand_step(const struct scenario *s, int endpoint, int step, uint64_t number) {
    const struct dist *d = &s->endpoint[endpoint].step[step].time;
    if (d->kind == DIST_CONSTANT) return (int64_t)(d->a + 0.5);
    struct rng g = stream_of(s, number << STEP_BITS | (uint64_t)step);
    double ns = dist_draw(d, &g);
    return ns < 3e18 ? (int64_t)(ns + 0.5) : (int64_t)3e18;
}
