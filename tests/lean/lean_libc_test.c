// SPDX-License-Identifier: Apache-2.0
// tests: what board/lean_*.c puts in the place of the C library's, told line by line. Linked with and without it, the program has
// to say the same.
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char text[512];

#define SHOW(...)                                                             \
  do {                                                                        \
    const int octets = snprintf(text, sizeof text, __VA_ARGS__);              \
    fprintf(stdout, "%3d at line %d: [%s]\n", octets, __LINE__, text);        \
  } while (0)

static void show_numbers(void) {
  SHOW("%d %5d %-5d| %05d %+d % d %.3d %.0d|%8.3d|%-8.3d|", 42, 42, 42, -42, 42, 42, 7, 0, -5, 5);
  SHOW("%d %d %u %ld %lld %zu", INT_MIN, INT_MAX, UINT_MAX, LONG_MIN, LLONG_MIN, SIZE_MAX);
  SHOW("%hhd %hd %hhu %hu %jd %td", 300, 70000, 300, 70000, INTMAX_MIN, (ptrdiff_t)-1);
  SHOW("%x %X %#x %#X %#x %8.3x %o %#o %#o %#.0o %#05x", 255, 0xabcd, 255, 255, 0, 255, 8, 8, 0, 0, 15);
  SHOW("%*d|%-*d|%*d|%.*d|%.*d", 6, 1, 6, 2, -6, 3, 4, 5, -1, 6);
  SHOW("%p", (void*)0x1234);
}

static void show_texts(void) {
  SHOW("%s|%6s|%-6s|%.2s|%.*s|%8.1s|", "word", "ab", "cd", "word", 3, "word", "word");
  SHOW("%c%c%3c|%-3c|%%", 'a', 'b', 'c', 'd');
  SHOW("%s", "");
  char small[4] = "xyz";
  int length = snprintf(small, sizeof small, "%s", "longer");
  SHOW("%d %s", length, small);
  length = snprintf(NULL, 0, "%d", 12345);
  SHOW("%d", length);
}

static void show_kinds(void) {
  for (int c = -128; c < 256; ++c) {
    SHOW("%d: %d%d%d%d%d%d%d%d%d%d%d%d %d %d", c, isupper(c) != 0, islower(c) != 0, isalpha(c) != 0, isdigit(c) != 0,
      isxdigit(c) != 0, isspace(c) != 0, isprint(c) != 0, isgraph(c) != 0, isblank(c) != 0, iscntrl(c) != 0, ispunct(c) != 0,
      isalnum(c) != 0, toupper(c), tolower(c));
  }
  char* end = NULL;
  const long number = strtol(" \t-0x1fz", &end, 0);
  SHOW("%ld %s %lu", number, end, strtoul("077", NULL, 0));
}

static void show_read_numbers(void) {
  const char* const given[] = {"", " ", "-", "+", "0", "-0", "0x", "0xg", "-0XfF.", "08", "0777z", "\n\v\f\r 12", "+-1", "- 1",
    "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296", "-4294967295", "-4294967296",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "-18446744073709551615", "-18446744073709551616", "99999999999999999999999", "-99999999999999999999999",
    "zz", "-Zz!", "1@[`{", "\xb1", "ffffffffffffffff", "ffffffffffffffff0"};
  const int bases[] = {0, 2, 8, 10, 16, 36, 1, 37, -1};
  for (size_t n = 0; n < sizeof given / sizeof given[0]; ++n) {
    for (size_t b = 0; b < sizeof bases / sizeof bases[0]; ++b) {
      char* ends[4] = {NULL, NULL, NULL, NULL};
      int errors[4];
      errno = 0;
      const long a = strtol(given[n], &ends[0], bases[b]);
      errors[0] = errno, errno = 0;
      const unsigned long u = strtoul(given[n], &ends[1], bases[b]);
      errors[1] = errno, errno = 0;
      const long long l = strtoll(given[n], &ends[2], bases[b]);
      errors[2] = errno, errno = 0;
      const unsigned long long v = strtoull(given[n], &ends[3], bases[b]);
      errors[3] = errno;
      SHOW("%d %d: %ld %lu %lld %llu", (int)n, bases[b], a, u, l, v);
      for (int i = 0; i < 4; ++i) SHOW("%d %d", ends[i] == NULL ? -1 : (int)(ends[i] - given[n]), errors[i]);
    }
  }
}

