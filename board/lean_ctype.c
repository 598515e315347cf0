// SPDX-License-Identifier: Apache-2.0
// board: kinds of characters in the C locale, without glibc's 53 kB for wide ones and for writing them in ASCII (decision 0025).
//
// As board/lean_libc.c says: for glibc 2.36, which reads these tables under these names; what asks for more does not link.
#include <features.h>
#if defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36

#include <ctype.h>
#include <langinfo.h>
#include <stddef.h>
#include <stdint.h>

// Tables begin at -128, for char may have a sign.
#define AT(c) [128 + (c)]
#define RANGE(from, to) [128 + (from)... 128 + (to)]
#define LETTER (_ISalpha | _ISalnum | _ISgraph | _ISprint)
#define SIGN (_ISpunct | _ISgraph | _ISprint)

const uint16_t _nl_C_LC_CTYPE_class[384] = {
  RANGE(0, 8) = _IScntrl,
  AT('\t') = _IScntrl | _ISspace | _ISblank,
  RANGE('\n', '\r') = _IScntrl | _ISspace,
  RANGE(14, 31) = _IScntrl,
  AT(' ') = _ISspace | _ISblank | _ISprint,
  RANGE('!', '/') = SIGN,
  RANGE('0', '9') = _ISdigit | _ISxdigit | _ISalnum | _ISgraph | _ISprint,
  RANGE(':', '@') = SIGN,
  RANGE('A', 'F') = LETTER | _ISupper | _ISxdigit,
  RANGE('G', 'Z') = LETTER | _ISupper,
  RANGE('[', '`') = SIGN,
  RANGE('a', 'f') = LETTER | _ISlower | _ISxdigit,
  RANGE('g', 'z') = LETTER | _ISlower,
  RANGE('{', '~') = SIGN,
  AT(127) = _IScntrl,
};

#define FOUR(n) (n), (n) + 1, (n) + 2, (n) + 3
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)
#define SIXTY_FOUR(n) SIXTEEN(n), SIXTEEN((n) + 16), SIXTEEN((n) + 32), SIXTEEN((n) + 48)
#define LETTERS(n) SIXTEEN(n), FOUR((n) + 16), FOUR((n) + 20), (n) + 24, (n) + 25
// From -128 to '@', from '[' to '`' and from '{' to 255, which stay. EOF stays as well.
#define BEFORE_LETTERS SIXTEEN(0x80), SIXTEEN(0x90), SIXTEEN(0xA0), SIXTEEN(0xB0), SIXTEEN(0xC0), SIXTEEN(0xD0), SIXTEEN(0xE0), \
  FOUR(0xF0), FOUR(0xF4), FOUR(0xF8), 0xFC, 0xFD, 0xFE, 0xFFFFFFFF, SIXTY_FOUR(0), 0x40
#define BETWEEN_LETTERS FOUR(0x5B), 0x5F, 0x60
#define AFTER_LETTERS FOUR(0x7B), 0x7F, SIXTY_FOUR(0x80), SIXTY_FOUR(0xC0)

const uint32_t _nl_C_LC_CTYPE_toupper[384] = {BEFORE_LETTERS, LETTERS('A'), BETWEEN_LETTERS, LETTERS('A'), AFTER_LETTERS};
const uint32_t _nl_C_LC_CTYPE_tolower[384] = {BEFORE_LETTERS, LETTERS('a'), BETWEEN_LETTERS, LETTERS('a'), AFTER_LETTERS};

#define VALUE(item) [(item) & 0xFFFF]
enum { kItems = _NL_NUM_LC_CTYPE & 0xFFFF };

// glibc's struct __locale_data. Everything not named is zero: no case beyond ASCII, no conversions.
struct locale_data {
  const char* name;
  const char* file;
  long file_size;
  int allocated;
  const void* conversions;
  unsigned users;
  int transliterates;
  unsigned count;
  union {
    const void* table;
    const char* text;
    unsigned word;
  } values[kItems];
};
_Static_assert(offsetof(struct locale_data, values) == (sizeof(void*) == 8 ? 56 : 32), "as glibc 2.36 has it");

const struct locale_data _nl_C_LC_CTYPE = {
  .name = "C",
  .users = ~0U,  // never freed
  .count = kItems,
  .values = {
    VALUE(_NL_CTYPE_CLASS) = {.table = _nl_C_LC_CTYPE_class},
    VALUE(_NL_CTYPE_TOUPPER) = {.table = _nl_C_LC_CTYPE_toupper},
    VALUE(_NL_CTYPE_TOLOWER) = {.table = _nl_C_LC_CTYPE_tolower},
    VALUE(_NL_CTYPE_MB_CUR_MAX) = {.word = 1},
    VALUE(_NL_CTYPE_CODESET_NAME) = {.text = "ANSI_X3.4-1968"},
  },
};

#endif
