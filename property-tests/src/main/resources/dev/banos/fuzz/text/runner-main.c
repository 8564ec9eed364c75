/*
 * The process in which an allocator runs without a JVM. Commands come on standard input, one a line; the program is in the
 * file that this process and its parent both map. After a broken law it ends.
 *
 *   replay MODE     race ROUNDS     tries COUNT      ->   lawful | broken LAW STEP -1 MODE DETAILS
 *
 * Of several tries the programs stand one behind the other:
 *
 *   length, mode (int32_t each) | steps | length, mode | steps ...
 */
#include <signal.h>
#include <sys/prctl.h>

#define IMAGE_AT 4096
#define MODES 5
#define SECONDS 5 /* the longest race */

static const char *const mode_names[MODES] = {"LOCKSTEP", "FREELY", "RACED", "REPEATED", "REPEATED_LONG"};
static const char *mark;
static const int32_t *programs;

static void answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void answer(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int bytes = snprintf(line, sizeof line - 1, "%s\t", mark);
    bytes += vsnprintf(line + bytes, sizeof line - 1 - (size_t)bytes, format, arguments);
    va_end(arguments);
    if (bytes > (int)sizeof line - 2)
        bytes = (int)sizeof line - 2;
    line[bytes++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)bytes) != bytes)
        _exit(3);
}

static void say(const char *law, int step, const char *details)
{
    answer("broken\t%s\t%d\t-1\t%s\t%s", law, step, mode_names[mode], details);
}

static void read_line(char *line, int most)
{
    int bytes = 0;
    while (read(STDIN_FILENO, line + bytes, 1) == 1 && bytes < most - 1) {
        if (line[bytes] == '\n') {
            line[bytes] = 0;
            return;
        }
        bytes++;
    }
    _exit(0);
}

static const int32_t *take_program(const int32_t *image)
{
    const struct step *first = (const struct step *)(image + 2);
    take(first, image[0]);
    return (const int32_t *)(first + image[0]);
}

static void run_tries(int count)
{
    for (const int32_t *image = programs; progress->tries < count; progress->tries++) {
        const int32_t *next = take_program(image);
        run((enum mode)image[1], 1, SECONDS);
        image = next;
    }
}

static void obey_command(const char *verb, const char *argument)
{
    if (!strcmp(verb, "tries")) {
        run_tries(atoi(argument));
        return;
    }
    take_program(programs);
    if (!strcmp(verb, "race")) {
        run(RACED, atoi(argument), SECONDS);
        return;
    }
    for (int i = 0; i < MODES; i++)
        if (!strcmp(argument, mode_names[i])) {
            run((enum mode)i, FREE_RUNS, SECONDS);
            return;
        }
    _exit(3);
}

#define PROMISED_ALIGNMENT 2
#define PROMISES_USABLE_SIZE 3
#define CHECKS_ALIGNMENTS 10

/* The promises, but for those that functions would keep which are not there. */
static void answer_ready(char *promises)
{
    char kept[256] = "";
    int field = 0;
    for (char *word = strtok(promises, " "); word; word = strtok(0, " "), field++) {
        int is_void = field == PROMISES_USABLE_SIZE ? !the_usable_size
            : (field == PROMISED_ALIGNMENT || field == CHECKS_ALIGNMENTS) && !the_posix_memalign;
        strncat(kept, is_void ? field == PROMISED_ALIGNMENT ? "0" : "false" : word, sizeof kept - strlen(kept) - 1);
        strncat(kept, " ", sizeof kept - strlen(kept) - 1);
    }
    answer("ready\t%s", kept);
}

/* Arguments: mark, work file, promises, laws that are waived. */
int main(int count, char **arguments)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    mark = arguments[1];
    int file = open(arguments[2], O_RDWR);
    size_t bytes = IMAGE_AT + 8 + MOST_STEPS * sizeof(struct step);
    char *work = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (work == MAP_FAILED) {
        perror(arguments[2]);
        return 3;
    }
    progress = (struct progress *)work;
    programs = (const int32_t *)(work + IMAGE_AT);
    for (int i = 4; i < count; i++) {
        waives_errno |= !strcmp(arguments[i], "ERRNO");
        waives_alignment |= !strcmp(arguments[i], "BAD_ALIGNMENT");
    }
    begin();
    const char *missing = what_is_missing();
    if (missing) {
        answer("unusable\tit has no function %s, which the C library's would stand in for", missing);
        return 3;
    }
    answer_ready(arguments[3]);
    for (;;) {
        char line[64];
        read_line(line, sizeof line);
        char *argument = strchr(line, ' ');
        if (!argument)
            _exit(3);
        *argument++ = 0;
        obey_command(line, argument);
        answer("lawful");
    }
}