static void show_environment(void) {
  static char one[] = "ONE=1", ones[] = "ONES=11", again[] = "ONE=2", other[] = "OTHER=";
  char* own[] = {one, ones, again, other, NULL};
  char** const kept = environ;
  environ = own;
  SHOW("%d %d %d", unsetenv("ONE"), unsetenv(""), unsetenv("A=B"));
  for (char** at = environ; *at != NULL; ++at) SHOW("%s", *at);
  SHOW("%d %d", unsetenv("OTHER"), unsetenv("NONE"));
  for (char** at = environ; *at != NULL; ++at) SHOW("%s", *at);
  environ = kept;
  for (int number = -1; number < 140; ++number) SHOW("%s", strerror(number));
}

static int sign(int value) {
  return (value > 0) - (value < 0);
}

static void show_strings(void) {
  static const char* const words[] = {"", "a", "ab", "ABC", "abcabc", "B", "\xff", "aab", "[", "\xdf"};
  enum { kWords = sizeof words / sizeof *words };
  for (int i = 0; i < kWords; ++i) {
    for (int k = 0; k < kWords; ++k) {
      const char* const found = strstr(words[i], words[k]);
      SHOW("%d %d: %d %d %d %d", i, k, sign(strcasecmp(words[i], words[k])), sign(strncasecmp(words[i], words[k], 2)),
        sign(strcmp(words[i], words[k])), sign(strncmp(words[i], words[k], 2)));
      SHOW("%d", found == NULL ? -1 : (int)(found - words[i]));
    }
    const char* const first = strchr(words[i], 'b');
    const char* const last = strrchr(words[i], 'b');
    SHOW("%s %s %d %d %d", first == NULL ? "none" : first, last == NULL ? "none" : last, (int)strnlen(words[i], 2),
      (int)(strchr(words[i], '\0') - words[i]), (int)(strrchr(words[i], '\0') - words[i]));
    char copy[9] = "--------";
    strncpy(copy, words[i], 4);
    SHOW("%.8s %d", copy, copy[3]);
    const char* const end = stpcpy(copy, words[i]);
    SHOW("%s %d", copy, (int)(end - copy));
    SHOW("%s", strcpy(copy, words[i]));
  }
}

static void show_addresses(void) {
  static const char* const addresses[] = {"::", "2001:db8::1:ff", "::ffff:192.0.2.4", "1:2:3:4:5:6:7:8"};
  for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; ++i) {
    struct in6_addr address;
    char name[INET6_ADDRSTRLEN];
    const int read = inet_pton(AF_INET6, addresses[i], &address);
    SHOW("%d %s", read, inet_ntop(AF_INET6, &address, name, sizeof name));
  }
}

static int by_number(const void* a, const void* b) {
  const int one = *(const int*)a, other = *(const int*)b;
  return (one > other) - (one < other);
}
static int by_text(const void* a, const void* b) {
  return strcmp(a, b);
}

