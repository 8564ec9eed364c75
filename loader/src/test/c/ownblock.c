/* Reaches its thread-local variables by whatever model the compiler is told, needs nothing of others, and says whether it found them. */
_Thread_local int first = 5;
static _Thread_local char far[5000] __attribute__((aligned(64))) = { 1, 2, 3 };
static _Thread_local long hidden = 7;
static _Thread_local short zero;
_Thread_local long zeroes[300];

__attribute__((noinline)) static long *slot(long n) { return &zeroes[n]; }
__attribute__((noinline)) static char *byte(long n) { return &far[n]; }
int *first_address(void) { return &first; }

long run(long n) {
    long before = first * 1000000L + hidden * 1000 + zero * 100 + *byte(n % 3) * 10 + *slot(n) + far[4999];
    *first_address() += (int)n;
    hidden ^= n;
    zero++;
    *byte(4999) += 1;
    *slot(n) = before;
    for (int i = 0; i < 300; i++) before = before * 31 + zeroes[i];
    return before + (slot(299) - slot(0)) + (first_address() == &first);
}
