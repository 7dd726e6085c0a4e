#include "calib/attach_tree.h"

#include "base/memory.h"
#include "calib/family.h"
#include "live/host.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double least_share = 0.05; // of all work, for a process to count as a worker

// --- which processes

bool attach_tree_find(struct attach_tree *t, pid_t root, struct err *e) {
    struct host_usage use;
    *t = (struct attach_tree){0};
    if (root > 0 && host_usage_read(root, &use))
        t->processes = family_find(root, false, t->process, ATTACH_PROCESSES); // the root first
    if (t->processes == 0) {
        err_set(e, ERR_USAGE, "there is no process %d whose CPU time could be read", (int)root);
        return err_hint(e, "--pid takes the process that serves the URL, or its parent");
    }
    return true;
}

// --- what they have used

int64_t attach_tree_cpu(const struct attach_tree *t) {
    int64_t sum = 0;
    for (int i = 0; i < t->processes; i++) {
        clockid_t clock;
        struct timespec at;
        if (clock_getcpuclockid(t->process[i], &clock) || clock_gettime(clock, &at)) continue;
        sum += (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
    }
    return sum;
}

static bool tell_end(pid_t process, struct err *e) {
    err_set(e, ERR_HOST, "process %d of the server has ended", (int)process);
    return err_hint(e, "a server whose processes are replaced as it serves cannot be calibrated");
}

bool attach_tree_use(struct attach_tree *t, struct attach_use *out, struct err *e) {
    struct host_usage one;
    *out = (struct attach_use){0};
    for (int i = 0; i < t->processes; i++) {
        bool there = host_usage_read(t->process[i], &one);
        if (!there && i == 0) return tell_end(t->process[0], e);
        if (there) t->used_ns[i] = one.cpu_s * 1e9;
        out->all_ns += t->used_ns[i];
    }
    for (int i = 0; i < t->loops; i++) {
        if (!host_usage_thread(t->loop[i].process, t->loop[i].thread, &one))
            return tell_end(t->loop[i].process, e);
        out->loop_ns += one.cpu_s * 1e9;
        out->loop_sleeps += (double)one.voluntary;
    }
    return true;
}

// --- who does the work

static void take_process(struct attach_snapshot *s, pid_t pid) {
    char path[64];
    struct host_usage one;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks) return;
    for (const struct dirent *d; (d = readdir(tasks));) {
        pid_t thread = (pid_t)atoi(d->d_name);
        if (thread <= 0 || !host_usage_thread(pid, thread, &one)) continue;
        s->row = memory_grow(s->row, &s->room, (size_t)s->threads + 1, sizeof *s->row);
        s->row[s->threads++] = (struct attach_snapshot_row){{pid, thread}, one.cpu_s * 1e9};
    }
    closedir(tasks);
}

void attach_snapshot_take(struct attach_snapshot *s, const struct attach_tree *t) {
    *s = (struct attach_snapshot){0};
    for (int i = 0; i < t->processes; i++) take_process(s, t->process[i]);
}

void attach_snapshot_fini(struct attach_snapshot *s) {
    free(s->row);
    *s = (struct attach_snapshot){0};
}

static double gain_of(const struct attach_snapshot *before, const struct attach_snapshot_row *now) {
    for (int i = 0; i < before->threads; i++)
        if (before->row[i].who.process == now->who.process && before->row[i].who.thread == now->who.thread)
            return now->cpu_ns - before->row[i].cpu_ns;
    return now->cpu_ns; // it began meanwhile
}

// The gain of a process, and its busiest thread in *busiest.
static double gain_of_process(const struct attach_snapshot *before, const struct attach_snapshot *after,
                              pid_t process, struct attach_thread *busiest) {
    double sum = 0, most = -1;
    for (int i = 0; i < after->threads; i++) {
        if (after->row[i].who.process != process) continue;
        double gain = gain_of(before, &after->row[i]);
        sum += gain;
        if (gain <= most) continue;
        most = gain;
        *busiest = after->row[i].who;
    }
    return sum;
}

int attach_tree_elect(struct attach_tree *t, const struct attach_snapshot *before,
                      const struct attach_snapshot *after) {
    double all = 0;
    t->loops = 0;
    for (int i = 0; i < after->threads; i++) all += gain_of(before, &after->row[i]);
    for (int i = 0; i < t->processes && all > 0; i++) {
        struct attach_thread busiest = {0};
        double gain = gain_of_process(before, after, t->process[i], &busiest);
        if (gain > 0 && gain >= least_share * all && t->loops < ATTACH_LOOPS) t->loop[t->loops++] = busiest;
    }
    return t->loops;
}
