/* Needs no header and no library, so that any compiler for any machine takes it. */
typedef unsigned long size;
extern int imported(int), imported_value;
extern int absent(void) __attribute__((weak));
extern void *memcpy(void *, const void *, size);

static const char *const words[] = { "zero", "one", "two" };
static int hidden = 7;
int table[100] = { 1, 2, 3 };
static short halves[8] = { 4, 5 };
static long long wide[4] = { 6 };
static char bytes[64];
static _Thread_local int mine = 5;
_Thread_local int ours;
static int twice(int x) { return 2 * x; }
static int thrice(int x) { return 3 * x; }
int (*const operations[])(int) = { twice, thrice, imported };
__attribute__((weak)) int weak_function(int x) { return x; }
typedef struct { long a[2]; } __attribute__((aligned(16))) pair;
static pair pairs[2];

int choose(int n) {
    switch (n) {
    case 0: return 10; case 1: return 25; case 2: return 37; case 3: return 12; case 4: return 99; case 5: return 3;
    default: return -1;
    }
}

int work(int n, char *out) {
    int sum = hidden + table[n % 100] + halves[1] + (int)wide[2] + bytes[3] + mine + ours;
    const char *w = words[n % 3];
    while (*w) *out++ = *w++;
    pairs[0] = pairs[1];
    for (int i = 0; i < 3; i++) sum += operations[i](n);
    sum += imported(n) + imported_value + weak_function(n) + choose(n);
    if (absent) sum += absent();
    hidden++;
    halves[1]++;
    wide[2]++;
    mine++;
    memcpy(bytes, words[1], 3);
    return sum;
}
int *address(void) { return &table[50]; }
