// SPDX-License-Identifier: Apache-2.0
// third_party: what libxcrypt's configure script would find out, for every system gatepost is built for.
#define PACKAGE_VERSION "4.4.38"
#define VERSION "4.4.38"
#define _GNU_SOURCE 1
#define ENDIANNESS_IS_LITTLE 1
#define HAVE_ENDIAN_H 1
#define HAVE_EXPLICIT_BZERO 1
#define HAVE_FCNTL_H 1
#define HAVE_MAX_ALIGN_T 1
#define HAVE_STATIC_ASSERT_IN_ASSERT_H 1
#define HAVE_SYS_CDEFS_BEGIN_END_DECLS 1
#define HAVE_SYS_CDEFS_H 1
#define HAVE_SYS_CDEFS_THROW 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#include <stdalign.h>
