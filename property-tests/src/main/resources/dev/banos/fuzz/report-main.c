
static void say(const char *law, int step, const char *details)
{
    printf("step %d: %s: %s\n", step, law, details);
    fflush(stdout);
}

int main(void)
{
    begin();
    take(program, sizeof program / sizeof *program);
    run(MODE, ROUNDS, 60);
    printf("no law broke\n");
    return 0;
}
