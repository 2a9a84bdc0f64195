/* Clocks of their own for some processes: preloaded, it adds to the time what a file holds.

   The file (its path in OWN_CLOCK) holds two numbers of eight bytes: the seconds by which the wall clock is ahead, and
   the seconds that the machine is said to have slept. It is mapped once when a program begins, so that a browser's
   sandbox, in which no file can be opened, has it too. The steady clock, by which programs wait, is left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct added { long long wall, slept; };

static const volatile struct added *added;

__attribute__((constructor)) static void map_the_file(void) {
  const char *path = getenv("OWN_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *found = mmap(NULL, sizeof *added, PROT_READ, MAP_SHARED, file, 0);
  if (found != MAP_FAILED) added = found;
  close(file);
}

int clock_gettime(clockid_t id, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, id, now);
  if (failed || !added) return failed;
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) now->tv_sec += added->wall;
  if (id == CLOCK_BOOTTIME) now->tv_sec += added->slept;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int failed = (int)syscall(SYS_gettimeofday, now, zone);
  if (!failed && added) now->tv_sec += added->wall;
  return failed;
}

time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
