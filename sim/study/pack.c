#include "study/pack.h"

#include "base/hash.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION = 1,
    SLOTS = 1 << 15, // more than a histogram can have
    BLAME_SLOTS = SLOTS >> OBSERVATION_COARSE,
    HASH_BYTES = 8,
};

// One walk over a structure serves both directions, so that they cannot disagree: it reads into the fields that it visits,
// or writes them.
struct pack {
    struct text *out; // NULL = reading
    const unsigned char *in;
    size_t left;
    bool damaged;
};

// ---- single values ----

static void put_byte(struct pack *p, unsigned char byte) {
    text_add_bytes(p->out, (const char *)&byte, 1);
}

static unsigned char get_byte(struct pack *p) {
    if (p->left == 0) p->damaged = true;
    if (p->damaged) return 0;
    p->left--;
    return *p->in++;
}

// Seven bits a byte, the lowest first; all but the last have the highest bit set (LEB128).
static void word(struct pack *p, uint64_t *x) {
    if (p->out) {
        uint64_t rest = *x;
        for (; rest >= 0x80; rest >>= 7) put_byte(p, (unsigned char)(rest | 0x80));
        put_byte(p, (unsigned char)rest);
        return;
    }
    unsigned char byte;
    int shift = 0;
    *x = 0;
    do {
        byte = get_byte(p);
        *x |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) && shift < 64);
    if (byte & 0x80) p->damaged = true;
}

static void eight_bytes(struct pack *p, uint64_t *x) {
    uint64_t read = 0;
    for (int i = 0; i < 8; i++) {
        if (p->out)
            put_byte(p, (unsigned char)(*x >> 8 * i));
        else
            read |= (uint64_t)get_byte(p) << 8 * i;
    }
    if (!p->out) *x = read;
}

// The sign in the lowest bit.
static void whole(struct pack *p, int64_t *x) {
    uint64_t folded = (uint64_t)*x << 1 ^ (*x < 0 ? UINT64_MAX : 0);
    word(p, &folded);
    if (!p->out) *x = (int64_t)(folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0));
}

// Many are counts or sums of ns: a whole number takes as few bytes as it needs, doubled; any other is a 1 and its bits.
static void number(struct pack *p, double *x) {
    uint64_t bits, code = 1;
    memcpy(&bits, x, sizeof bits);
    if (p->out && *x >= 0 && *x < 0x1p53 && floor(*x) == *x && !signbit(*x)) code = (uint64_t)*x << 1;
    word(p, &code);
    if (code == 1)
        eight_bytes(p, &bits);
    else if (code & 1)
        p->damaged = true;
    if (p->out) return;
    if (code == 1)
        memcpy(x, &bits, sizeof *x);
    else
        *x = (double)(code >> 1);
}

static void numbers(struct pack *p, double *x, int n) {
    for (int i = 0; i < n; i++) number(p, &x[i]);
}

// 0..most.
static int limited(struct pack *p, int x, int most) {
    uint64_t w = (uint64_t)x;
    word(p, &w);
    if (w > (uint64_t)most) p->damaged = true;
    return p->damaged ? 0 : (int)w;
}

static void flag(struct pack *p, bool *x) {
    *x = limited(p, *x, 1);
}

static void string(struct pack *p, char *x, int room) {
    int n = limited(p, p->out ? (int)strnlen(x, (size_t)room - 1) : 0, room - 1);
    for (int i = 0; i < n; i++) {
        if (p->out)
            put_byte(p, (unsigned char)x[i]);
        else
            x[i] = (char)get_byte(p);
    }
    if (!p->out) x[n] = '\0';
}

// ---- an observation ----

static uint32_t used_slots(const struct hist *h) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->slots; i++) n += h->slot[i] > 0;
    return n;
}

static void put_slots(struct pack *p, const struct hist *h) {
    uint64_t used = used_slots(h), gap = 0;
    word(p, &used);
    for (uint32_t i = 0; i < h->slots; i++) {
        if (h->slot[i]) {
            word(p, &gap);
            word(p, &h->slot[i]);
            gap = 0;
        } else {
            gap++;
        }
    }
}

