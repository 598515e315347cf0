// SPDX-License-Identifier: Apache-2.0
// board: numbers and errors without a locale, and a variable taken out of the environment (decision 0023).
//
// glibc reads each kind of number by code of its own that groups digits as a locale does, and with a locale come the names of its
// days and currencies; who takes a variable out of the environment gets a tree in which those that were set are shared. 16 kB.
#define _GNU_SOURCE
#include <features.h>

#if defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned digit_of(char c) {
  if (c >= '0' && c <= '9') return (unsigned)(c - '0');
  const char small = (char)(c | 0x20);
  return small >= 'a' && small <= 'z' ? (unsigned)(small - 'a') + 10 : UINT_MAX;
}

// C17 7.22.1.4. `negative`: the most there may be after a minus.
static unsigned long long read_number(const char* text, char** end, int base, unsigned long long positive,
                                      unsigned long long negative) {
  if (base < 0 || base == 1 || base > 36) {
    errno = EINVAL;
    return 0;
  }
  const char* at = text;
  while (*at == ' ' || (*at >= '\t' && *at <= '\r')) ++at;
  const int minus = *at == '-';
  if (minus || *at == '+') ++at;
  if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 0x20) == 'x' && digit_of(at[2]) < 16) {
    base = 16;
    at += 2;
  }
  if (base == 0) base = *at == '0' ? 8 : 10;
  const unsigned long long most = minus ? negative : positive;
  const char* const first = at;
  unsigned long long value = 0;
  int over = 0;
  for (unsigned digit; (digit = digit_of(*at)) < (unsigned)base; ++at) {
    if (over || digit > most || value > (most - digit) / (unsigned)base) over = 1;
    else value = value * (unsigned)base + digit;
  }
  if (end != NULL) *end = (char*)(at == first ? text : at);
  if (over) {
    errno = ERANGE;
    // The greatest unsigned number has no sign.
    return minus && negative != positive ? 0 - most : most;
  }
  return minus ? 0 - value : value;
}

long strtol(const char* text, char** end, int base) {
  return (long)read_number(text, end, base, LONG_MAX, (unsigned long long)LONG_MAX + 1);
}
unsigned long strtoul(const char* text, char** end, int base) {
  return (unsigned long)read_number(text, end, base, ULONG_MAX, ULONG_MAX);
}
long long strtoll(const char* text, char** end, int base) {
  return (long long)read_number(text, end, base, LLONG_MAX, (unsigned long long)LLONG_MAX + 1);
}
unsigned long long strtoull(const char* text, char** end, int base) {
  return read_number(text, end, base, ULLONG_MAX, ULLONG_MAX);
}

// Named by what reads JSON, which nobody does here; who calls it does not link, for what it calls is nowhere.
void no_fraction_is_read_here(void);
double strtod(const char* text, char** end) {
  (void)text, (void)end;
  no_fraction_is_read_here();
  return 0;
}

char* strerror(int number) {
  static _Thread_local char unknown[40];
  return strerror_r(number, unknown, sizeof unknown);
}

int unsetenv(const char* name) {
  if (*name == '\0' || strchr(name, '=') != NULL) {
    errno = EINVAL;
    return -1;
  }
  const size_t length = strlen(name);
  char** to = environ;
  for (char** from = environ; from != NULL && *from != NULL; ++from) {
    if (strncmp(*from, name, length) != 0 || (*from)[length] != '=') *to++ = *from;
  }
  if (to != NULL) *to = NULL;
  return 0;
}
// For programs with more rights than who calls them.
int __unsetenv(const char* name) {
  return unsetenv(name);
}

#endif
