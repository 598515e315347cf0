// SPDX-License-Identifier: Apache-2.0
// third_party: read by SQLite before its own declarations (_HAVE_SQLITE_CONFIG_H). Without its functions of dates it still has
// CURRENT_TIME and its kin, by libc's gmtime(), which brings a reader of time zones and scanf() with it. No statement of ours
// asks for them; here they are NULL (decision 0021).
#ifndef SQLITECONFIG_H
#define SQLITECONFIG_H

#include <time.h>

#define gmtime(when) ((struct tm *) 0)
#define strftime(text, size, form, when) ((void) 0)

#endif
