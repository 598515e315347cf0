// SPDX-License-Identifier: Apache-2.0
// board: stands in for what a static C library brings along and this program does not use (decision 0025).
//
// glibc links, for any program, streams with wide characters, conversions between character sets, message catalogues, a
// resolver and a loader of shared objects: 380 kB that nothing here calls. Each function below is defined as the C standard or
// glibc's header has it, or - under "glibc's own names" - as glibc 2.36 uses it; with another glibc this file is empty and the
// program as large as before. Whatever needs the real thing brings glibc's object, which defines the same names again:
// the link fails, no behaviour changes silently.

// Headers are to rename nothing (fopen to fopen64): functions are defined here by both names where there are two.
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#define _GNU_SOURCE
#include <features.h>
#if defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- Formatting: integers, texts and characters; no floating point, no wide characters, no positions.

struct target {
  char* at;
  size_t room;  // without the null
  size_t length;
};

static void put(struct target* to, char c) {
  if (to->length < to->room) to->at[to->length] = c;
  ++to->length;
}
static void put_many(struct target* to, char c, int count) {
  for (; count > 0; --count) put(to, c);
}

struct conversion {
  int left, zero, plus, space, alternate;
  int width, precision;  // a precision that is not given is -1
};

static void put_text(struct target* to, const struct conversion* how, const char* text, size_t length) {
  const int missing = how->width > (int)length ? how->width - (int)length : 0;
  if (!how->left) put_many(to, ' ', missing);
  for (size_t i = 0; i < length; ++i) put(to, text[i]);
  if (how->left) put_many(to, ' ', missing);
}

static void put_number(struct target* to, const struct conversion* how, uintmax_t value, int negative, unsigned base,
  char first_letter) {
  char digits[24];  // 2^64 in octal has 22
  int count = 0;
  const char* prefix = negative ? "-" : how->plus ? "+" : how->space ? " " : "";
  if (how->alternate && base == 16 && value != 0) prefix = first_letter == 'a' ? "0x" : "0X";
  for (; value != 0; value /= base) {
    const unsigned digit = (unsigned)(value % base);
    digits[count++] = (char)(digit < 10 ? '0' + digit : (unsigned)first_letter + digit - 10);
  }
  int zeros = (how->precision < 0 ? 1 : how->precision) - count;
  if (zeros < 0) zeros = 0;
  if (how->alternate && base == 8 && zeros == 0 && (count == 0 || digits[count - 1] != '0')) zeros = 1;
  int missing = how->width - (int)strlen(prefix) - zeros - count;
  if (how->zero && !how->left && how->precision < 0 && missing > 0) {
    zeros += missing;
    missing = 0;
  }
  if (!how->left) put_many(to, ' ', missing);
  while (*prefix != '\0') put(to, *prefix++);
  put_many(to, '0', zeros);
  while (count > 0) put(to, digits[--count]);
  if (how->left) put_many(to, ' ', missing);
}

enum length { kInt, kChar, kShort, kLong, kLongLong };

static enum length read_length(const char** at) {
  switch (**at) {
    case 'h':
      ++*at;
      if (**at != 'h') return kShort;
      ++*at;
      return kChar;
    case 'l':
      ++*at;
      if (**at != 'l') return kLong;
      ++*at;
      return kLongLong;
    case 'j':
      ++*at;
      return kLongLong;  // intmax_t has 64 bits everywhere
    case 'z':
    case 't':
      ++*at;
      return kLong;  // of the same width as size_t and ptrdiff_t on Linux
    default:
      return kInt;
  }
}

// Digits, or the next argument for a star; as with printf(3), digits past INT_MAX are the caller's fault.
static int read_count(const char** at, va_list* arguments) {
  if (**at == '*') {
    ++*at;
    return va_arg(*arguments, int);
  }
  unsigned count = 0;
  for (; **at >= '0' && **at <= '9'; ++*at) count = count * 10 + (unsigned)(**at - '0');
  return (int)count;
}

static const char* read_flags(const char* at, struct conversion* how) {
  for (;; ++at) {
    switch (*at) {
      case '-': how->left = 1; break;
      case '0': how->zero = 1; break;
      case '+': how->plus = 1; break;
      case ' ': how->space = 1; break;
      case '#': how->alternate = 1; break;
      default: return at;
    }
  }
}

