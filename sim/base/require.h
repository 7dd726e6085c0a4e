#pragma once
// Errors of ours: a broken promise inside the program. REQUIRE is always checked; INVARIANT is for checks too
// dear for a release build (debug, asan and test presets switch it on). Both end in one function, which is a good
// place for a breakpoint.
#include <stdint.h>

// Reports `text` with its place on stderr and, where the simulated time is known (see require_clock), that time;
// runs the handler installed by require_handler, then aborts. Never returns.
_Noreturn void require_failed(const char *file, int line, const char *text);

// Installs a function that is told of the failure before the program ends (main uses it to exit 70). NULL removes it.
// Thread-safe only before threads start.
void require_handler(void (*handler)(const char *file, int line, const char *text));

// The simulated time, in ns, to be named in a failure of the calling thread; the pointer must stay valid until it
// is replaced. NULL = none.
void require_clock(const int64_t *now);

#define REQUIRE(cond) ((cond) ? (void)0 : require_failed(__FILE__, __LINE__, #cond))
#ifdef DISPATCHSIM_INVARIANTS
#define INVARIANT(cond) REQUIRE(cond)
#else
#define INVARIANT(cond) ((void)0)
#endif
