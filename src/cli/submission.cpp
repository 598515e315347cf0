// SPDX-License-Identifier: Apache-2.0
// cli: a message on its way from a local program into the maildrop.
#include "cli/submission.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <unistd.h>
#include <utility>

#include "app/disk_files.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/options.h"
#include "config/load.h"
#include "mail/trace.h"
#include "policy/submitters.h"
#include "system/account.h"
#include "system/process.h"
#include "system/random.h"

namespace gatepost::cli {
namespace {

Result<std::string> make_token() {
  std::array<std::uint8_t, 16> octets{};
  GP_CHECK(system::fill_random(octets));
  std::string out;
  for (const std::uint8_t octet : octets) append_format(out, "{:02X}", octet);
  return out;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT: a command has one thread
  return value == nullptr ? std::string() : std::string(value);
}

std::string first_error(const config::Loaded& loaded) {
  for (const config::Finding& finding : loaded.findings.all()) {
    if (finding.severity == config::Severity::Error) return finding.line_text();
  }
  return "maildrop_directory is empty: no mail is taken from sendmail";
}

}  // namespace

Failure Submitter::load(const std::string& configuration, Submitter& out) {
  app::DiskFiles files;
  config::Source source;
  source.path = configuration;
  auto text = files.read(configuration, limits::kFile);
  if (!text) return {exits::kConfig, text.error().detail};
  source.text = *std::move(text);
  source.host_name = system::host_name();
  const config::Loaded loaded = config::load(source, files);
  const config::Settings& settings = loaded.settings;
  // A mistake elsewhere in the file is no reason to lose a message: the service that runs has read
  // it when it was right.
  if (settings.maildrop_directory.empty()) return {exits::kConfig, first_error(loaded)};
  out.folder = settings.maildrop_directory;
  out.myorigin = settings.myorigin;
  out.hostname = settings.myhostname;
  out.mail_name = settings.mail_name;
  out.message_size_limit = settings.smtp.message_size_limit;
  out.header_size_limit = static_cast<std::uint32_t>(settings.smtp.header_size_limit);

  const uid_t uid = ::getuid();
  auto person = system::find_person(uid);
  if (person && *person) {
    out.login = (*person)->name;
    out.full_name = (*person)->full_name;
  }
  const std::vector<std::string>& allowed = settings.authorized_submit_users;
  if (!policy::may_submit(allowed, out.login)) {
    return {exits::kNotPermitted, format("user {} may not send mail (authorized_submit_users)",
                                         out.login.empty() ? format_number(uid) : out.login)};
  }
  // Users of a directory service have no line there; what they are called is in the environment.
  if (out.login.empty()) out.login = variable("LOGNAME");
  if (out.login.empty()) out.login = format("uid{}", uid);
  if (std::string name = variable("NAME"); !name.empty()) out.full_name = std::move(name);
  return {};
}

Submission::Submission(const Submitter& submitter, std::size_t recipients)
    : submitter_(submitter),
      files_(storage::make_system_files()),
      now_(clock_.now()),
      recipients_(std::max<std::size_t>(recipients, 1)) {
  auto token = make_token();
  if (token) id_ = token->substr(0, 16);
}

mail::HeaderFixes Submission::make_fixes(std::string from) const {
  log::SystemClock clock;
  mail::Zone zone;
  zone.minutes = static_cast<int>(
      std::chrono::duration_cast<std::chrono::minutes>(clock.utc_offset(now_)).count());
  if (zone.minutes != 0) zone.name = {};
  mail::HeaderFixes fixes;
  fixes.date = mail::format_date(now_, zone);
  fixes.message_id = mail::make_message_id(now_, id_, submitter_.hostname);
  fixes.from = std::move(from);
  return fixes;
}

Failure Submission::failed(const Error& error) const {
  const std::string text = submitter_.folder + ": " + error.detail;
  switch (error.system) {
    case ENOENT:
    case ENOTDIR:
      return {exits::kUnavailable, text + "; the service makes it when it starts"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {exits::kUnavailable, text};
    default:
      return {exits::kTemporary, text};
  }
}

Failure Submission::open() {
  while (writers_.size() * storage::kMostDropRecipients < recipients_) {
    auto token = make_token();
    if (!token) return failed(token.error());
    auto writer = storage::DropWriter::create(*files_, submitter_.folder, *token, now_);
    if (!writer) return failed(writer.error());
    writers_.push_back(*std::move(writer));
  }
  return {};
}

Failure Submission::append(std::string_view text) {
  if (writers_.empty()) {
    if (Failure failure = open(); failure.status != 0) return failure;
  }
  octets_ += text.size();
  eight_bit_ = eight_bit_ || !is_ascii(text);
  const std::uint64_t limit = submitter_.message_size_limit;
  if (limit > 0 && octets_ > limit) {
    return {exits::kDataError, format("the message is larger than message_size_limit, {}", limit)};
  }
  for (storage::DropWriter& writer : writers_) {
    const Result<void> written = writer.append(text);
    if (!written) return failed(written.error());
  }
  return {};
}

Failure Submission::commit(queue::Item item) {
  if (Failure failure = append(""); failure.status != 0) return failure;
  const bool unstated = item.options.body == mail::Body::Unstated;
  if (eight_bit_ && unstated) item.options.body = mail::Body::EightBitMime;
  std::vector<queue::Destination> all = std::move(item.destinations);
  item.login = submitter_.login;
  for (std::size_t n = 0; n < writers_.size(); ++n) {
    const std::size_t from = n * storage::kMostDropRecipients;
    const std::size_t to = std::min(from + storage::kMostDropRecipients, all.size());
    item.destinations.assign(all.begin() + static_cast<std::ptrdiff_t>(from),
                             all.begin() + static_cast<std::ptrdiff_t>(to));
    const Result<void> whole = writers_[n].finish(item);
    if (!whole) return failed(whole.error());
  }
  // All of them are on the disk before the first is seen: what can fail has been done by now.
  for (storage::DropWriter& writer : writers_) {
    const Result<void> shown = writer.commit();
    if (!shown) return failed(shown.error());
  }
  return {};
}

}  // namespace gatepost::cli
