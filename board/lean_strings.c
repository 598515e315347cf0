// SPDX-License-Identifier: Apache-2.0
// board: functions of <string.h> that nothing here depends on being fast, each once (decision 0025).
//
// glibc has each of them five to seven times, one for each generation of x86-64 processors: 70 kB. What copies, fills, compares
// and searches whole blocks (mem*, strlen) stays glibc's. Other processors have each once, in a hundred octets or two.
#if defined(__x86_64__) && defined(__gnu_linux__)

#include <stddef.h>

char* strchrnul(const char* text, int c) {
  while (*text != '\0' && *text != (char)c) ++text;
  return (char*)text;
}
char* strchr(const char* text, int c) {
  char* const found = strchrnul(text, c);
  return *found == (char)c ? found : NULL;
}
char* strrchr(const char* text, int c) {
  const char* found = NULL;
  for (;; ++text) {
    if (*text == (char)c) found = text;
    if (*text == '\0') return (char*)found;
  }
}
void* rawmemchr(const void* from, int c) {
  const char* at = from;
  while (*at != (char)c) ++at;
  return (void*)at;
}
size_t strnlen(const char* text, size_t most) {
  size_t length = 0;
  while (length < most && text[length] != '\0') ++length;
  return length;
}

int strncmp(const char* a, const char* b, size_t most) {
  for (; most > 0; --most, ++a, ++b) {
    if (*a != *b) return (unsigned char)*a - (unsigned char)*b;
    if (*a == '\0') break;
  }
  return 0;
}
int strcmp(const char* a, const char* b) {
  return strncmp(a, b, (size_t)-1);
}

static int lower(char c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}
// In the C locale, which is the only one here.
int strncasecmp(const char* a, const char* b, size_t most) {
  for (; most > 0; --most, ++a, ++b) {
    const int difference = lower(*a) - lower(*b);
    if (difference != 0 || *a == '\0') return difference;
  }
  return 0;
}
int strcasecmp(const char* a, const char* b) {
  return strncasecmp(a, b, (size_t)-1);
}

char* stpcpy(char* to, const char* from) {
  while ((*to = *from++) != '\0') ++to;
  return to;
}
char* strcpy(char* to, const char* from) {
  stpcpy(to, from);
  return to;
}
char* strncpy(char* to, const char* from, size_t size) {
  size_t i = 0;
  for (; i < size && from[i] != '\0'; ++i) to[i] = from[i];
  for (; i < size; ++i) to[i] = '\0';
  return to;
}

char* strstr(const char* text, const char* wanted) {
  for (;; ++text) {
    size_t i = 0;
    while (wanted[i] != '\0' && text[i] == wanted[i]) ++i;
    if (wanted[i] == '\0') return (char*)text;
    if (text[i] == '\0') return NULL;
  }
}

// glibc calls them by these names.
extern __typeof(strchrnul) __strchrnul __attribute__((alias("strchrnul")));
extern __typeof(rawmemchr) __rawmemchr __attribute__((alias("rawmemchr")));
extern __typeof(strnlen) __strnlen __attribute__((alias("strnlen")));
extern __typeof(stpcpy) __stpcpy __attribute__((alias("stpcpy")));

#endif