static intmax_t next_signed(enum length length, va_list* arguments) {
  switch (length) {
    case kChar: return (signed char)va_arg(*arguments, int);
    case kShort: return (short)va_arg(*arguments, int);
    case kLong: return va_arg(*arguments, long);
    case kLongLong: return va_arg(*arguments, long long);
    default: return va_arg(*arguments, int);
  }
}
static uintmax_t next_unsigned(enum length length, va_list* arguments) {
  switch (length) {
    case kChar: return (unsigned char)va_arg(*arguments, unsigned);
    case kShort: return (unsigned short)va_arg(*arguments, unsigned);
    case kLong: return va_arg(*arguments, unsigned long);
    case kLongLong: return va_arg(*arguments, unsigned long long);
    default: return va_arg(*arguments, unsigned);
  }
}

// One conversion, of which `at` is the octet after the per cent sign; the octet after it, or null for one that is not known.
static const char* convert(struct target* to, const char* at, va_list* arguments) {
  struct conversion how = {.precision = -1};
  at = read_flags(at, &how);
  how.width = read_count(&at, arguments);
  if (how.width < 0) {
    how.left = 1;
    how.width = -how.width;
  }
  if (*at == '.') {
    ++at;
    how.precision = read_count(&at, arguments);
    if (how.precision < 0) how.precision = -1;
  }
  const enum length length = read_length(&at);
  const char kind = *at++;
  switch (kind) {
    case '%':
      put(to, '%');
      return at;
    case 'c': {
      if (length != kInt) return NULL;
      const char c = (char)va_arg(*arguments, int);
      put_text(to, &how, &c, 1);
      return at;
    }
    case 's': {
      if (length != kInt) return NULL;
      const char* text = va_arg(*arguments, const char*);
      if (text == NULL) text = "(null)";
      put_text(to, &how, text, how.precision < 0 ? strlen(text) : strnlen(text, (size_t)how.precision));
      return at;
    }
    case 'd':
    case 'i': {
      const intmax_t value = next_signed(length, arguments);
      const uintmax_t size = value < 0 ? 0 - (uintmax_t)value : (uintmax_t)value;
      put_number(to, &how, size, value < 0, 10, 'a');
      return at;
    }
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      how.plus = how.space = 0;
      put_number(to, &how, next_unsigned(length, arguments), 0, kind == 'u' ? 10 : kind == 'o' ? 8 : 16, kind == 'X' ? 'A' : 'a');
      return at;
    case 'p':
      how.alternate = 1;
      put_number(to, &how, (uintptr_t)va_arg(*arguments, void*), 0, 16, 'a');
      return at;
    default:
      return NULL;
  }
}

int vsnprintf(char* text, size_t size, const char* format, va_list given) {
  struct target to = {text, size == 0 ? 0 : size - 1, 0};
  va_list arguments;
  va_copy(arguments, given);
  while (format != NULL && *format != '\0') {
    if (*format != '%') {
      put(&to, *format++);
      continue;
    }
    format = convert(&to, format + 1, &arguments);
  }
  va_end(arguments);
  if (size != 0) text[to.length < to.room ? to.length : to.room] = '\0';
  if (format == NULL || to.length > INT32_MAX) {
    errno = format == NULL ? EINVAL : EOVERFLOW;
    return -1;
  }
  return (int)to.length;
}

#define FORMAT_INTO(text, size, format)                           \
  va_list arguments;                                              \
  va_start(arguments, format);                                    \
  const int length = vsnprintf((text), (size), format, arguments); \
  va_end(arguments)

int snprintf(char* text, size_t size, const char* format, ...) {
  FORMAT_INTO(text, size, format);
  return length;
}
int sprintf(char* text, const char* format, ...) {
  FORMAT_INTO(text, SIZE_MAX, format);
  return length;
}
int __snprintf_chk(char* text, size_t size, int flag, size_t room, const char* format, ...) {
  (void)flag;
  if (size > room) abort();
  FORMAT_INTO(text, size, format);
  return length;
}

// ---- Streams: standard output and standard error, written at once, and files that are read. They are not locked.

static FILE output = {._fileno = STDOUT_FILENO};
static FILE errors = {._fileno = STDERR_FILENO};
FILE* stdout = &output;
FILE* stderr = &errors;

