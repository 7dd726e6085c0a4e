#include "calib/family.h"

#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct process {
    pid_t pid, parent, session;
    bool inside;
};

// Name and state of a zombie remain; what it used is its parent's business.
static bool read_process(const char *name, struct process *out) {
    char path[300], text[512], state;
    int parent, group, session;
    snprintf(path, sizeof path, "/proc/%s/stat", name);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *after = strrchr(text, ')'); // a process may put blanks and brackets into its own name
    if (!after || sscanf(after + 1, " %c %d %d %d", &state, &parent, &group, &session) != 4) return false;
    *out = (struct process){(pid_t)atoi(name), parent, session, false};
    return state != 'Z';
}

static struct process *all_processes(size_t *count) {
    struct process *all = NULL, one;
    size_t capacity = 0;
    DIR *proc = opendir("/proc");
    *count = 0;
    for (const struct dirent *d; proc && (d = readdir(proc));) {
        if (d->d_name[0] < '1' || d->d_name[0] > '9' || !read_process(d->d_name, &one)) continue;
        all = memory_grow(all, &capacity, *count + 1, sizeof *all);
        all[(*count)++] = one;
    }
    if (proc) closedir(proc);
    return all;
}

static bool parent_inside(const struct process *all, size_t count, pid_t parent) {
    for (size_t i = 0; i < count; i++)
        if (all[i].pid == parent) return all[i].inside;
    return false;
}

int family_find(pid_t root, bool session, pid_t *out, int most) {
    size_t count;
    struct process *all = all_processes(&count);
    int found = 0;
    // A child may stand before its parent, as process ids start again from below: until nothing more joins.
    for (bool grown = true; grown;) {
        grown = false;
        for (size_t i = 0; i < count; i++) {
            struct process *p = &all[i];
            if (p->inside || found == most) continue;
            p->inside =
                p->pid == root || (session && p->session == root) || parent_inside(all, count, p->parent);
            if (!p->inside) continue;
            out[found++] = p->pid;
            grown = true;
        }
    }
    free(all);
    return found;
}

static void look_at_thread(struct family_look *l, pid_t pid, pid_t thread) {
    struct host_usage own, whole = {0};
    if (!host_usage_thread(pid, thread, &own)) return;
    if (thread == pid && !host_usage_read(pid, &whole)) return;
    l->thread = memory_grow(l->thread, &l->capacity, (size_t)l->threads + 1, sizeof *l->thread);
    l->thread[l->threads++] = (struct family_thread){thread, whole.cpu_s, own.voluntary, own.involuntary};
}

void family_look(struct family_look *l, const pid_t *pid, int count) {
    l->threads = 0;
    for (int i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task", (int)pid[i]);
        DIR *tasks = opendir(path);
        for (const struct dirent *d; tasks && (d = readdir(tasks));)
            if (d->d_name[0] != '.') look_at_thread(l, pid[i], (pid_t)atoi(d->d_name));
        if (tasks) closedir(tasks);
    }
}

void family_look_fini(struct family_look *l) {
    free(l->thread);
    *l = (struct family_look){0};
}

static struct family_thread earlier(const struct family_look *before, pid_t id) {
    for (int i = 0; i < before->threads; i++)
        if (before->thread[i].id == id) return before->thread[i];
    return (struct family_thread){0};
}

struct family_use family_use_between(const struct family_look *before, const struct family_look *after) {
    struct family_use use = {0};
    for (int i = 0; i < after->threads; i++) {
        const struct family_thread *now = &after->thread[i];
        struct family_thread then = earlier(before, now->id);
        use.cpu_s += now->cpu_s - then.cpu_s;
        use.voluntary += now->voluntary - then.voluntary;
        use.involuntary += now->involuntary - then.involuntary;
    }
    return use;
}
