// SPDX-License-Identifier: Apache-2.0
// app: what the settings, their tables and the passwd-file say about names and addresses.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/alias_maps.h"
#include "base/result.h"
#include "base/time.h"
#include "config/settings.h"
#include "policy/users.h"
#include "server/alias_book.h"
#include "server/directory.h"
#include "server/floor.h"
#include "server/greylisting.h"
#include "tables/files.h"
#include "tables/match_list.h"
#include "tables/table_set.h"

namespace gatepost::app {

/// Follows its files: a user that was added counts for the next look-up, a table's line once the
/// table is read. A file that is gone or broken leaves the last good content in force. All calls
/// from the loop's thread, but those that say otherwise.
class SettingsDirectory final : public server::Directory, private KnownAddresses {
 public:
  /// Opens every table and the passwd-file; an error is the first that cannot be used. `files`
  /// outlives the directory. Any thread; it may take long.
  [[nodiscard]] static Result<std::shared_ptr<SettingsDirectory>> open(
      const config::Settings& settings, tables::Files& files);

  Result<policy::DomainClass> domain_class(std::string_view domain) override;
  Result<server::Resolution> resolve(const mail::Mailbox& recipient,
                                     policy::DomainClass domain,
                                     const mail::Mailbox& sender) override;
  std::optional<mail::ThrowawayUse> claim(std::string_view throwaway,
                                          const mail::Mailbox& sender) override;
  Task<Result<void>> keep_uses(std::vector<mail::ThrowawayUse> uses) override;
  void take_back(const mail::ThrowawayUse& use) override;
  bool has_remains(const mail::Mailbox& address) override;
  bool in_mynetworks(const IpAddress& client) override;
  bool is_unlimited(const IpAddress& client) override;
  bool is_never_banned(const IpAddress& client) override;
  bool may_send_bare_newlines(const IpAddress& client) override;
  std::optional<std::string> find_talk(server::Talk which,
                                       std::size_t audience,
                                       std::string_view key) override;
  screen::Access screen_access(const IpAddress& client) override;
  struct ScreenAccess {
    screen::Access access = screen::Access::Dunno;
    std::string_view entry;  ///< Of postscreen_access_list; empty: none has to do with the client.
  };
  /// As screen_access(). Borrows from the directory.
  [[nodiscard]] ScreenAccess find_screen_access(const IpAddress& client);
  bool may_earn(const IpAddress& local) override;
  bool is_proxy(const IpAddress& peer) override;
  std::string shown_list(std::string_view zone) override;
  Result<server::LoginName> find_login(std::string_view name) override;
  std::shared_ptr<const auth::Decoys> decoys() override;
  Result<policy::Owner> owner_of(const mail::Mailbox& sender, std::string_view login) override;
  bool hides_auth(const IpAddress& client) override;
  /// 32 random octets that what unknown users seem to have is made from; without it, see decoys().
  void use_login_key(Secret key);

  /// Throw-away addresses, and the clock they go by; both outlive the directory.
  void use(server::AliasBook& book, const server::Clocks& clocks);
  /// permit_spf_allowlist; outlives the directory.
  void use(const server::Networks& allowed) { allowed_ = &allowed; }
  /// Where mail for `recipient` goes, without a look at who sends it.
  [[nodiscard]] Result<server::Resolution> follow(const mail::Mailbox& recipient,
                                                  policy::DomainClass domain);
  /// The domain of new addresses for a user without one.
  [[nodiscard]] const std::string& minting_domain() const { return aliases_.local_domain(); }
  /// A user, or a line of a table, has this very address; a line for a whole domain is none.
  [[nodiscard]] Result<bool> is_named(const mail::Mailbox& address, policy::DomainClass domain);
  /// The mailbox of an address in a Local or Virtual domain; nothing when there is no such user.
  Result<std::optional<server::Target>> find_mailbox(const mail::Mailbox& address,
                                                     policy::DomainClass domain);
  /// Where postmaster's mail goes when there is no such user.
  Result<server::Target> postmaster();
  /// False when relay_recipient_maps are set and do not hold the address.
  Result<bool> is_relay_recipient(const mail::Mailbox& address);

  /// Looks at the passwd-file now; a line when it cannot be used, told once.
  [[nodiscard]] std::vector<std::string> refresh_users();

  /// A new reading of the tables: what it starts from, and what came of it. Values, so that the
  /// directory may be used, or be gone, meanwhile; `files` outlives the reading.
  struct Reading {
    std::shared_ptr<const config::Settings> settings;
    tables::TableSet::Contents tables;
    std::shared_ptr<const policy::Users> users;
    tables::Files* files = nullptr;
    std::vector<std::string> problems = {};  ///< One line for each file that could not be used.
  };
  /// Some file of a table is not what was last read.
  [[nodiscard]] bool is_stale() const { return tables_.is_stale(); }
  [[nodiscard]] Reading reading() const;
  /// Reads the tables that changed, and looks whether all of them together make sense. Those that
  /// do not are left as they were. Any thread; it may take long.
  [[nodiscard]] static Reading read(Reading from);
  /// Puts what was read into force. Tables opened since stay as they are.
  void take(const Reading& read);
  /// greylist_client_exceptions and greylist_recipient_exceptions, with their files.
  [[nodiscard]] std::shared_ptr<const server::GreyExceptions> grey_exceptions() const {
    return grey_exceptions_;
  }
  /// What there was to warn about since the last call.
  [[nodiscard]] std::vector<std::string> take_warnings();
  /// A server name and its PEM files, from tls_server_sni_maps.
  using NamedFiles = std::vector<std::pair<std::string, std::vector<std::string>>>;
  [[nodiscard]] Result<NamedFiles> sni_files() const;
  [[nodiscard]] std::size_t users() const { return users_->size(); }
  /// Blocks of mynetworks, with those that tables and files name by lines of their own.
  [[nodiscard]] std::vector<Network> mynetworks() const { return mynetworks_.networks(); }
  [[nodiscard]] bool uses_local_maps() const { return !local_maps_.empty(); }