// False when not all was written.
static int write_all(const FILE* stream, const char* text, size_t length) {
  while (length > 0) {
    const ssize_t written = write(stream->_fileno, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return 0;
    text += written;
    length -= (size_t)written;
  }
  return 1;
}

size_t fwrite(const void* from, size_t size, size_t count, FILE* stream) {
  size_t octets = 0;
  if (__builtin_mul_overflow(size, count, &octets)) return 0;
  return write_all(stream, from, octets) ? count : 0;
}
int fputs(const char* text, FILE* stream) {
  return write_all(stream, text, strlen(text)) ? 1 : EOF;
}
int fputc(int c, FILE* stream) {
  const char octet = (char)c;
  return write_all(stream, &octet, 1) ? (unsigned char)octet : EOF;
}
#undef putc_unlocked
int putc_unlocked(int c, FILE* stream) {
  return fputc(c, stream);
}
int fflush(FILE* stream) {
  (void)stream;
  return 0;
}
int fflush_unlocked(FILE* stream) {
  return fflush(stream);
}
void flockfile(FILE* stream) {
  (void)stream;
}
void funlockfile(FILE* stream) {
  (void)stream;
}

// What is longer than a line of a terminal or two is cut.
#define PRINT_TO(stream, format)                                                      \
  char text[512];                                                                     \
  FORMAT_INTO(text, sizeof text, format);                                             \
  if (length < 0) return -1;                                                          \
  const size_t whole = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1; \
  return write_all((stream), text, whole) ? length : -1

int fprintf(FILE* stream, const char* format, ...) {
  PRINT_TO(stream, format);
}
int printf(const char* format, ...) {
  PRINT_TO(stdout, format);
}

// Files are opened to be read whole (mode "r", "rb", "re"), octets are not kept in between.
FILE* fopen(const char* path, const char* mode) {
  if (mode[0] != 'r' || strchr(mode, '+') != NULL) {
    errno = EINVAL;
    return NULL;
  }
  FILE* stream = calloc(1, sizeof *stream);
  if (stream == NULL) return NULL;
  stream->_fileno = open(path, O_RDONLY | O_LARGEFILE | (strchr(mode, 'e') != NULL ? O_CLOEXEC : 0));
  if (stream->_fileno >= 0) return stream;
  free(stream);
  return NULL;
}
extern __typeof(fopen) fopen64 __attribute__((alias("fopen")));
int fclose(FILE* stream) {
  const int failed = close(stream->_fileno);
  if (stream != stdout && stream != stderr) free(stream);
  return failed == 0 ? 0 : EOF;
}
size_t fread(void* to, size_t size, size_t count, FILE* stream) {
  size_t octets = 0;
  size_t done = 0;
  if (size == 0 || __builtin_mul_overflow(size, count, &octets)) return 0;
  while (done < octets) {
    const ssize_t got = read(stream->_fileno, (char*)to + done, octets - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      stream->_flags |= got == 0 ? _IO_EOF_SEEN : _IO_ERR_SEEN;
      break;
    }
    done += (size_t)got;
  }
  return done / size;
}
int fseek(FILE* stream, long offset, int whence) {
  if (lseek(stream->_fileno, offset, whence) < 0) return -1;
  stream->_flags &= ~_IO_EOF_SEEN;
  return 0;
}
long ftell(FILE* stream) {
  return (long)lseek(stream->_fileno, 0, SEEK_CUR);
}
char* fgets(char* line, int size, FILE* stream) {
  int length = 0;
  while (length + 1 < size && fread(line + length, 1, 1, stream) == 1) {
    if (line[length++] == '\n') break;
  }
  if (length == 0 || ferror(stream)) return NULL;
  line[length] = '\0';
  return line;
}
// There is no buffer.
void setbuf(FILE* stream, char* buffer) {
  (void)stream;
  (void)buffer;
}
int setvbuf(FILE* stream, char* buffer, int mode, size_t size) {
  (void)stream;
  (void)buffer;
  (void)mode;
  (void)size;
  return 0;
}
#undef feof
int feof(FILE* stream) {
  return (stream->_flags & _IO_EOF_SEEN) != 0;
}
#undef ferror
int ferror(FILE* stream) {
  return (stream->_flags & _IO_ERR_SEEN) != 0;
}

// ---- Messages: those of the C locale.

char* gettext(const char* message) {
  return (char*)message;
}

void __assert_fail(const char* condition, const char* file, unsigned line, const char* function) {
  fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function == NULL ? "?" : function, condition);
  abort();
}

