#pragma once
// Queueing networks with a product form, one class of customers: closed networks of load-dependent centres, a subnetwork
// as one flow-equivalent centre, and the single queues M/M/c and M/G/1. Times in s, rates per s.

// A centre that works at rate rate[n-1] with n customers in it, n = 1..rates, and at the last rate beyond.
struct mva_centre {
    int rates; // >= 1
    const double *rate;
};

// Throughput x[n-1] of a closed network with n = 1..customers customers, over count >= 1 centres and a delay of think_s >=
// 0. Exact for a product form. By convolution of normalising constants in logarithms rather than by mean values, which
// lose their digits near saturation where centres are load-dependent: the results are those of exact MVA. Source: Buzen
// 1973; Reiser & Kobayashi 1975, eq. 2.9. Cost: O((count + 1) * customers^2) exponentials.
void mva_throughput(const struct mva_centre *centre, int count, double think_s, int customers, double *x);

// Fills rate[0..servers) for `servers` parallel servers and a mean demand > 0: n / demand.
void mva_servers(double demand_s, int servers, double *rate);

// Mean number of customers in a centre that is offered a Poisson stream; INFINITY where it cannot keep up. A centre whose
// rates are the throughputs of a closed subnetwork (mva_throughput), at most as many as there are threads, is that
// subnetwork behind a pool: Chandy, Herzog & Woo 1975; exact for a lone exponential station, close otherwise.
double mva_open_number(const struct mva_centre *centre, double rate_per_s);

// Probability that an arrival waits in M/M/c at load a = rate * demand < servers. Source: Erlang 1917 (formula C).
double mva_erlang_c(int servers, double a);

// Mean and q-quantile of the response time of M/M/c in order of arrival; INFINITY where it cannot keep up. Source: Gross &
// Harris 1998, section 2.3.
double mva_mmc_mean(int servers, double rate_per_s, double demand_s);
double mva_mmc_quantile(int servers, double rate_per_s, double demand_s, double q);

// Mean response time of M/G/1 in order of arrival. Source: Pollaczek & Khinchine 1930.
double mva_mg1_mean(double rate_per_s, double demand_s, double scv);
