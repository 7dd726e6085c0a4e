// Loads every bad scenario of a folder and compares the refusal with NAME.expected beside it.
//   bad FOLDER            compares; exit 1 where one differs
//   bad FOLDER --update   writes the refusals of today into the .expected files
#include "golden/models.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAST = 70, LINE = 1200 }; // fewer files than LEAST would mean that the folder was not found

static int is_scenario(const struct dirent *d) {
    const char *dot = strrchr(d->d_name, '.');
    return dot && strcmp(dot, ".yaml") == 0;
}

// The refusal as a user would see it; "loaded" where there is none.
static void refusal(const char *name, char out[LINE]) {
    struct scenario_file file;
    struct err e = {0};
    if (scenario_load(&file, name, NULL, 0, &models_for_tests, &e)) {
        scenario_fini(&file);
        strcpy(out, "loaded\n");
        return;
    }
    char line[LINE - 40];
    err_format(&e, line, sizeof line);
    snprintf(out, LINE, "%s%s\n", err_exit_code(e.kind) == 2 ? "" : "(not exit 2) ", line);
}

static void expected_name(const char *name, char *out, size_t room) {
    snprintf(out, room, "%.*s.expected", (int)strlen(name) - 5, name);
}

static bool compare(const char *name, const char *seen) {
    char path[300], wanted[LINE] = "";
    expected_name(name, path, sizeof path);
    FILE *f = fopen(path, "r");
    if (f) {
        wanted[fread(wanted, 1, sizeof wanted - 1, f)] = 0;
        fclose(f);
    }
    if (strcmp(seen, wanted) == 0) return true;
    printf("%s\n  expected: %s  refused:  %s", name, wanted, seen);
    return false;
}

static bool update(const char *name, const char *seen) {
    char path[300];
    expected_name(name, path, sizeof path);
    FILE *f = fopen(path, "w");
    return f && fputs(seen, f) >= 0 && fclose(f) == 0;
}

int main(int argc, char **argv) {
    bool updating = argc == 3 && strcmp(argv[2], "--update") == 0;
    if ((argc != 2 && !updating) || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: bad FOLDER [--update]\n");
        return 2;
    }
    struct dirent **names;
    int count = scandir(".", &names, is_scenario, alphasort), wrong = count < LEAST;
    for (int i = 0; i < count; i++) {
        char seen[LINE];
        refusal(names[i]->d_name, seen);
        // A refusal must say where; an update cannot make a loaded file or a lost place right.
        bool placed = strncmp(seen, "loaded", 6) != 0 && seen[0] != '(' &&
                      strstr(seen, ".yaml:") == seen + strcspn(seen, ".");
        bool csv = strstr(seen, ".csv:") != NULL;
        if (!placed && !csv) printf("%s: no place: %s", names[i]->d_name, seen);
        wrong += !placed && !csv;
        wrong += !(updating ? update : compare)(names[i]->d_name, seen);
        free(names[i]);
    }
    free(names);
    printf("%d bad files, %d wrong\n", count, wrong);
    return wrong != 0;
}
