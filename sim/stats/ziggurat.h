#pragma once
// Tables of the ziggurat method (Marsaglia & Tsang 2000) with 256 layers of equal area under a falling density f with
// f(0) = 1. Edge e[i] is the right end of layer i: e[1] is where the tail begins, e[256] = 0, and e[0] is the width
// that layer 0 (a box and the tail) would have as a box. Constants, so that every build and thread has the same; the
// test of rng computes them anew.

enum { ZIGGURAT_LAYERS = 256 };

struct ziggurat {
    double width[ZIGGURAT_LAYERS + 1];  // e[i] / 2^53: times a 53-bit integer it is a point in layer i
    double height[ZIGGURAT_LAYERS + 1]; // f(e[i])
};

extern const struct ziggurat ziggurat_exp;    // f(x) = exp(-x), layer area 0.003949659822581557
extern const struct ziggurat ziggurat_normal; // f(x) = exp(-x^2/2), layer area 0.004928673233974655
