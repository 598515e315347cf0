// SPDX-License-Identifier: Apache-2.0
// app: what in passwd_file is probably not what its owner means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/load.h"
#include "tables/files.h"

namespace gatepost::app {

/// One line each, which begins with "warning: ": lines without a colon, modes and passwords nobody
/// understands, users who get no mail under their name, and a postmaster_address of nobody. With
/// `only` just about that user. The first ten are told, and how many more there are.
[[nodiscard]] std::vector<std::string> find_user_faults(const LoadedSettings& loaded,
                                                        tables::Files& files,
                                                        std::string_view only = {});

}  // namespace gatepost::app
