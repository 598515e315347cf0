// SPDX-License-Identifier: Apache-2.0
// tls: keys and certificates the server shows, loaded from files and reloaded when they change.
#include "tls/server_context.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "base/time.h"
#include "tls/context.h"
#include "tls/crypto.h"
#include "tls/pem_file.h"
#include "tls/self_signed.h"

namespace gatepost::tls {
namespace {

/// A made certificate is renewed this long before it ends.
constexpr std::int64_t kRenewSeconds = 30 * 24 * 3600;

Moment now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count();
}

/// True for what may be gone at the next look though no file changed.
bool may_pass(const Error& error) {
  return error.system == EMFILE || error.system == ENFILE || error.system == ENOMEM ||
         error.system == EIO;
}

class FileContexts final : public ServerContexts {
 public:
  FileContexts(const Crypto& crypto, ServerSettings settings)
      : crypto_(crypto), settings_(std::move(settings)) {}

  Refresh refresh() override;
  void configure(ServerSettings settings) override;
  std::shared_ptr<const ServerContext> current() const override { return current_; }
  std::int64_t expires_in() const override;

 private:
  using Names = std::vector<LoadedName>;

  [[nodiscard]] std::vector<std::string> paths() const;
  [[nodiscard]] bool is_due(const std::vector<FileStamp>& stamps) const;
  Result<Names> load() const;
  Result<std::unique_ptr<Chain>> load_chain(const ChainFiles& files) const;
  Result<Names> load_self_signed(Refresh& refresh);
  /// The kept one; nothing when there is none that serves.
  std::unique_ptr<Chain> find_self_signed(Refresh& refresh) const;

  Crypto crypto_;
  ServerSettings settings_;
  std::shared_ptr<const ServerContext> current_;
  std::optional<std::vector<FileStamp>> seen_;  // Of the last attempt; none: it is to be made.
};

void FileContexts::configure(ServerSettings settings) {
  settings_ = std::move(settings);
  seen_.reset();
}

std::vector<std::string> FileContexts::paths() const {
  std::vector<std::string> found;
  for (const auto& name : settings_.names) {
    for (const auto& chain : name.chains) {
      found.push_back(chain.certificate);
      if (!chain.key.empty()) found.push_back(chain.key);
    }
  }
  if (settings_.names.empty() && !settings_.self_signed_directory.empty()) {
    found.push_back(self_signed_path(settings_.self_signed_directory));
  }
  return found;
}

bool FileContexts::is_due(const std::vector<FileStamp>& stamps) const {
  if (!seen_ || *seen_ != stamps) return true;
  const bool ours = settings_.names.empty();
  return ours && current_ && current_->not_after() - unix_seconds() < kRenewSeconds;
}

Refresh FileContexts::refresh() {
  Refresh result;
  // Before reading: what changes meanwhile differs from its stamp next time.
  auto stamps = stamps_of(paths());
  if (!is_due(stamps)) return result;
  auto names = settings_.names.empty() ? load_self_signed(result) : load();
  seen_ = std::move(stamps);
  if (result.made_self_signed) seen_ = stamps_of(paths());
  if (!names) {
    if (may_pass(names.error())) seen_.reset();
    result.problems.push_back(std::move(names).error().detail);
    return result;
  }
  auto made = ServerContext::make(*std::move(names), settings_.tls12);
  if (!made) {
    result.problems.push_back(std::move(made).error().detail);
    return result;
  }
  current_ = *std::move(made);
  result.changed = true;
  return result;
}

Result<FileContexts::Names> FileContexts::load() const {
  Names loaded;
  for (const auto& name : settings_.names) {
    LoadedName one{lower(name.name), {}};
    for (const auto& files : name.chains) {
      auto chain = load_chain(files);
      if (!chain) return std::move(chain).error();
      one.chains.push_back(*std::move(chain));
    }
    if (one.chains.empty()) {
      return Error{Cause::Permanent, format("no certificate for \"{}\"", name.name)};
    }
    loaded.push_back(std::move(one));
  }
  return loaded;
}

Result<std::unique_ptr<Chain>> FileContexts::load_chain(const ChainFiles& files) const {
  GP_TRY(const Secret certificates, read_pem(files.certificate));
  const bool apart = !files.key.empty() && files.key != files.certificate;
  Secret own_key;
  if (apart) {
    GP_TRY(own_key, read_pem(files.key));
  }
  auto chain = Chain::parse(crypto_, certificates, apart ? own_key : certificates);
  if (!chain) {
    const auto with = apart ? format(" with {}", files.key) : std::string();
    return Error{chain.error().cause,
                 format("{}{}: {}", files.certificate, with, chain.error().detail)};
  }
  return chain;
}

std::unique_ptr<Chain> FileContexts::find_self_signed(Refresh& refresh) const {
  if (settings_.self_signed_directory.empty()) return nullptr;
  const auto path = self_signed_path(settings_.self_signed_directory);
  const auto pem = read_pem(path);
  if (!pem) {
    if (pem.error().system != ENOENT) refresh.problems.push_back(pem.error().detail);
    return nullptr;
  }
  auto chain = Chain::parse(crypto_, *pem, *pem);
  if (!chain) {
    refresh.problems.push_back(format("{}: {}; made anew", path, chain.error().detail));
    return nullptr;
  }
  if ((*chain)->not_after() - unix_seconds() < kRenewSeconds) return nullptr;
  if (!(*chain)->is_for(self_signed_name(settings_.hostname))) return nullptr;
  return *std::move(chain);
}

Result<FileContexts::Names> FileContexts::load_self_signed(Refresh& refresh) {
  auto chain = find_self_signed(refresh);
  if (!chain) {
    GP_TRY(const Secret pem, make_self_signed(crypto_, settings_.hostname, now()));
    refresh.made_self_signed = true;
    // One that cannot be kept still protects mail until the next start.
    if (settings_.self_signed_directory.empty()) {
      refresh.problems.push_back("the self-signed certificate is kept in memory only");
    } else if (auto kept = store_self_signed(settings_.self_signed_directory, pem); !kept) {
      refresh.problems.push_back(
          format("the self-signed certificate is kept in memory only: {}", kept.error().detail));
    }
    GP_TRY(chain, Chain::parse(crypto_, pem, pem));
  }
  Names names;
  names.push_back({std::string(), {}});
  names.back().chains.push_back(std::move(chain));
  return names;
}

std::int64_t FileContexts::expires_in() const {
  return current_ ? current_->not_after() - unix_seconds() : 0;
}

}  // namespace

Result<std::unique_ptr<ServerContexts>> make_server_contexts(ServerSettings settings) {
  GP_TRY(const Crypto crypto, Crypto::start());
  return std::unique_ptr<ServerContexts>(
      std::make_unique<FileContexts>(crypto, std::move(settings)));
}

}  // namespace gatepost::tls