// ---- Names of hosts and services: a static program has no name service. Asio's sources name the former; who calls one does not
// link, for what it calls is nowhere. Services are numbers here: c-ares finds none by its name.

void a_static_program_has_no_name_service(void);

int getaddrinfo(const char* host, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  (void)host;
  (void)service;
  (void)hints;
  (void)found;
  a_static_program_has_no_name_service();
  return EAI_FAIL;
}
void freeaddrinfo(struct addrinfo* found) {
  (void)found;
  a_static_program_has_no_name_service();
}
int getnameinfo(const struct sockaddr* address, socklen_t length, char* host, socklen_t host_size, char* service,
  socklen_t service_size, int flags) {
  (void)address;
  (void)length;
  (void)host;
  (void)host_size;
  (void)service;
  (void)service_size;
  (void)flags;
  a_static_program_has_no_name_service();
  return EAI_FAIL;
}

int getservbyname_r(const char* name, const char* protocol, struct servent* entry, char* space, size_t size, struct servent** found) {
  (void)name;
  (void)protocol;
  (void)entry;
  (void)space;
  (void)size;
  *found = NULL;
  return ENOENT;
}
int getservbyport_r(int port, const char* protocol, struct servent* entry, char* space, size_t size, struct servent** found) {
  (void)port;
  (void)protocol;
  (void)entry;
  (void)space;
  (void)size;
  *found = NULL;
  return ENOENT;
}

// ---- glibc's own names, as version 2.36 calls them.

char* __dcgettext(const char* domain, const char* message, int category) {
  (void)domain;
  (void)category;
  return (char*)message;
}

// strerror_r(3) and strerror(3), of a number without a name.
int __snprintf(char* text, size_t size, const char* format, ...) {
  FORMAT_INTO(text, size, format);
  return length;
}
int __asprintf(char** made, const char* format, ...) {
  char text[128];
  FORMAT_INTO(text, sizeof text, format);
  *made = length < 0 ? NULL : strdup(text);
  return *made == NULL ? -1 : length;
}

// getopt_long(3) would say what is wrong; ours asks it not to.
int __fxprintf_nocancel(FILE* stream, const char* format, ...) {
  PRINT_TO(stream == NULL ? stderr : stream, format);
}
// malloc_info(3), which nobody calls.
int _IO_fputs(const char* text, FILE* stream) {
  return fputs(text, stream);
}

// pthread_create(3) has the streams lock themselves from now on; ours hold nothing.
void _IO_enable_locks(void) {
}

// pthread_create(3) gives each thread its state of the resolver, which nobody asks.
__thread struct __res_state* __libc_resp __attribute__((tls_model("initial-exec")));

// No shared object is ever loaded: where to look for them, how to relocate them, what becomes of the stacks of threads when one
// wants to execute code on them (a stack that could would have to be our own program's: -z noexecstack).
void _dl_init_paths(const char* folders, const char* source, const char* prefixes, const char* mask) {
  (void)folders;
  (void)source;
  (void)prefixes;
  (void)mask;
}
int __nptl_change_stack_perm(void* thread) {
  (void)thread;
  return EACCES;
}

// What is only written before the program starts becomes unwritable (-z relro): libc's start asks for it at its end. The program
// is not position-independent, so headers hold addresses.
void _dl_protect_relro(struct link_map* map) {
  (void)map;
  const ElfW(Phdr)* const headers = (const ElfW(Phdr)*)getauxval(AT_PHDR);
  const size_t count = getauxval(AT_PHNUM);
  const uintptr_t in_page = getauxval(AT_PAGESZ) - 1;
  for (size_t i = 0; i < count; ++i) {
    if (headers[i].p_type != PT_GNU_RELRO) continue;
    const uintptr_t begin = headers[i].p_vaddr & ~in_page;
    const uintptr_t end = (headers[i].p_vaddr + headers[i].p_memsz) & ~in_page;
    if (begin < end && mprotect((void*)begin, end - begin, PROT_READ) != 0) abort();
  }
}

#endif
