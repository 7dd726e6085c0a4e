#include "cli/message.h"

#include <stdio.h>

int message_error(const struct err *e) {
    char line[1200];
    err_format(e, line, sizeof line);
    fprintf(stderr, "%s%s\n", e->file[0] ? "" : "dispatchsim: ", line);
    return err_exit_code(e->kind);
}
