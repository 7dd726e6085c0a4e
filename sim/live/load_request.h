#pragma once
// The bytes of a run's requests: the same for all, or, where a scenario has several endpoints, one form for each, into
// which a request's number is written (the header X-Request-Number, by which the micro-server knows it).
#include "live/load.h"

enum { LOAD_REQUEST_BYTES = 1536 };

struct load_form {
    char text[LOAD_REQUEST_BYTES];
    size_t length, number_at; // number_at: where its digits go
};

struct load_requests {
    int forms;
    struct load_form *form; // [forms]
};

// *target must be as load_run wants it. False where memory is lacking; release with load_request_fini in any case.
bool load_request_init(struct load_requests *q, const struct scenario *s, const struct load_target *target);
void load_request_fini(struct load_requests *q);

static inline bool load_request_numbered(const struct load_requests *q) {
    return q->forms > 1;
}

// The bytes of request `number` to `endpoint` and how many they are. `room` holds LOAD_REQUEST_BYTES where requests are
// numbered, and then the result is written there; else it is not looked at.
const char *load_request_of(const struct load_requests *q, int endpoint, uint64_t number, char *room,
                            size_t *length);
