/* Variables and functions of several kinds, for compilers to add their own tables to. Needs no header. */
extern int other(int);
int numbers[8] = { 1, 2, 3 };
static long hidden = 7;
char text[] = "abc";
static __attribute__((noinline)) int inner(int n) { return numbers[n & 7] + (int)hidden; }
int outer(int n) { return inner(n) + other(n) + text[n & 3]; }
void change(int n) { hidden += n; numbers[n & 7] = inner(n); }
__attribute__((weak)) int weak_one(int n) { return n > 3 ? outer(n) : inner(n); }