static void get_slots(struct pack *p, struct hist *h) {
    uint64_t used = 0, gap, at = 0, count = 0;
    word(p, &used);
    for (uint64_t i = 0; i < used && !p->damaged; i++) {
        uint64_t n = 0;
        word(p, &gap);
        word(p, &n);
        if (gap >= SLOTS || at + gap >= SLOTS) p->damaged = true;
        if (p->damaged) return;
        at += gap;
        if (at >= h->slots) hist_grow(h, (uint32_t)at);
        h->slot[at++] = n;
        count += n;
    }
    if (count != h->count) p->damaged = true;
}

static void histogram(struct pack *p, struct hist *h) {
    word(p, &h->count);
    whole(p, &h->min);
    whole(p, &h->max);
    number(p, &h->sum);
    if (p->out)
        put_slots(p, h);
    else
        get_slots(p, h);
}

static void blame(struct pack *p, struct observation *o) {
    uint32_t slots = (uint32_t)limited(p, (int)o->blame_slots, BLAME_SLOTS);
    if (!p->out && slots) {
        o->blame_sum = memory_new(slots, sizeof *o->blame_sum);
        o->blame_count = memory_new(slots, sizeof *o->blame_count);
        o->blame_slots = slots;
    }
    for (uint32_t i = 0; i < slots; i++) {
        word(p, &o->blame_count[i]);
        if (o->blame_count[i]) numbers(p, o->blame_sum[i], BLAME_COUNT);
    }
}

static void station(struct pack *p, struct station_seen *s) {
    double *const x[] = {&s->busy_s, &s->servers, &s->instances, &s->queue_s, &s->full_s};
    for (int i = 0; i < 5; i++) number(p, x[i]);
    whole(p, &s->arrivals);
    whole(p, &s->refused);
}

static void observation(struct pack *p, struct observation *o) {
    int64_t *const counts[] = {&o->arrived,       &o->done,    &o->timed_out,
                               &o->refused,       &o->retried, &o->in_system_first,
                               &o->in_system_last};
    double *const reals[] = {&o->span_s,   &o->server_cpu_s, &o->voluntary,    &o->involuntary,
                             &o->switches, &o->wakeups,      &o->lock_handoffs};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) whole(p, counts[i]);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) number(p, reals[i]);
    histogram(p, &o->latency);
    for (int i = 0; i < SEEN_ENDPOINTS; i++) histogram(p, &o->endpoint_latency[i]);
    blame(p, o);
    for (int l = 0; l < LIMIT_COUNT; l++) station(p, &o->station[l]);
    for (int i = 0; i < SEEN_RESOURCES; i++) station(p, &o->resource[i]);
    word(p, &o->events);
    eight_bytes(p, &o->trace_hash);
    flag(p, &o->saturated);
    flag(p, &o->too_short);
}

// ---- the result of a case ----

static void estimate(struct pack *p, struct estimate *e) {
    number(p, &e->mean);
    number(p, &e->lo);
    number(p, &e->hi);
    e->n = limited(p, e->n, INT32_MAX);
}

static void latency(struct pack *p, struct latency_estimate *l) {
    estimate(p, &l->mean);
    for (int q = 0; q < QUANTILE_COUNT; q++) estimate(p, &l->quantile[q]);
    estimate(p, &l->max);
}

static void endpoints(struct pack *p, struct case_result *c) {
    c->endpoints = limited(p, c->endpoints, SEEN_ENDPOINTS);
    for (int i = 0; i < c->endpoints; i++) {
        string(p, c->endpoint[i].name, sizeof c->endpoint[i].name);
        estimate(p, &c->endpoint[i].throughput_per_s);
        latency(p, &c->endpoint[i].latency);
    }
}

static void resources(struct pack *p, struct case_result *c) {
    c->resources = limited(p, c->resources, SEEN_RESOURCES);
    for (int i = 0; i < c->resources; i++) {
        string(p, c->resource[i].name, sizeof c->resource[i].name);
        number(p, &c->resource[i].utilisation);
        number(p, &c->resource[i].queue);
        number(p, &c->resource[i].full_frac);
    }
}

static void stations(struct pack *p, struct case_result *c) {
    double *const x[] = {c->utilisation, c->queue, c->full_frac, c->instances, c->size};
    for (int i = 0; i < 5; i++) numbers(p, x[i], LIMIT_COUNT);
    resources(p, c);
    c->bottleneck = (enum limit)limited(p, (int)c->bottleneck, LIMIT_COUNT);
    string(p, c->bottleneck_name, sizeof c->bottleneck_name);
    string(p, c->sentence, sizeof c->sentence);
}

