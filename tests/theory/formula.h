#pragma once
// Closed forms of queueing theory. Rates and times in any one unit; `offered` = arrival rate x mean service time.

// M/M/c: probability that an arrival waits. Offered load below c. Source: Erlang 1917; Kleinrock 1975, eq. 3.40.
double formula_erlang_c(int servers, double offered);

// M/M/c: mean sojourn time.
double formula_mmc(int servers, double rate, double service);

// M/G/1, first come first served: mean sojourn time; scv = squared coefficient of variation of the service time.
// Source: Pollaczek 1930, Khinchine 1932; Kleinrock 1975, eq. 5.69.
double formula_mg1(double rate, double service, double scv);

// D/M/1: mean sojourn time. Source: Kleinrock 1975, eqs 6.35 and 6.38.
double formula_dm1(double rate, double service);

// M/M/c/K: K places in all, those in service included.
struct formula_mmck {
    double blocking, sojourn, throughput; // sojourn: of those admitted
};
struct formula_mmck formula_mmck(int servers, int places, double rate, double service);

// Machine repair: `users` think (mean `think`) and then ask one of `servers` for exponential service. Mean residence
// time and throughput. Source: Kleinrock 1975, section 3.8; exact.
struct formula_repair {
    double residence, throughput, busy; // busy: mean number of busy servers
};
struct formula_repair formula_repair(int users, int servers, double think, double service);
