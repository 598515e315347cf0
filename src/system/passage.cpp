// SPDX-License-Identifier: Apache-2.0
// system: which directory above a path somebody may not go through.
#include "system/passage.h"

#include <algorithm>
#include <sys/stat.h>

#include "base/format.h"

namespace gatepost::system {
namespace {

bool may_search(const struct stat& about, const Account& who) {
  if (who.uid == 0) return true;
  if (about.st_uid == who.uid) return (about.st_mode & S_IXUSR) != 0;
  const bool member = about.st_gid == who.gid || std::find(who.groups.begin(), who.groups.end(),
                                                           about.st_gid) != who.groups.end();
  return (about.st_mode & (member ? S_IXGRP : S_IXOTH)) != 0;
}

std::string rights_of(const struct stat& about) {
  const auto person = find_person(about.st_uid);
  const auto group = find_group_name(about.st_gid);
  return format("{}:{} {:04o}", person && *person ? (*person)->name : format("{}", about.st_uid),
                group && *group ? **group : format("{}", about.st_gid),
                static_cast<unsigned>(about.st_mode) & 07777U);
}

}  // namespace

std::optional<std::string> find_barrier(const std::string& path, const Account& who) {
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    const std::string above = slash == 0 ? "/" : path.substr(0, slash);
    struct stat about {};
    if (::stat(above.c_str(), &about) != 0) return std::nullopt;
    if (!may_search(about, who)) return format("{} ({})", above, rights_of(about));
  }
  return std::nullopt;
}

Account anybody() {
  return {"anybody", static_cast<uid_t>(-1), static_cast<gid_t>(-1), {}};
}

}  // namespace gatepost::system
