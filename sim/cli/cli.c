#include "cli/cli.h"

#include "cli/args.h"
#include "cli/message.h"

#include <errno.h>
#include <string.h>

static const struct command commands[] = {
    {"run", "[FILE...]", 0, -1,
     "Simulates scenarios and prints predictions; without a FILE the built-in example",
     "  dispatchsim run configs/fastapi-seed.yaml\n"
     "  dispatchsim run mine.yaml --set server.threads=80 --case non-async\n"
     "  dispatchsim run mine.yaml --format json -o result.json\n"
     "  dispatchsim run mine.yaml --trace trace.json     open it in ui.perfetto.dev\n",
     COMMAND_RUN, cmd_run},
    {"measure", "FILE...", 1, -1,
     "Executes scenarios for real: micro-server and load generator, round by round",
     "  dispatchsim measure mine.yaml --rounds 20\n", COMMAND_MEASURE, cmd_measure},
    {"validate", "FILE...", 1, -1, "Sets prediction beside measurement, and says where the model misses",
     "  dispatchsim validate mine.yaml\n"
     "  dispatchsim validate mine.yaml --tolerance 3% --format json -o validation.json\n",
     COMMAND_VALIDATE, cmd_validate},
    {"serve", "FILE", 1, 1, "Executes a scenario as a real server on this machine, for any client",
     "  dispatchsim serve configs/example.yaml --case async --port 8000\n"
     "  dispatchsim serve mine.yaml --for 30s --set server.workers=2\n",
     COMMAND_SERVE, cmd_serve},
    {"load", "URL", 1, 1, "Loads a server on this machine as ab or wrk do, or at a rate of its own",
     "  dispatchsim load http://127.0.0.1:8000/ --client ab --concurrency 100 --requests 10000\n"
     "  dispatchsim load http://127.0.0.1:8000/ --client wrk --concurrency 64 --duration 10s\n"
     "  dispatchsim load http://127.0.0.1:8000/ --client open --rate 500/s --duration 30s\n",
     COMMAND_LOAD, cmd_load},
    {"calibrate", "", 0, 0, "Measures what each step costs on this machine and writes a cost profile",
     "  dispatchsim calibrate                    writes configs/costs/HOSTNAME.yaml, takes a minute\n"
     "  dispatchsim calibrate --quick -o me.yaml\n"
     "  dispatchsim calibrate --url http://127.0.0.1:8000 --pid 4711 --noop-async /async --noop-sync /sync "
     "-o mine.yaml\n"
     "                                           a server that is running already\n"
     "  dispatchsim calibrate --against old.yaml -o new.yaml      do the costs repeat?\n"
     "  dispatchsim calibrate --against old.yaml --profile new.yaml      of two that are there\n",
     COMMAND_CALIBRATE, cmd_calibrate},
    {"sweep", "FILE", 1, 1, "Simulates a scenario at every combination of values and stores the results",
     "  dispatchsim sweep mine.yaml --vary 'load.concurrency=1..1024*2' --vary server.threads=10,40 -o "
     "results\n"
     "  dispatchsim sweep configs/sweep-concurrency.yaml -o results      its `sweep` block says what varies\n"
     "  dispatchsim sweep ... -o results --resume                        after an interruption\n"
     "  dispatchsim sweep ... -o part-2 --shard 2/3                      a third of it, for merge\n",
     COMMAND_SWEEP, cmd_sweep},
    {"export", "DIR", 1, 1, "Writes a stored sweep as sorted rows",
     "  dispatchsim export results > results.csv\n"
     "  dispatchsim export results --format openmetrics -o results.om\n"
     "  dispatchsim export results --format hgrm -o percentiles          one file a point and case\n",
     COMMAND_EXPORT, cmd_export},
    {"merge", "OUT DIR...", 2, -1, "Joins the shards of a sweep",
     "  dispatchsim merge results part-1 part-2 part-3\n", COMMAND_MERGE, cmd_merge},
    {"plan", "FILE", 1, 1,
     "Finds the cheapest configuration that meets an objective, or the load that one carries",
     "  dispatchsim plan configs/plan-api.yaml\n"
     "  dispatchsim plan mine.yaml --set plan.p99=100ms --set server.model=threadpool\n"
     "  dispatchsim plan mine.yaml --max-rate        how much the file as it is carries under its "
     "objective\n",
     COMMAND_PLAN, cmd_plan},
    {"plot", "FILE|DIR", 1, 1, "Draws a stored sweep, or results as JSON",
     "  dispatchsim plot results              a sweep's folder: pictures go to results/plots\n"
     "  dispatchsim plot validation.json      what run, measure or validate wrote: validation-plots\n"
     "  dispatchsim plot results --where server.threads=40 --picture curve --term dumb\n"
     "\n"
     "Pictures: curve, stations, scaling, heatmap, cdf, spectrum, utilisation, blame, validation, "
     "frontier.\n",
     COMMAND_PLOT, cmd_plot},
    {"check", "FILE...", 1, -1, "Reads scenarios, checks every value and says what is odd",
     "  dispatchsim check mine.yaml\n", COMMAND_CHECK, cmd_check},
    {"models", "", 0, 0, "Lists the ways to dispatch", "", COMMAND_MODELS, cmd_models},
    {"explain", "[KEY]", 0, 1, "Explains a key of scenarios or cost profiles; without a KEY all of them",
     "  dispatchsim explain server.accept\n"
     "  dispatchsim explain load\n",
     COMMAND_EXPLAIN, cmd_explain},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

// All of it fits a terminal of 24 lines.
static const char help[] =
    "dispatchsim predicts how many requests a server serves, how long they wait, and what limits it.\n"
    "\n"
    "  dispatchsim run                                     the built-in example\n"
    "  dispatchsim run mine.yaml --set server.threads=80   what if?\n"
    "\n"
    "usage: dispatchsim COMMAND [ARGUMENTS]   COMMAND --help tells its options, --version this program's "
    "version\n";

static void print_help(void) {
    fputs(help, stdout);
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-9s %-10s %s\n", commands[i].name, commands[i].operands, commands[i].summary);
    fputs("\n"
          "Results go to stdout, remarks to stderr. Exit codes: 0 ok, 1 the answer is no, 2 usage or "
          "scenario, 3 "
          "files,\n"
          "memory or threads, 4 a measurement that cannot be trusted, 70 a broken law inside the simulator, "
          "130 and\n"
          "143 when stopped by SIGINT or SIGTERM.\n",
          stdout);
}

static void print_command_help(const struct command *c) {
    struct text text;
    text_init(&text);
    args_help(c, &text);
    fputs(text_string(&text), stdout);
    text_fini(&text);
}

static const struct command *find(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name)) return &commands[i];
    return NULL;
}

