// SPDX-License-Identifier: Apache-2.0
// bench: the least work a durable Maildir delivery can be: create, write, sync, rename, sync the directory.
//
// loops FOLDER THREADS FILES OCTETS: prints "files_per_second cpu_ms_per_file octets_written_per_octet" of
// the whole run. FOLDER has tmp/ and new/. Each thread has its own names; the directory new/ is shared, as a mailbox is.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static char *text;
static size_t octets;
static long files_each;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void deliver(long thread, long number) {
  char from[4096], to[4096];
  snprintf(from, sizeof from, "%s/tmp/%ld.%ld", folder, thread, number);
  snprintf(to, sizeof to, "%s/new/%ld.%ld", folder, thread, number);
  int file = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) die(from);
  for (size_t done = 0; done < octets;) {
    ssize_t wrote = write(file, text + done, octets - done);
    if (wrote <= 0) die("write");
    done += (size_t)wrote;
  }
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename(from, to) != 0) die("rename");
}

static void *work(void *argument) {
  char path[4096];
  snprintf(path, sizeof path, "%s/new", folder);
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) die(path);
  for (long number = 0; number < files_each; number++) {
    deliver((long)argument, number);
    if (fsync(directory) != 0) die("fsync directory");
  }
  close(directory);
  return NULL;
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// What the kernel charges this process for, pages and directory blocks included.
static double octets_written(void) {
  FILE *counters = fopen("/proc/self/io", "r");
  if (counters == NULL) return 0;
  char row[128];
  double found = 0;
  while (fgets(row, sizeof row, counters) != NULL)
    if (strncmp(row, "write_bytes: ", 13) == 0) found = atof(row + 13);
  fclose(counters);
  return found;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: loops FOLDER THREADS FILES OCTETS\n");
    return 64;
  }
  folder = argv[1];
  long threads = atol(argv[2]);
  if (threads < 1 || threads > 256) return 64;
  files_each = atol(argv[3]) / threads;
  octets = (size_t)atol(argv[4]);
  text = malloc(octets + 1);
  if (text == NULL) die("malloc");
  memset(text, 'x', octets);
  pthread_t crew[256];
  const double begun = seconds(CLOCK_MONOTONIC);
  for (long each = 0; each < threads; each++)
    if (pthread_create(&crew[each], NULL, work, (void *)each) != 0) die("pthread_create");
  for (long each = 0; each < threads; each++) pthread_join(crew[each], NULL);
  const double took = seconds(CLOCK_MONOTONIC) - begun;
  const double files = (double)(files_each * threads);
  printf("%.1f %.4f %.4f\n", files / took, seconds(CLOCK_PROCESS_CPUTIME_ID) * 1000 / files,
         octets_written() / (files * (double)octets));
  return 0;
}