static void show_lists(void) {
  for (size_t count = 0; count < 40; ++count) {
    int numbers[40] = {0};
    for (size_t i = 0; i < count; ++i) numbers[i] = (int)((i * 7919 + count * 104729) % 23) - 11;
    qsort(numbers, count, sizeof numbers[0], &by_number);
    for (size_t i = 0; i < count; ++i) printf("%d ", numbers[i]);
    SHOW("%zu", count);
  }
  char words[][7] = {"noon", "", "abc", "zebra", "abc", "ab", "mailer", "b"};
  qsort(words, sizeof words / sizeof words[0], sizeof words[0], &by_text);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i) SHOW("%s", words[i]);
  static const char kText[] = "aabaabaaab\0aab";
  static const char* const kWanted[] = {"", "a", "aab", "aaab", "baaab", "c", "aabaabaaabx"};
  for (size_t i = 0; i < sizeof kWanted / sizeof kWanted[0]; ++i) {
    const char* const found = memmem(kText, sizeof kText - 1, kWanted[i], strlen(kWanted[i]));
    SHOW("%d", found == NULL ? -1 : (int)(found - kText));
  }
  SHOW("%d %d", memmem(kText, 2, "aab", 3) == NULL, memmem(kText, sizeof kText, "b", 2) == kText + 9);
  srand(7);
  const int first = rand(), second = rand();
  srand(7);
  SHOW("%d %d %d", rand() == first, rand() == second, first != second && first >= 0 && second >= 0);
}

static void show_interfaces(void) {
  char name[IF_NAMESIZE] = "";
  const unsigned index = if_nametoindex("lo");
  SHOW("%u %s", index, if_indextoname(index, name));
  errno = 0;
  SHOW("%u %d", if_nametoindex("no such thing"), errno);
  errno = 0;
  SHOW("%u %d", if_nametoindex("a name that is longer than any"), errno);
  errno = 0;
  SHOW("%d %d", if_indextoname(54321, name) == NULL, errno);
}

static void* in_thread(void* said) {
  char name[64];
  strcpy(said, strerror_r(12345, name, sizeof name));
  errno = ENOENT;
  return said;
}

static void show_errors(void) {
  char said[64] = "";
  pthread_t thread;
  errno = 0;
  if (pthread_create(&thread, NULL, &in_thread, said) == 0) pthread_join(thread, NULL);
  SHOW("%s %d", said, errno);
  SHOW("%s %s %s", strerror(0), strerror(ENOENT), strerror(777));
}

static void show_files(const char* path) {
  FILE* const file = fopen(path, "re");
  if (file == NULL) return;
  char line[100];
  const char* const read = fgets(line, sizeof line, file);
  SHOW("%s %d", read, feof(file) != 0);
  SHOW("%d", fseek(file, 0, SEEK_END));
  const long size = ftell(file);
  SHOW("%d", fseek(file, 3, SEEK_SET));
  const size_t pairs = fread(line, 2, 4, file);
  SHOW("%zu %.8s %ld", pairs, line, ftell(file));
  size_t rest = 0;
  for (size_t got = 0; (got = fread(line, 1, sizeof line, file)) > 0;) rest += got;
  SHOW("%d %d %d %d", size == (long)rest + 11, feof(file) != 0, ferror(file) != 0, fgets(line, sizeof line, file) == NULL);
  SHOW("%d", fclose(file));
  const FILE* const missing = fopen("/nonexistent/file", "r");
  SHOW("%d %d", missing == NULL, errno);
}

// What relro protects is not writable any more.
extern const void* const relocated;
const void* const relocated __attribute__((section(".data.rel.ro"))) = &text;

static void show_protection(void) {
  FILE* const maps = fopen("/proc/self/maps", "r");
  char line[300];
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    char* rest = NULL;
    const uintptr_t begin = strtoul(line, &rest, 16);
    const uintptr_t end = strtoul(rest + 1, &rest, 16);
    if (begin <= (uintptr_t)&relocated && (uintptr_t)&relocated < end) SHOW("%.4s", rest + 1);
  }
  if (maps != NULL) fclose(maps);
}

int main(int argc, char** argv) {
  (void)argc;
  show_numbers();
  show_texts();
  show_kinds();
  show_read_numbers();
  show_environment();
  show_strings();
  show_lists();
  show_addresses();
  show_interfaces();
  show_errors();
  show_files(argv[0]);
  show_protection();
  fflush(stdout);
  return 0;
}
