#pragma once
// The settings of a scenario's server in the words of the servers that people run.
#include "base/text.h"
#include "scenario/scenario.h"

// Appends lines "what: how" without indentation, each ending in a newline: the command line of the server that the preset
// names, or of one that dispatches as the model does, then what is set in the program (limiter, pools).
// Sources: uvicorn.org/settings, docs.gunicorn.org/settings, AnyIO's manual (Worker threads), nodejs.org CLI manual, Puma's
// and PHP-FPM's reference, Tomcat's HTTP connector.
void settings_describe(const struct scenario *s, struct text *out);
