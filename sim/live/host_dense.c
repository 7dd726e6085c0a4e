#include "live/host_dense.h"

#include "base/monotonic.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 1024, ROUNDS = 50000, WARM_ROUNDS = 6000 };

// Volatile: every load and store is executed, and none waits for another but by chance.
static void work(volatile uint64_t word[WORDS], unsigned rounds) {
    uint64_t a = 0, b = 0, c = 0;
    for (unsigned i = 0; i < rounds; i++) {
        a += word[i % WORDS];
        b += word[i * 3 % WORDS];
        c += word[i * 5 % WORDS];
        word[i * 7 % WORDS] = i;
    }
    word[0] = a + b + c;
}

double host_dense_now(void) {
    volatile uint64_t word[WORDS];
    for (int i = 0; i < WORDS; i++) word[i] = 0;
    work(word, WARM_ROUNDS);
    int64_t from = thread_cpu_ns();
    work(word, ROUNDS);
    int64_t ns = thread_cpu_ns() - from;
    return (double)ROUNDS / (double)(ns > 0 ? ns : 1);
}

double host_dense_busy_s(int cpu) {
    char line[256], name[16];
    long long user, nice, system, idle, wait, irq, soft, busy = 0;
    FILE *f = fopen("/proc/stat", "re");
    if (!f) return 0;
    snprintf(name, sizeof name, "cpu%d ", cpu);
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, name, strlen(name))) continue;
        if (sscanf(line, "%*s %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle, &wait, &irq,
                   &soft) == 7)
            busy = user + nice + system + irq + soft;
        break;
    }
    fclose(f);
    return (double)busy / (double)sysconf(_SC_CLK_TCK);
}
