// dispatchsim: what a server's way of dispatching requests costs. This is the only file that sees the list of models.
#include "base/require.h"
#include "cli/cli.h"
#include "models/model.h"

#include <unistd.h>

#define MODEL(name) extern const struct model model_##name;
#include "models/models.def"
#undef MODEL

#define MODEL(name) &model_##name,
static const struct model *const list[] = {
#include "models/models.def"
};
#undef MODEL

// A broken promise of the program itself: its message is out, the exit code tells scripts. No core file.
static void broken(const char *file, int line, const char *text) {
    (void)file;
    (void)line;
    (void)text;
    _exit(70);
}

int main(int argc, char **argv) {
    const struct models all = {sizeof list / sizeof list[0], list};
    const struct program program = {&all, simulate};
    require_handler(broken);
    return cli_main(argc, argv, &program);
}
