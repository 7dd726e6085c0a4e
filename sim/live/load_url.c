#include "live/load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(const char *url, const char *why, struct err *e) {
    err_set(e, ERR_USAGE, "'%.200s': %s", url, why);
    return err_hint(e, "for example http://127.0.0.1:8000/");
}

static bool parse_host(const char *name, struct in_addr *out) {
    if (!strcmp(name, "localhost")) return inet_pton(AF_INET, "127.0.0.1", out);
    return inet_pton(AF_INET, name, out) == 1 && ntohl(out->s_addr) >> 24 == 127;
}

// Digits only, 1 to 65535; 0 where it is not.
static int parse_port(const char *text) {
    size_t n = strlen(text);
    if (n == 0 || n > 5 || strspn(text, "0123456789") != n) return 0;
    int port = atoi(text);
    return port < 1 || port > 65535 ? 0 : port;
}

static bool parse_authority(const char *url, struct load_target *t, struct err *e) {
    char name[sizeof t->host];
    strcpy(name, t->host);
    char *colon = strchr(name, ':');
    if (colon) *colon = '\0';
    int port = colon ? parse_port(colon + 1) : 80;
    if (!parse_host(name, &t->address.sin_addr))
        return refuse(url, "the load generator talks to this machine alone: localhost or 127.x.x.x", e);
    if (!port) return refuse(url, "the port must be a number from 1 to 65535", e);
    t->address.sin_family = AF_INET;
    t->address.sin_port = htons((uint16_t)port);
    return true;
}

bool load_parse_url(const char *url, struct load_target *out, struct err *e) {
    static const char scheme[] = "http://";
    *out = (struct load_target){0};
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return refuse(url, "the URL must begin with http://", e);
    const char *host = url + sizeof scheme - 1;
    size_t n = strcspn(host, "/?#");
    const char *path = host[n] ? host + n : "/";
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~' || *c == '#')
            return refuse(url, "blanks, # and bytes beyond ASCII have no place in it", e);
    if (*path != '/') return refuse(url, "the path must begin with /", e);
    if (n >= sizeof out->host || strlen(path) >= sizeof out->path) return refuse(url, "it is too long", e);
    memcpy(out->host, host, n);
    strcpy(out->path, path);
    return parse_authority(url, out, e);
}
