#include "study/mva.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double rate_at(const struct mva_centre *c, int n) {
    return c->rate[n <= c->rates ? n - 1 : c->rates - 1];
}

// log(sum over j of exp(f[j] + g[n-j])).
static double convolve_at(const double *f, const double *g, int n) {
    double most = -INFINITY, sum = 0;
    for (int j = 0; j <= n; j++) most = fmax(most, f[j] + g[n - j]);
    for (int j = 0; j <= n; j++) sum += exp(f[j] + g[n - j] - most);
    return most + log(sum);
}

// g := f * g, from the largest n down so that what is still needed is not overwritten.
static void convolve(const double *f, double *g, int customers) {
    for (int n = customers; n >= 0; n--) g[n] = convolve_at(f, g, n);
}

void mva_throughput(const struct mva_centre *centre, int count, double think_s, int customers, double *x) {
    double *g = memory_new((size_t)customers + 1, sizeof *g);
    double *f = memory_new((size_t)customers + 1, sizeof *f);
    // The delay comes first: with no pause it holds nobody, log 0 for n > 0.
    for (int n = 1; n <= customers; n++) g[n] = think_s > 0 ? g[n - 1] + log(think_s / n) : -INFINITY;
    for (int i = 0; i < count; i++) {
        for (int n = 1; n <= customers; n++) f[n] = f[n - 1] - log(rate_at(&centre[i], n));
        convolve(f, g, customers);
    }
    for (int n = 1; n <= customers; n++) x[n - 1] = exp(g[n - 1] - g[n]);
    free(g);
    free(f);
}

void mva_servers(double demand_s, int servers, double *rate) {
    for (int n = 1; n <= servers; n++) rate[n - 1] = n / demand_s;
}

double mva_open_number(const struct mva_centre *c, double rate_per_s) {
    double last = rate_per_s / c->rate[c->rates - 1];
    if (!(last < 1)) return INFINITY;
    // p(n) relative to p(0), kept relative to the largest so far by dividing everything where it grows large.
    double p = 1, total = 1, number = 0;
    for (int n = 1; n <= c->rates; n++) {
        p *= rate_per_s / c->rate[n - 1];
        total += p;
        number += n * p;
        if (total < 1e200) continue;
        p *= 1e-200;
        total *= 1e-200;
        number *= 1e-200;
    }
    // Beyond the last rate the series is geometric: sums of last^k and k last^k.
    double tail = p * last / (1 - last);
    total += tail;
    number += c->rates * tail + p * last / ((1 - last) * (1 - last));
    return number / total;
}

double mva_erlang_c(int servers, double a) {
    if (!(a < servers)) return 1;
    double b = 1; // Erlang's loss formula by its recursion in the number of servers
    for (int n = 1; n <= servers; n++) b = a * b / (n + a * b);
    double rho = a / servers;
    return b / (1 - rho + rho * b);
}

double mva_mmc_mean(int servers, double rate_per_s, double demand_s) {
    double a = rate_per_s * demand_s;
    if (!(a < servers)) return INFINITY;
    return demand_s + mva_erlang_c(servers, a) * demand_s / (servers - a);
}

// P(T > t): the service alone, or a wait that is exponential with rate (c - a)/demand before it.
static double mmc_beyond(double t, double wait, double mu, double theta) {
    double alone = exp(-mu * t);
    if (fabs(theta - mu) < 1e-9 * mu) return alone * (1 + wait * mu * t);
    return alone + wait * mu / (theta - mu) * (alone - exp(-theta * t));
}

double mva_mmc_quantile(int servers, double rate_per_s, double demand_s, double q) {
    double a = rate_per_s * demand_s, mu = 1 / demand_s;
    if (!(a < servers)) return INFINITY;
    double wait = mva_erlang_c(servers, a), theta = (servers - a) * mu, lo = 0, hi = demand_s;
    while (mmc_beyond(hi, wait, mu, theta) > 1 - q) hi *= 2;
    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (lo + hi);
        *(mmc_beyond(middle, wait, mu, theta) > 1 - q ? &lo : &hi) = middle;
    }
    return hi;
}

double mva_mg1_mean(double rate_per_s, double demand_s, double scv) {
    double rho = rate_per_s * demand_s;
    if (!(rho < 1)) return INFINITY;
    return demand_s + rho * demand_s * (1 + scv) / (2 * (1 - rho));
}
