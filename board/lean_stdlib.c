// SPDX-License-Identifier: Apache-2.0
// board: functions that only c-ares calls, for short lists, as small as they can be (decision 0027).
//
// glibc's sort by merging in memory it asks for, search in linear time, keep random numbers in seven ways, and ask the kernel for
// addresses of interfaces by netlink where only their numbers are wanted: 11 kB. Ids and ports of questions are not drawn by
// rand(): c-ares names it for systems without a better source.
#if defined(__linux__)

#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- A heap: no memory, and no order that takes long.

static void swap(char* a, char* b, size_t size) {
  for (; size > 0; --size, ++a, ++b) {
    const char kept = *a;
    *a = *b;
    *b = kept;
  }
}
static void sink(char* base, size_t at, size_t count, size_t size, int (*compare)(const void*, const void*)) {
  for (size_t child = 0; at < count / 2; at = child) {
    child = 2 * at + 1;
    if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0) ++child;
    if (compare(base + at * size, base + child * size) >= 0) return;
    swap(base + at * size, base + child * size, size);
  }
}
void qsort(void* base, size_t count, size_t size, int (*compare)(const void*, const void*)) {
  for (size_t at = count / 2; at > 0; --at) sink(base, at - 1, count, size, compare);
  for (; count > 1; --count) {
    swap(base, (char*)base + (count - 1) * size, size);
    sink(base, 0, count - 1, size, compare);
  }
}

void* memmem(const void* in, size_t size, const void* wanted, size_t length) {
  for (const char* at = in; size >= length; ++at, --size) {
    if (memcmp(at, wanted, length) == 0) return (void*)at;
  }
  return NULL;
}

// Shared by threads: whoever comes in between draws another number.
static unsigned long long drawn = 1;
void srand(unsigned seed) {
  __atomic_store_n(&drawn, (unsigned long long)seed, __ATOMIC_RELAXED);
}
int rand(void) {
  const unsigned long long next = __atomic_load_n(&drawn, __ATOMIC_RELAXED) * 6364136223846793005ULL + 1442695040888963407ULL;
  __atomic_store_n(&drawn, next, __ATOMIC_RELAXED);
  return (int)(next >> 33);
}

// ---- Interfaces.

static int ask_kernel(unsigned long what, struct ifreq* request) {
  const int file = socket(AF_LOCAL, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0) return -1;
  const int said = ioctl(file, what, request);
  const int error = errno;
  close(file);
  errno = error;
  return said;
}
unsigned if_nametoindex(const char* name) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  const size_t length = strlen(name);
  if (length >= sizeof request.ifr_name) {
    errno = ENODEV;
    return 0;
  }
  memcpy(request.ifr_name, name, length);
  return ask_kernel(SIOCGIFINDEX, &request) < 0 ? 0 : (unsigned)request.ifr_ifindex;
}
char* if_indextoname(unsigned index, char name[IF_NAMESIZE]) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  request.ifr_ifindex = (int)index;
  if (ask_kernel(SIOCGIFNAME, &request) < 0) {
    if (errno == ENODEV) errno = ENXIO;
    return NULL;
  }
  return memcpy(name, request.ifr_name, IF_NAMESIZE);
}

#endif
