#include "live/host.h"

#include "base/monotonic.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

// ---- the machine ----

static void read_cpuinfo(struct host *h) {
    char line[8192];
    FILE *f = fopen("/proc/cpuinfo", "r");
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        const char *value = strchr(line, ':');
        if (!value) continue;
        if (!strncmp(line, "model name", 10))
            snprintf(h->cpu, sizeof h->cpu, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
        if (!strncmp(line, "flags", 5)) {
            h->virtual_machine = strstr(value, " hypervisor") != NULL;
            break;
        }
    }
    fclose(f);
}

int host_cpus(cpu_set_t *set) {
    CPU_ZERO(set);
    if (sched_getaffinity(0, sizeof *set, set) == 0) return CPU_COUNT(set);
    CPU_SET(0, set);
    return 1;
}

void host_pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

void host_read(struct host *h) {
    struct utsname u;
    cpu_set_t set;
    time_t now = time(NULL);
    struct tm utc;
    *h = (struct host){.cpu = "unknown", .kernel = "unknown", .cpus = host_cpus(&set)};
    read_cpuinfo(h);
    if (uname(&u) == 0) snprintf(h->kernel, sizeof h->kernel, "%.80s %.40s", u.release, u.machine);
    gmtime_r(&now, &utc);
    strftime(h->date, sizeof h->date, "%Y-%m-%d %H:%M UTC", &utc);
}

double host_steal_s(void) {
    unsigned long long user, nice, system, idle, iowait, irq, soft, steal;
    FILE *f = fopen("/proc/stat", "r");
    if (!f) return 0;
    int n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait,
                   &irq, &soft, &steal);
    fclose(f);
    return n == 8 ? (double)steal / (double)sysconf(_SC_CLK_TCK) : 0;
}

// ---- processes ----

static int64_t value_after(const char *text, const char *key) {
    const char *at = strstr(text, key);
    return at ? strtoll(at + strlen(key), NULL, 10) : 0;
}

static bool read_whole(const char *path, char *out, size_t size) {
    FILE *f = fopen(path, "r");
    if (!f) return false;
    size_t n = fread(out, 1, size - 1, f);
    out[n] = 0;
    fclose(f);
    return n > 0;
}

bool host_usage_thread(pid_t pid, pid_t thread, struct host_usage *out) {
    char path[64], text[4096];
    long long cpu = 0, wait = 0, slices = 0;
    *out = (struct host_usage){0};
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)pid, (int)thread);
    if (!read_whole(path, text, sizeof text) || sscanf(text, "%lld %lld %lld", &cpu, &wait, &slices) != 3)
        return false;
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)thread);
    if (!read_whole(path, text, sizeof text)) return false;
    *out = (struct host_usage){.cpu_s = (double)cpu * 1e-9,
                               .runqueue_s = (double)wait * 1e-9,
                               .slices = slices,
                               .voluntary = value_after(text, "\nvoluntary_ctxt_switches:"),
                               .involuntary = value_after(text, "\nnonvoluntary_ctxt_switches:"),
                               .threads = 1};
    return true;
}

static void add_threads(pid_t pid, DIR *tasks, struct host_usage *out) {
    struct host_usage one;
    for (const struct dirent *d; (d = readdir(tasks));) {
        if (d->d_name[0] == '.' || !host_usage_thread(pid, (pid_t)atoi(d->d_name), &one)) continue;
        out->runqueue_s += one.runqueue_s;
        out->slices += one.slices;
        out->voluntary += one.voluntary;
        out->involuntary += one.involuntary;
        out->threads++;
    }
}

bool host_usage_read(pid_t pid, struct host_usage *out) {
    char path[64];
    clockid_t clock;
    struct timespec t;
    *out = (struct host_usage){0};
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t)) return false;
    out->cpu_s = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks) return false;
    add_threads(pid, tasks, out);
    closedir(tasks);
    return out->threads > 0;
}

// ---- burning CPU ----

// A chain in which every step needs the one before: a multiplication and an addition.
static void chain(int64_t steps) {
    uint64_t x = 1;
    for (int64_t i = 0; i < steps; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(x));
    }
}

int64_t host_spin(int64_t ns, int64_t every, bool (*check)(void *), void *arg) {
    double ns_per_step = 2; // a guess that the first piece, a short one, replaces
    int64_t used = 0, piece = ns < 4000 ? ns / 4 + 1 : 1000, last = thread_cpu_ns();
    if (every < 1000) every = 1000;
    while (used < ns) {
        int64_t steps = (int64_t)((double)piece / ns_per_step) + 1;
        chain(steps);
        int64_t now = thread_cpu_ns();
        used += now - last;
        if (now > last) ns_per_step = (double)(now - last) / (double)steps;
        last = check && check(arg) ? thread_cpu_ns() : now;
        piece = ns - used < every ? ns - used : every;
    }
    return used;
}
