#include "study/plot_pictures.h"

const struct plot_picture plot_pictures[] = {
    {"curve", "throughput and 99th percentile against the key that was varied", plot_curve_write},
    {"stations", "how busy each station is, against that key", plot_stations_write},
    {"scaling", "throughput beside linear growth and the universal scalability law", plot_scaling_write},
    {"heatmap", "99th percentile over two keys", plot_heatmap_write},
    {"cdf", "distribution of the latencies", plot_latency_cdf},
    {"spectrum", "latency by percentile, the tail stretched", plot_latency_spectrum},
    {"utilisation", "how busy each station is, case by case", plot_usage_write},
    {"blame", "where the time goes, on average and around the 99th percentile", plot_blame_write},
    {"validation", "predicted against measured", plot_validation_write},
    {"frontier", "what a plan's configurations cost and how slow they are", plot_frontier_write},
    {0},
};