static void measured(struct pack *p, struct case_result *c) {
    struct measured *m = &c->measured;
    double *const x[] = {&m->throughput_per_s, &m->mean_s,    &m->p50_s, &m->p90_s, &m->p95_s, &m->p99_s,
                         &c->error_throughput, &c->error_mean};
    for (int i = 0; i < 8; i++) number(p, x[i]);
    flag(p, &m->given);
    flag(p, &m->fitted);
    numbers(p, c->error_quantile, QUANTILE_COUNT);
}

static void counts(struct pack *p, struct case_result *c) {
    double *const x[] = {&c->arrived,
                         &c->done,
                         &c->timed_out,
                         &c->refused,
                         &c->retried,
                         &c->span_s,
                         &c->cpu_per_request_s,
                         &c->voluntary_per_request,
                         &c->involuntary_per_request,
                         &c->switches_per_request,
                         &c->wakeups_per_request,
                         &c->lock_handoffs_per_s,
                         &c->p99_min_s,
                         &c->p99_max_s};
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) number(p, x[i]);
    flag(p, &c->warmup_cut);
    word(p, &c->events);
    eight_bytes(p, &c->trace_hash);
}

static void case_result(struct pack *p, struct case_result *c) {
    string(p, c->name, sizeof c->name);
    string(p, c->against, sizeof c->against);
    c->status = (enum status)limited(p, (int)c->status, STATUS_DROPPED);
    c->replications = limited(p, c->replications, INT32_MAX);
    flag(p, &c->precise);
    number(p, &c->precision_frac);
    estimate(p, &c->throughput_per_s);
    latency(p, &c->latency);
    endpoints(p, c);
    stations(p, c);
    numbers(p, c->blame_mean_s, BLAME_COUNT);
    numbers(p, c->blame_p99_s, BLAME_COUNT);
    counts(p, c);
    measured(p, c);
}

// ---- a whole ----

// What the layout depends on.
static void head(struct pack *p, int kind) {
    const int parts[] = {VERSION,     kind,           HIST_BITS,      OBSERVATION_COARSE, BLAME_COUNT,
                         LIMIT_COUNT, QUANTILE_COUNT, SEEN_RESOURCES, SEEN_ENDPOINTS};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (limited(p, parts[i], INT32_MAX) != parts[i]) p->damaged = true;
}

static void put_hash(struct text *out, size_t start) {
    struct pack p = {.out = out};
    uint64_t h = hash_finish(hash_bytes(HASH_START, out->data + start, out->length - start));
    eight_bytes(&p, &h);
}

static bool hash_agrees(const unsigned char *bytes, size_t n) {
    struct pack p = {.in = bytes + n, .left = HASH_BYTES};
    uint64_t h;
    eight_bytes(&p, &h);
    return h == hash_finish(hash_bytes(HASH_START, bytes, n));
}

enum kind { KIND_OBSERVATION, KIND_CASE };

// Reading: false where the bytes cannot be what was written.
static bool begin(struct pack *p, const void *bytes, size_t n, enum kind kind) {
    if (n < HASH_BYTES || !hash_agrees(bytes, n - HASH_BYTES)) return false;
    *p = (struct pack){.in = bytes, .left = n - HASH_BYTES};
    head(p, kind);
    return !p->damaged;
}

void pack_observation(const struct observation *o, struct text *out) {
    struct pack p = {.out = out};
    size_t start = out->length;
    head(&p, KIND_OBSERVATION);
    observation(&p, (struct observation *)o);
    put_hash(out, start);
}

void pack_case(const struct case_result *c, struct text *out) {
    struct pack p = {.out = out};
    size_t start = out->length;
    head(&p, KIND_CASE);
    case_result(&p, (struct case_result *)c);
    put_hash(out, start);
}

bool pack_observation_read(struct observation *out, const void *bytes, size_t n) {
    struct pack p;
    observation_init(out);
    if (!begin(&p, bytes, n, KIND_OBSERVATION)) return false;
    observation(&p, out);
    if (!p.damaged && p.left == 0) return true;
    observation_fini(out);
    return false;
}

bool pack_case_read(struct case_result *out, const void *bytes, size_t n) {
    struct pack p;
    *out = (struct case_result){0};
    if (!begin(&p, bytes, n, KIND_CASE)) return false;
    case_result(&p, out);
    if (!p.damaged && p.left == 0) return true;
    *out = (struct case_result){0};
    return false;
}
