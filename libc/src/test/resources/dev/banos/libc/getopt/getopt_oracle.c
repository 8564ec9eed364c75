/*
 * Answers requests on standard input with traces of the C library's getopt on standard output; GetoptPropertiesTest.java speaks with it.
 * A request is lines: mode (0 getopt, 1 getopt_long, 2 getopt_long_only), POSIXLY_CORRECT (0 or 1), opterr, first optind,
 * resetAfter, resetTo (after that many calls, if not negative, optind is set), the option string, the number of long options
 * and for each "has_arg flag val" and its name, argc, and the arguments.
 * It greets with the name of the C library. A trace is two lines a call, its results and the vector after it, and then "end".
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 256, CALLS = 200, OPTIONS = 32, FLAGS = 4 };

static char *line(void)
{
    static char *buffers[LINES];
    static size_t sizes[LINES];
    static int turn;
    turn = (turn + 1) % LINES;
    ssize_t length = getline(&buffers[turn], &sizes[turn], stdin);
    if (length <= 0)
        exit(0);
    buffers[turn][length - 1] = 0;
    return buffers[turn];
}

static int number(void) { return atoi(line()); }

/* optopt outlasts a new parse in the C library: an unknown long option brings it back to 0, as in a new process. */
static void forget_optopt(void)
{
    char *argv[] = { "prog", "--unknown", NULL };
    struct option none[] = { { 0 } };
    optind = opterr = 0;
    getopt_long(2, argv, "", none, NULL);
}

int main(void)
{
    char *message;
    size_t length;
#ifdef __GLIBC__
    puts("glibc");
#else
    puts("another C library");
#endif
    fflush(stdout);
    stderr = open_memstream(&message, &length);
    for (;;) {
        forget_optopt();
        int mode = number(), posix = number();
        opterr = number();
        int first = number(), reset_after = number(), reset_to = number();
        char *optstring = line();
        int flags[FLAGS];
        struct option options[OPTIONS + 1];
        int count = number();
        for (int i = 0; i < count; i++) {
            int flag;
            sscanf(line(), "%d %d %d", &options[i].has_arg, &flag, &options[i].val);
            options[i].flag = flag < 0 ? NULL : &flags[flag];
            options[i].name = line();
        }
        memset(&options[count], 0, sizeof options[count]);
        int argc = number();
        char *argv[LINES];
        for (int i = 0; i < argc; i++)
            argv[i] = line();
        argv[argc] = NULL;

        if (posix) setenv("POSIXLY_CORRECT", "", 1); else unsetenv("POSIXLY_CORRECT");
        memset(flags, 0, sizeof flags);
        int longindex = -1;
        optind = first;
        for (int call = 0, result = 0; call < CALLS && result != -1; call++) {
            if (call == reset_after)
                optind = reset_to;
            rewind(stderr);
            result = mode == 0 ? getopt(argc, argv, optstring)
                : (mode == 1 ? getopt_long : getopt_long_only)(argc, argv, optstring, options, &longindex);
            fflush(stderr);
            printf("%d ind=%d opt=%d long=%d flags=%d,%d,%d,%d arg=%s%s message=%.*s", result, optind, optopt, longindex,
                   flags[0], flags[1], flags[2], flags[3], optarg ? "=" : "null", optarg ? optarg : "",
                   (int)length, message);
            if (length == 0) putchar('\n');
            printf("argv=");
            for (int i = 0; i < argc; i++)
                printf("%s\t", argv[i]);
            putchar('\n');
        }
        printf("end\n");
        fflush(stdout);
    }
}
