#pragma once
// Dispatch models as the scenario room sees them, for tests that must not depend on models/.
#include "scenario/scenario.h"

static const char *const models_loop_reads[] = {"gil",           "gc", "accept", "backlog", "keep_alive",
                                                "dispatch.loop", NULL};
static const char *const models_pool_reads[] = {"threads",       "queue_order", "gil",        "gc",
                                                "accept",        "backlog",     "keep_alive", "dispatch.loop",
                                                "dispatch.pool", NULL};
static const char *const models_prefork_defaults[] = {"server.workers=8", "server.gil=none",
                                                      "server.accept=one", NULL};
static const struct scenario_model models_rows[] = {
    {"event_loop", NULL, models_loop_reads},
    {"threadpool", NULL, models_pool_reads},
    {"prefork", models_prefork_defaults, NULL},
};
static const struct scenario_models models_for_tests = {3, models_rows};
