// Seeded mutations of good and bad files: mutate COUNT GOOD FILE...; the first GOOD files make half of the
// texts. Exit 1 at the first violation, with the text that made it. The same arguments always try the same
// texts.
#include "base/yaml.h"
#include "fuzz/scenario.h"
#include "scenario/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 600, ROOM = 1 << 15 };

struct corpus {
    char *text[FILES];
    size_t size[FILES];
    int count, good;
    uint64_t state;
};

static uint64_t draw(struct corpus *c, uint64_t below) {
    c->state ^= c->state << 13; // xorshift64 (Marsaglia 2003)
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return (c->state >> 11) % below;
}

// What means something to YAML or to a scenario.
static const char *const tokens[] = {
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "- ",
    "\n",
    "\n  ",
    "&a ",
    "*a",
    "!!int ",
    "\"",
    "'",
    "#",
    "%",
    "---\n",
    "|\n",
    ">\n",
    "? ",
    "none",
    "auto",
    "on",
    "off",
    "0",
    "-1",
    "1e400",
    "nan",
    "2ms",
    "500/s",
    "2%",
    "010",
    "9223372036854775808",
    "exp(1ms)",
    "lognormal(mean=1ms, cv=",
    "uniform(",
    ")",
    "empirical(",
    "trace(parts/arrivals.csv)",
    "open",
    "wrk",
    "mmpp2",
    "db",
    "cases: ",
    "set: ",
    "value: ",
    "ci95: [",
    "from: probe",
    "\xff",
    "\xc3\xa9",
    "\t",
    "\r",
    "\0",
};

static const char *token(struct corpus *c) {
    enum { TOKENS = sizeof tokens / sizeof tokens[0] };
    int keys = 0;
    while (scenario_key(keys)) keys++;
    uint64_t i = draw(c, (uint64_t)(TOKENS + keys));
    return i < TOKENS ? tokens[i] : scenario_key((int)(i - TOKENS));
}

// Puts bytes in place of text[at..at+gone).
static size_t splice(char *text, size_t size, size_t at, size_t gone, const char *bytes, size_t n) {
    if (size - gone + n > ROOM) return size;
    memmove(text + at + n, text + at + gone, size - at - gone);
    memcpy(text + at, bytes, n);
    return size - gone + n;
}

// Small changes that mostly leave a file valid: another digit, a line less.
static size_t mutate_gently(struct corpus *c, char *text, size_t size) {
    size_t at = draw(c, size + 1);
    if (draw(c, 2)) {
        while (at < size && (text[at] < '0' || text[at] > '9')) at++;
        if (at < size) text[at] = (char)('0' + draw(c, 10));
        return size;
    }
    while (at > 0 && text[at - 1] != '\n') at--;
    const char *end = memchr(text + at, '\n', size - at);
    return splice(text, size, at, end ? (size_t)(end - (text + at)) + 1 : size - at, "", 0);
}

static size_t mutate_roughly(struct corpus *c, char *text, size_t size) {
    size_t at = draw(c, size + 1), most = size - at < 40 ? size - at : 40, gone = draw(c, most + 1);
    char byte = (char)draw(c, 256);
    const char *word = token(c);
    int other = (int)draw(c, (uint64_t)c->count);
    size_t from = draw(c, c->size[other] + 1), rest = c->size[other] - from;
    switch (draw(c, 5)) {
    case 0: return splice(text, size, at, at < size, &byte, 1);
    case 1: return splice(text, size, at, gone, "", 0);
    case 2: return splice(text, size, at, gone, word, strlen(word));
    case 3: return splice(text, size, at, 0, word, strlen(word));
    default: return splice(text, size, at, gone, c->text[other] + from, draw(c, (rest < 80 ? rest : 80) + 1));
    }
}

static bool try_one(struct corpus *c, long number, long *accepted) {
    static const char *const why = "mutation %ld: %s\n";
    char text[ROOM + 1];
    int file = (int)draw(c, (uint64_t)(number % 2 ? c->count : c->good));
    size_t size = c->size[file];
    memcpy(text, c->text[file], size);
    for (uint64_t n = draw(c, 3) + 1; n > 0; n--)
        size = draw(c, 3) ? mutate_gently(c, text, size) : mutate_roughly(c, text, size);
    bool taken = false;
    const char *broken = fuzz_scenario(text, size, &taken);
    *accepted += taken;
    if (!broken) return true;
    printf(why, number, broken);
    fwrite(text, 1, size, stdout);
    return false;
}

int main(int argc, char **argv) {
    struct corpus c = {.state = 88172645463325252};
    long count = argc > 3 ? strtol(argv[1], NULL, 10) : 0, accepted = 0;
    c.good = argc > 3 ? atoi(argv[2]) : 0;
    for (int i = 3; i < argc && c.count < FILES; i++) {
        struct err e;
        c.text[c.count] = yaml_read(argv[i], ROOM, &c.size[c.count], &e);
        if (!c.text[c.count]) return printf("%s\n", e.text), 2;
        c.count++;
    }
    if (count < 1 || c.good < 1 || c.good > c.count) return printf("usage: mutate COUNT GOOD FILE...\n"), 2;
    bool ok = true;
    for (long i = 0; ok && i < count; i++) ok = try_one(&c, i, &accepted);
    for (int i = 0; i < c.count; i++) free(c.text[i]);
    printf("%ld mutations of %d files, %ld accepted\n", count, c.count, accepted);
    // A loop that hardly ever meets one of the two answers tests half of what it should.
    return !ok || accepted < count / 50 || accepted > count * 49 / 50;
}
