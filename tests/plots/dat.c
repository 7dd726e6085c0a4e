// Writes the data of every picture for stored inputs: dat INPUTS OUT makes OUT/INPUT/PICTURE.dat, where the data support the
// picture, and OUT/INPUT/left-out, a line for each that they do not. dat.sh compares with what is stored, draw.sh draws it.
#include "study/plot.h"
#include "study/plot_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void fail(const char *what) {
    fprintf(stderr, "dat: %s\n", what);
    exit(1);
}

static struct estimate about(double mean, double part) {
    return (struct estimate){mean, mean * (1 - part), mean * (1 + part), 10, mean};
}

// A made-up server of capacity 800/s a worker, slowed by 3 % a worker and more among many, whose requests take 2 ms: not a model of
// anything, but of the usual shape, and of arithmetic that is the same everywhere.
static void fill(struct case_result *c, double clients, double workers, double slower) {
    double capacity = 800 * workers / (1 + 0.03 * (workers - 1) + 0.004 * workers * (workers - 1)) / slower,
           service = 0.002 * slower;
    double idle = clients / service, rate = idle < capacity ? idle : capacity, mean = clients / rate;
    c->status = clients / workers > 1000 ? STATUS_SATURATED : STATUS_OK;
    c->throughput_per_s = about(rate, 0.02);
    c->latency.mean = about(mean, 0.02);
    c->latency.quantile[QUANTILE_P50] = about(0.9 * mean, 0.03);
    c->latency.quantile[QUANTILE_P90] = about(1.5 * mean, 0.05);
    c->latency.quantile[QUANTILE_P95] = about(1.8 * mean, 0.07);
    c->latency.quantile[QUANTILE_P99] = about(2.6 * mean, 0.15);
    if (c->status == STATUS_SATURATED)
        for (int q = 0; q < QUANTILE_COUNT; q++)
            c->latency.quantile[q] = (struct estimate){NAN, NAN, NAN, 0, NAN};
    for (int l = 0; l < LIMIT_COUNT; l++) c->utilisation[l] = NAN;
    c->utilisation[LIMIT_CORE] = 0.5 * rate / capacity;
    c->utilisation[LIMIT_LOOP] = rate / capacity;
    c->utilisation[LIMIT_CLIENT] = 0.1 * rate / capacity;
    if (slower > 1) c->utilisation[LIMIT_POOL] = 0.8 * rate / capacity;
    for (int b = 0; b < BLAME_COUNT; b++) c->blame_mean_s[b] = c->blame_p99_s[b] = 0;
    c->blame_mean_s[BLAME_SERVICE] = service;
    c->blame_mean_s[BLAME_LOOP] = mean - service;
    c->blame_p99_s[BLAME_SERVICE] = 1.3 * service;
    c->blame_p99_s[BLAME_LOOP] = 2.6 * (mean - service);
    c->blame_p99_s[BLAME_POOL] = slower > 1 ? 1.3 * service : 0;
    if (c->status != STATUS_SATURATED) return;
    for (int b = 0; b < BLAME_COUNT; b++) c->blame_mean_s[b] = c->blame_p99_s[b] = NAN;
}

// Latencies from half the mean upwards, thinning out.
static void fill_latency(struct hist *h, double mean_s) {
    for (int i = 1; i <= 20000; i++) {
        double left =
            (20001 - i) / 20000.0; // 1/(left + 0.02): a tail that ends at about 30 times its beginning
        hist_add(h, (int64_t)(1e9 * mean_s * (0.5 + 0.2 / (left + 0.02))));
    }
}

static void sweep(struct plot *p, int workers_most) {
    static const char *const clients[] = {"1", "4", "16", "64", "256", "1024"};
    static const char *const workers[] = {"1", "2", "4", "8"};
    static const char *const name[] = {"async", "non-async"};
    snprintf(p->title, sizeof p->title, "made-up");
    if (workers_most > 1) plot_add_key(p, "server.workers");
    plot_add_key(p, "load.concurrency");
    for (int w = 0, point = 0; w < workers_most; w++)
        for (int c = 0; c < 6; c++, point++)
            for (int k = 0; k < 2; k++) {
                struct plot_row *r = plot_add_row(p, point);
                if (workers_most > 1) plot_set_value(r, 0, workers[w]);
                plot_set_value(r, p->keys - 1, clients[c]);
                snprintf(r->result.name, sizeof r->result.name, "%s", name[k]);
                fill(&r->result, atof(clients[c]), atof(workers[w]), k ? 1.8 : 1);
                if (workers_most == 1) fill_latency(&r->latency, r->result.latency.mean.mean);
            }
}

// What `plan` looked at.
static void plan(struct plot *p) {
    snprintf(p->title, sizeof p->title, "made-up");
    snprintf(p->objective, sizeof p->objective, "p99");
    snprintf(p->cost, sizeof p->cost, "server.workers");
    p->objective_most = 0.25;
    for (int workers = 1; workers <= 6; workers++)
        for (int threads = 10; threads <= 40; threads *= 2) {
            struct plot_candidate *c = plot_add_candidate(p);
            snprintf(c->name, sizeof c->name, "workers=%d, threads=%d", workers, threads);
            c->cost = workers + 0.01 * threads;
            c->value = 0.04 + 1.2 / (workers * workers) + 0.3 / threads;
            c->lo = 0.9 * c->value;
            c->hi = 1.1 * c->value;
            c->meets = c->hi < p->objective_most;
            c->best = workers == 3 && threads == 20;
            c->runner_up = workers == 2 && threads == 40;
        }
}

static void write_one(const struct plot *p, const char *out, const char *input,
                      const struct plot_picture *picture, FILE *left_out) {
    char path[512], why[PLOT_WHY];
    snprintf(path, sizeof path, "%s/%s/%s.dat", out, input, picture->name);
    FILE *f = fopen(path, "w");
    if (!f) fail(path);
    bool ok = picture->write(f, p, why);
    if (fclose(f)) fail(path);
    if (ok) return;
    remove(path);
    fprintf(left_out, "%s: it %s\n", picture->name, why);
}

static void write_all(struct plot *p, const char *out, const char *input) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", out, input);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/left-out", out, input);
    FILE *left_out = fopen(path, "w");
    if (!left_out) fail(path);
    for (const struct plot_picture *picture = plot_pictures; picture->name; picture++)
        write_one(p, out, input, picture, left_out);
    if (fclose(left_out)) fail(path);
    plot_fini(p);
}

static void json(const char *inputs, const char *out, const char *input) {
    struct plot p;
    struct err e;
    char path[512], text[1024];
    plot_init(&p);
    snprintf(path, sizeof path, "%s/%s.json", inputs, input);
    if (!plot_json_load(&p, path, &e)) fail(err_format(&e, text, sizeof text));
    write_all(&p, out, input);
}

int main(int argc, char **argv) {
    struct plot p;
    struct err e;
    if (argc != 3) fail("usage: dat INPUTS OUT");
    plot_init(&p);
    sweep(&p, 1);
    write_all(&p, argv[2], "line");
    sweep(&p, 4);
    write_all(&p, argv[2], "grid");
    sweep(&p, 4);
    if (!plot_keep_where(&p, "load.concurrency", "1024", &e)) fail(e.text);
    write_all(&p, argv[2], "workers");
    plan(&p);
    write_all(&p, argv[2], "plan");
    json(argv[1], argv[2], "run");
    json(argv[1], argv[2], "validation");
    return 0;
}
