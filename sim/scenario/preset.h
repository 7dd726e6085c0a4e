#pragma once
// Presets: the documented defaults of servers people run, as values of keys. A preset lies below everything that a file,
// a case or --set says, and above the dispatch model's own defaults.
#include "base/text.h"

// In the order of preset_names.
enum preset {
    PRESET_NONE,
    PRESET_UVICORN,
    PRESET_UVICORN_ASYNCIO,
    PRESET_GUNICORN_SYNC,
    PRESET_GUNICORN_GTHREAD,
    PRESET_GUNICORN_UVICORN,
    PRESET_NODE,
    PRESET_PUMA,
    PRESET_TOMCAT,
    PRESET_PHP_FPM,
    PRESET_NGINX,
    PRESET_COUNT
};

// "none", "uvicorn", ...; NULL after the last.
extern const char *const preset_names[];

// The keys it sets, as "server.threads=40" pairs, NULL-terminated; NULL for PRESET_NONE.
const char *const *preset_pairs(enum preset p);

// The preset of that name; PRESET_COUNT where there is none.
enum preset preset_named(const char *name);

// Appends, for each preset, what it stands for, the keys it sets and where these defaults are documented.
void preset_describe(struct text *out);
