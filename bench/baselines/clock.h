/* How the C programs measure: on the clock, and in processor time of their own process. */
#include <stdio.h>
#include <time.h>

/* Nanoseconds. */
typedef struct { double wall, cpu; } Time;

static double clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static Time now(void) {
    Time time = { clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_PROCESS_CPUTIME_ID) };
    return time;
}

/* Keeps the shorter times. */
static void keep_best(Time *best, Time start, Time end, double count) {
    double wall = (end.wall - start.wall) / count, cpu = (end.cpu - start.cpu) / count;
    if (wall < best->wall) best->wall = wall;
    if (cpu < best->cpu) best->cpu = cpu;
}

/* One line of output: the name of an operation and its times in nanoseconds. */
static void report(const char *name, Time best) { printf("%s %.1f %.1f\n", name, best.wall, best.cpu); }
