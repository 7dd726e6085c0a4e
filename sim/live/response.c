#include "live/response.h"

static bool interim(const llhttp_t *p) {
    return p->status_code / 100 == 1;
}

static int header_read(llhttp_t *p) {
    struct response *r = p->data;
    r->header = !interim(p);
    return 0;
}

static int message_read(llhttp_t *p) {
    struct response *r = p->data;
    if (interim(p)) return 0;
    r->state = RESPONSE_DONE;
    r->status = p->status_code;
    r->keep_alive = llhttp_should_keep_alive(p);
    return HPE_PAUSED; // what follows belongs to no request
}

static const llhttp_settings_t settings = {.on_headers_complete = header_read,
                                           .on_message_complete = message_read};

void response_init(struct response *r) {
    llhttp_init(&r->parser, HTTP_RESPONSE, &settings);
    r->parser.data = r;
    r->state = RESPONSE_MORE;
    r->header = r->keep_alive = false;
    r->status = 0;
}

enum response_state response_feed(struct response *r, const char *bytes, size_t n) {
    if (r->state != RESPONSE_MORE) return r->state = RESPONSE_BROKEN;
    llhttp_errno_t e = llhttp_execute(&r->parser, bytes, n);
    if (e == HPE_OK) return r->state;
    bool all = e == HPE_PAUSED && llhttp_get_error_pos(&r->parser) == bytes + n;
    if (r->state != RESPONSE_DONE || !all) r->state = RESPONSE_BROKEN;
    return r->state;
}

enum response_state response_close(struct response *r) {
    if (r->state != RESPONSE_MORE) return r->state;
    llhttp_finish(&r->parser);
    if (r->state != RESPONSE_DONE) r->state = RESPONSE_BROKEN;
    r->keep_alive = false;
    return r->state;
}
