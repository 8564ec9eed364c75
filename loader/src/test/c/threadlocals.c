/* Thread-local variables of this object and of others, by whatever model the compiler is told. Needs no header. */
_Thread_local int exported = 5;
_Thread_local char bytes[40] __attribute__((aligned(32)));
static _Thread_local long hidden = 7;
static _Thread_local short zero;
extern _Thread_local int imported;
extern _Thread_local long other __attribute__((weak));

int *exported_address(void) { return &exported; }
long sum(int n) { return exported + hidden + zero + bytes[n] + imported; }
void change(long by) { hidden += by; zero++; bytes[3] = 1; imported -= 1; exported ^= 2; }
long *other_address(void) { return &other; }
static int helper(void) { return ++zero; }
int twice(void) { return helper() + (int)hidden; }
