// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a program, writes a line to $IOCTL_TRACE for every ioctl of the kernel's generator: its name, the credit and the length,
// never the bytes; the calls go through. And the seconds in the file $CLOCK_STEP are added to the wall clock, as if somebody had set it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static void note(const char* name, int credit_bits, int bytes, int result) {
  const char* path = getenv("IOCTL_TRACE");
  if (path == NULL) return;
  char line[128];
  const int size = snprintf(line, sizeof(line), "%s credit_bits=%d bytes=%d result=%d\n", name, credit_bits, bytes, result);
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0 && write(file, line, (size_t)size) != size) abort();
  if (file >= 0) close(file);
}

int ioctl(int descriptor, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  const int result = real(descriptor, request, argument);
  const int number = errno;
  if (request == RNDADDENTROPY) note("RNDADDENTROPY", ((const int*)argument)[0], ((const int*)argument)[1], result);
  if (request == RNDRESEEDCRNG) note("RNDRESEEDCRNG", 0, 0, result);
  errno = number;
  return result;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  int (*real)(clockid_t, struct timespec*) = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, now);
  const char* path = clock == CLOCK_REALTIME ? getenv("CLOCK_STEP") : NULL;
  FILE* file = path == NULL ? NULL : fopen(path, "re");
  long seconds = 0;
  if (file != NULL && fscanf(file, "%ld", &seconds) == 1) now->tv_sec += seconds;
  if (file != NULL) fclose(file);
  return result;
}