 private:
  explicit SettingsDirectory(const Reading& from);
  /// Opens what the settings name, and looks at it as a whole.
  AliasMaps::Lint lint();
  Result<void> open_lists(const config::Settings& settings);
  Result<void> open_exceptions(const config::Settings& settings);
  /// Faults are warnings.
  void make_exceptions();
  Result<void> check_mynetworks() const;
  Result<bool> has_taker(const policy::Leaf& leaf) override;
  Result<void> put(const policy::Leaf& leaf, server::Resolution& to);
  /// Null where there is none, and where a user's name or postmaster takes its place.
  Result<const mail::Throwaway*> find_throwaway(const mail::Mailbox& address);
  static void conceal(std::string_view asked, server::Resolution& found);
  Result<server::Resolution> expand(const mail::Throwaway& alias, const std::string& domain);
  Result<server::Resolution> expand(const mail::Mailbox& recipient, policy::DomainClass domain);
  /// As find_mailbox(), with the users that were last read.
  Result<std::optional<server::Target>> find_known(const mail::Mailbox& address,
                                                   policy::DomainClass domain);
  /// As find_known(), without extensions.
  Result<std::optional<server::Target>> find_exact(const mail::Mailbox& address,
                                                   policy::DomainClass domain);
  void look_at_users();
  [[nodiscard]] std::int64_t now() const;
  Result<void> read_users();
  /// The user that a login of this name, in lower case, means.
  const policy::User* find_meant(std::string_view name);
  /// Whether the name passes for a bare user's with a domain, if it is nobody's.
  bool seems_bare(std::string_view name);
  bool is_local_domain(std::string_view domain);
  void find_quota_faults();
  Result<server::Target> target_of(const policy::User& user, policy::DomainClass domain) const;
  [[nodiscard]] bool is_handed_over(policy::DomainClass domain) const {
    return domain == policy::DomainClass::Virtual
               ? virtual_handed_over_
               : (domain == policy::DomainClass::Local && local_handed_over_);
  }
  /// A list that cannot say is as good as one that says no: it grants something.
  Result<void> open_screen_lists(const config::Settings& settings);
  Result<void> open_login_lists(const config::Settings& settings);
  Result<void> open_talks(const config::Settings& settings);
  static bool grants(const tables::MatchList& list, const IpAddress& client);

  std::shared_ptr<const config::Settings> settings_;
  tables::Files& files_;
  tables::TableSet tables_;
  tables::MatchList mydestination_;
  tables::MatchList virtual_domains_;
  tables::MatchList relay_domains_;
  tables::MatchList alias_domains_;
  AliasMaps aliases_;
  tables::Parents relay_parents_ = tables::Parents::Yes;
  tables::MatchList mynetworks_;
  tables::MatchList unlimited_;
  tables::MatchList never_banned_;
  tables::MatchList bare_newline_;
  /// An entry of postscreen_access_list.
  struct AccessEntry {
    std::string word;
    tables::TableHandle table;  // Null: the word says it.
  };
  std::vector<AccessEntry> access_list_;
  const server::Networks* allowed_ = nullptr;
  tables::MatchList earning_;
  tables::MatchList proxies_;
  std::vector<tables::TableHandle> list_names_;
  /// By server::Talk, and to whom.
  using Talks = std::array<std::vector<tables::TableHandle>, server::kAudiences>;
  std::array<Talks, server::kTalks> talks_;
  std::vector<tables::TableHandle> relay_maps_;
  std::vector<tables::TableHandle> local_maps_;
  std::vector<tables::TableHandle> sni_maps_;
  struct ExceptionFile {
    std::string path;
    tables::TableHandle text;
    bool of_clients = false;
  };
  std::vector<ExceptionFile> exception_files_;
  std::shared_ptr<const server::GreyExceptions> grey_exceptions_;
  tables::MatchList auth_hidden_;
  std::vector<tables::TableHandle> login_maps_;
  std::string login_domain_;
  Secret login_key_;
  std::shared_ptr<const auth::Decoys> decoys_;  // Null: to be made from the users that are now.
  std::size_t bare_users_ = 0;                  // As is this, and the next, with it.
  std::size_t local_users_ = 0;                 // Bare ones, and ones of mydestination.
  std::string passwd_file_;
  std::string mail_location_;
  std::string myorigin_;
  std::string postmaster_address_;
  mail::QuotaLimits default_quota_;
  bool create_folders_ = false;
  bool local_handed_over_ = false;    ///< mailbox_transport or local_transport is another program.
  bool virtual_handed_over_ = false;  ///< virtual_transport is.
  server::AliasBook* book_ = nullptr;
  const server::Clocks* clocks_ = nullptr;
  std::shared_ptr<const policy::Users> users_;
  tables::Stamp users_stamp_;
  bool users_missing_ = false;  // Told already.
  std::vector<std::string> warnings_;
};

}  // namespace gatepost::app
