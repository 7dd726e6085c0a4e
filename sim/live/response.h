#pragma once
// One HTTP response as a client reads it (llhttp): where its header and where it ends, nothing of it is kept.
#include <llhttp.h>

#include <stdbool.h>
#include <stddef.h>

enum response_state {
    RESPONSE_MORE,   // not all of it is here
    RESPONSE_DONE,   // it is whole
    RESPONSE_BROKEN, // not HTTP, more bytes than it announced, or cut off
};

struct response {
    llhttp_t parser;
    enum response_state state;
    bool header;     // the header is whole
    bool keep_alive; // RESPONSE_DONE: the server leaves the connection open
    int status;      // RESPONSE_DONE: 200 ... 599; interim ones (100 ... 199) are skipped
};

// Begins a response. Cost: some 10 ns.
void response_init(struct response *r);

// Reads the next `n` >= 1 bytes and returns the state. Content-Length, chunked bodies and bodies that end with the
// connection are understood. Bytes after the end make it broken: nothing was asked that they could answer.
enum response_state response_feed(struct response *r, const char *bytes, size_t n);

// The server has closed the connection: the end of some responses, the breaking of others.
enum response_state response_close(struct response *r);
