#include "formula.h"

#include <math.h>

enum { MOST_STATES = 1024 };

double formula_erlang_c(int servers, double offered) {
    double b = 1; // Erlang B by its recursion, which does not overflow
    for (int n = 1; n <= servers; n++) b = offered * b / (n + offered * b);
    double use = offered / servers;
    return b / (1 - use * (1 - b));
}

double formula_mmc(int servers, double rate, double service) {
    double offered = rate * service;
    return service + formula_erlang_c(servers, offered) * service / (servers - offered);
}

double formula_mg1(double rate, double service, double scv) {
    double load = rate * service;
    return service + load * service * (1 + scv) / (2 * (1 - load));
}

double formula_dm1(double rate, double service) {
    double load = rate * service, sigma = load;
    for (int i = 0; i < 10000; i++) sigma = exp(-(1 - sigma) / load);
    return service / (1 - sigma);
}

// Number in the system of a birth-death process, 0..most: p[n] from up[n] = rate n -> n+1 and down[n] = rate n -> n-1.
static void birth_death(int most, const double *up, const double *down, double *p) {
    double sum = p[0] = 1;
    for (int n = 1; n <= most; n++) sum += p[n] = p[n - 1] * up[n - 1] / down[n];
    for (int n = 0; n <= most; n++) p[n] /= sum;
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

struct formula_mmck formula_mmck(int servers, int places, double rate, double service) {
    double up[MOST_STATES] = {0}, down[MOST_STATES] = {0}, p[MOST_STATES], mean = 0;
    for (int n = 0; n <= places; n++) {
        up[n] = rate;
        down[n] = smaller(n, servers) / service;
    }
    birth_death(places, up, down, p);
    for (int n = 0; n <= places; n++) mean += n * p[n];
    double through = rate * (1 - p[places]);
    return (struct formula_mmck){.blocking = p[places], .sojourn = mean / through, .throughput = through};
}

struct formula_repair formula_repair(int users, int servers, double think, double service) {
    double up[MOST_STATES] = {0}, down[MOST_STATES] = {0}, p[MOST_STATES], busy = 0;
    for (int n = 0; n <= users; n++) {
        up[n] = (users - n) / think;
        down[n] = smaller(n, servers) / service;
    }
    birth_death(users, up, down, p);
    for (int n = 0; n <= users; n++) busy += smaller(n, servers) * p[n];
    double through = busy / service;
    return (struct formula_repair){.residence = users / through - think, .throughput = through, .busy = busy};
}
