
static void say(const char *law, int step, const char *details)
{
    printf("step %d: %s: %s\n", step, law, details);
    fflush(stdout);
}

int main(void)
{
    begin();
    if (what_is_missing()) {
        printf("the allocator has no function %s\n", what_is_missing());
        return 2;
    }
    take(program, sizeof program / sizeof *program);
    run(MODE, ROUNDS, 60);
    printf("no law broke\n");
    return 0;
}