static int refuse(const char *word) {
    const char *names[COMMANDS];
    struct err e;
    for (int i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
    const char *meant = text_closest(word, names, COMMANDS);
    err_set(&e, ERR_USAGE, word[0] == '-' ? "no option %s before a command" : "no command '%s'", word);
    if (meant)
        err_hint(&e, "did you mean %s?", meant);
    else
        err_hint(&e, "see dispatchsim --help");
    return message_error(&e);
}

static int run_command(const struct command *c, int argc, char **argv, const struct program *p) {
    struct args a;
    struct err e = {0};
    int code = 0;
    if (!args_parse(&a, c, argc, argv, &e))
        code = err_exit_code(e.kind);
    else if (a.help)
        print_command_help(c);
    else
        code = c->run(p, &a, &e);
    if (e.kind != ERR_NONE) message_error(&e);
    args_fini(&a);
    return code;
}

// What stdio still holds may be what cannot be written. A command that failed has said why.
static int flush(int code) {
    struct err e;
    errno = 0;
    if ((!fflush(stdout) && !ferror(stdout)) || code) return code;
    err_set(&e, ERR_HOST, "cannot write standard output: %s", strerror(errno ? errno : EIO));
    return message_error(&e);
}

static int dispatch(int argc, char **argv, const struct program *p) {
    if (argc < 2) {
        fputs("usage: dispatchsim COMMAND [ARGUMENTS] (see dispatchsim --help)\n", stderr);
        return 2;
    }
    const struct command *c = find(argv[1]);
    if (c) return run_command(c, argc - 2, argv + 2, p);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        print_help();
    else if (!strcmp(argv[1], "--version"))
        puts("dispatchsim " DISPATCHSIM_VERSION);
    else
        return refuse(argv[1]);
    return 0;
}

int cli_main(int argc, char **argv, const struct program *p) {
    return flush(dispatch(argc, argv, p));
}
