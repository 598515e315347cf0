// SPDX-License-Identifier: Apache-2.0
// app: the verbs of the control socket about screening and DNS lists.
#pragma once

#include <memory>
#include <string>

#include "app/screening.h"
#include "app/settings_directory.h"
#include "app/view.h"
#include "base/dns.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/task.h"
#include "control/protocol.h"
#include "screen/let_in.h"
#include "server/warden.h"

namespace gatepost::app {

[[nodiscard]] bool is_screen_verb(control::Verb verb);

struct ScreenDesk {
  Screening& screening;
  std::shared_ptr<SettingsDirectory> directory;
  Dns& dns;
  const screen::LetIn& let_in;
  server::Warden& warden;
  View view;
  Stamp now = 0;
};

/// Carries out one of them; the answer, of lists with its line ends. The references outlive the
/// call.
Task<Result<std::string>> serve_screening(ScreenDesk desk, control::Request request);

}  // namespace gatepost::app
