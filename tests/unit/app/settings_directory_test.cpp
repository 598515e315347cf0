// SPDX-License-Identifier: Apache-2.0
// app: names and addresses as settings, tables and users have them.
#include "app/settings_directory.h"

#include <new>
#include <thread>

#include <asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "app/reload.h"
#include "map_files.h"

using namespace gatepost;
using policy::DomainClass;

namespace {

tables::Patterns domains(std::initializer_list<const char*> words) {
  tables::Patterns out;
  for (const char* word : words) out.push_back(*tables::parse_domain_pattern(word));
  return out;
}

tables::Patterns networks(std::initializer_list<const char*> words) {
  tables::Patterns out;
  for (const char* word : words) out.push_back(*tables::parse_address_pattern(word));
  return out;
}

struct Place {
  test::MapFiles files;
  config::Settings settings;

  Place() {
    files.put("/etc/users", "alice@example.com:x\nbob:x\n");
    settings.passwd_file = "/etc/users";
    settings.mail_location = "/mail/%d/%n";
    settings.myorigin = "example.com";
    settings.mydestination = domains({"example.com", "localhost"});
    settings.virtual_mailbox_domains = domains({"virtual.example"});
    settings.relay_domains = domains({"backup.example"});
    settings.mynetworks = networks({"127.0.0.0/8"});
    settings.parent_domain_matches_subdomains = {"relay_domains"};
    settings.virtual_alias_expansion_limit = 1000;
    settings.virtual_alias_recursion_limit = 1000;
  }
  std::shared_ptr<app::SettingsDirectory> open() {
    auto made = app::SettingsDirectory::open(settings, files);
    if (!made) FAIL(made.error().detail);
    return *made;
  }
  std::string refusal() {
    const auto made = app::SettingsDirectory::open(settings, files);
    return made ? "" : made.error().detail;
  }
};

std::string login(app::SettingsDirectory& directory, std::string_view name) {
  const auto found = directory.find_login(name);
  REQUIRE(found);
  return found->user ? found->name : "none";
}

std::string maildir(app::SettingsDirectory& directory,
                    const mail::Mailbox& address,
                    DomainClass domain = DomainClass::Local) {
  const auto found = directory.find_mailbox(address, domain);
  REQUIRE(found);
  return *found ? (*found)->maildir : "none";
}

/// What the app does now and then, without another thread.
std::vector<std::string> refresh(app::SettingsDirectory& directory) {
  std::vector<std::string> problems = directory.refresh_users();
  if (!directory.is_stale()) return problems;
  const auto read = app::SettingsDirectory::read(directory.reading());
  directory.take(read);
  problems.insert(problems.end(), read.problems.begin(), read.problems.end());
  return problems;
}

}  // namespace

TEST_CASE("domains are ours in one of three ways, or others'", "[app]") {
  Place place;
  const auto directory = place.open();
  CHECK(*directory->domain_class("Example.COM") == DomainClass::Local);
  CHECK(*directory->domain_class("virtual.example") == DomainClass::Virtual);
  CHECK(*directory->domain_class("backup.example") == DomainClass::Relay);
  CHECK(*directory->domain_class("sub.backup.example") == DomainClass::Relay);
  CHECK(*directory->domain_class("sub.example.com") == DomainClass::Other);
  place.settings.parent_domain_matches_subdomains = {"smtpd_access_maps"};
  CHECK(*place.open()->domain_class("sub.backup.example") == DomainClass::Other);
}

TEST_CASE("a user with a domain has mail there, a bare one in every local domain", "[app]") {
  Place place;
  const auto directory = place.open();
  CHECK(maildir(*directory, {"Alice", "EXAMPLE.com"}) == "/mail/example.com/alice");
  CHECK(maildir(*directory, {"alice", "localhost"}) == "none");
  CHECK(maildir(*directory, {"bob", "localhost"}) == "/mail/bob");
  CHECK(maildir(*directory, {"bob", "virtual.example"}, DomainClass::Virtual) == "none");
}

TEST_CASE("a quoted local part cannot name another user", "[app]") {
  Place place;
  const auto directory = place.open();
  CHECK(maildir(*directory, {"alice@example.com", "localhost"}) == "none");
  CHECK(maildir(*directory, {"../bob", "localhost"}) == "none");
}

TEST_CASE("users that come and go count at once, and a file that is gone keeps them", "[app]") {
  Place place;
  const auto directory = place.open();
  CHECK(maildir(*directory, {"carol", "example.com"}) == "none");
  place.files.put("/etc/users", "carol:x\n");
  CHECK(maildir(*directory, {"carol", "example.com"}) == "/mail/carol");
  CHECK(maildir(*directory, {"bob", "example.com"}) == "none");
  place.files.remove("/etc/users");
  CHECK(maildir(*directory, {"carol", "example.com"}) == "/mail/carol");
  CHECK(refresh(*directory).size() == 1);
  CHECK(refresh(*directory).empty());
}

TEST_CASE("a passwd-file that is being written does not make all users unknown", "[app]") {
  Place place;
  const auto directory = place.open();
  for (const char* text : {"", "\x01\x02\x03\n\xff/\n"}) {
    place.files.put("/etc/users", text);
    CHECK(maildir(*directory, {"alice", "example.com"}) == "/mail/example.com/alice");
    CHECK_FALSE(directory->take_warnings().empty());
  }
  place.files.put("/etc/users", "carol@example.com:x\n");
  CHECK(maildir(*directory, {"alice", "example.com"}) == "none");
  CHECK(maildir(*directory, {"carol", "example.com"}) == "/mail/example.com/carol");
}

TEST_CASE("a passwd-file may say that it has no users", "[app]") {
  Place place;
  const auto directory = place.open();
  place.files.put("/etc/users", "# There are no users.\n\xff/\n");
  CHECK(maildir(*directory, {"alice", "example.com"}) == "/mail/example.com/alice");
  place.files.put("/etc/users", "# There are no users.\n");
  CHECK(maildir(*directory, {"alice", "example.com"}) == "none");
}

TEST_CASE("postmaster has a mailbox even without a user", "[app]") {
  Place place;
  CHECK(place.open()->postmaster()->maildir == "/mail/example.com/postmaster");
  place.settings.postmaster_address = "Alice@example.com";
  CHECK(place.open()->postmaster()->maildir == "/mail/example.com/alice");
}

TEST_CASE("further local recipients get a mailbox, but no path of their own choice", "[app]") {
  Place place;
  place.files.put("/etc/more", "dora@example.com x\n");
  place.settings.local_recipient_maps = {*tables::parse_spec("hash:/etc/more")};
  auto directory = place.open();
  CHECK(maildir(*directory, {"dora", "example.com"}) == "/mail/example.com/dora");
  place.settings.local_recipient_maps = {*tables::parse_spec("static:all")};
  directory = place.open();
  CHECK(maildir(*directory, {"anyone", "example.com"}) == "/mail/example.com/anyone");
  CHECK(maildir(*directory, {"../../etc", "example.com"}) == "none");
  CHECK(maildir(*directory, {"..", "example.com"}) == "none");
}

TEST_CASE("relay recipients are all, or those of the tables", "[app]") {
  Place place;
  CHECK(*place.open()->is_relay_recipient({"any", "backup.example"}));
  place.settings.relay_recipient_maps = {*tables::parse_spec("inline:{x@backup.example=1}")};
  const auto directory = place.open();
  CHECK(*directory->is_relay_recipient({"X", "Backup.example"}));
  CHECK_FALSE(*directory->is_relay_recipient({"any", "backup.example"}));
}

TEST_CASE("lists that hold the Internet are refused", "[app]") {
  Place place;
  place.settings.relay_domains = {*tables::parse_domain_pattern("static:all")};
  CHECK(place.refusal().find("open relay") != std::string::npos);
  place.settings.relay_domains = {};
  place.settings.mynetworks = {*tables::parse_address_pattern("cidr:{{0.0.0.0/0 yes}}")};
  CHECK(place.refusal().find("mynetworks") != std::string::npos);
  place.settings.mynetworks = {*tables::parse_address_pattern("cidr:{{10.0.0.0/8 yes}}")};
  CHECK(place.refusal().empty());
}

TEST_CASE("a missing user or table file is an error that names it", "[app]") {
  Place place;
  place.files.remove("/etc/users");
  CHECK(place.refusal().find("/etc/users") != std::string::npos);
  place.files.put("/etc/users", "");
  place.settings.relay_recipient_maps = {*tables::parse_spec("hash:/etc/relay")};
  CHECK(place.refusal().find("/etc/relay") != std::string::npos);
}

TEST_CASE("server names and their files come from tables that can be listed", "[app]") {
  Place place;
  place.settings.tls_server_sni_maps = {
      *tables::parse_spec("inline:{{Mail.example.com = /a.pem, /b.pem}}")};
  const auto files = place.open()->sni_files();
  REQUIRE(files);
  REQUIRE(files->size() == 1);
  CHECK(files->front().first == "mail.example.com");
  CHECK(files->front().second == std::vector<std::string>{"/a.pem", "/b.pem"});
  place.settings.tls_server_sni_maps = {*tables::parse_spec("static:/a.pem")};
  CHECK_FALSE(place.open()->sni_files());
}

namespace {

tables::Spec table(const char* path) {
  return *tables::parse_spec(std::string("hash:") + path);
}

std::string leads(app::SettingsDirectory& directory, const mail::Mailbox& address) {
  const auto domain = directory.domain_class(address.domain);
  REQUIRE(domain);
  const auto found = directory.resolve(address, *domain, {});
  if (!found) return "error " + found.error().detail;
  if (found->refusal) return "refused " + found->refusal->enhanced + " " + found->refusal->text;
  std::string out;
  for (const server::Target& one : found->mailboxes) out += "[" + one.address + "]";
  for (const mail::Mailbox& one : found->others) out += "<" + one.text() + ">";
  return out;
}

struct AliasPlace : Place {
  AliasPlace() {
    settings.recipient_delimiter = "+";
    settings.alias_maps = {table("/etc/aliases")};
    settings.virtual_alias_maps = {table("/etc/virtual")};
    settings.virtual_alias_domains = domains({"hash:/etc/virtual"});
    files.put("/etc/virtual",
              "alias.example anything\ninfo@alias.example alice@example.com, bob\n");
    files.put("/etc/aliases", "root: bob\nboth: root, alice@example.com, x@elsewhere.example\n");
  }
};

}  // namespace

TEST_CASE("aliases lead to mailboxes and to other hosts", "[app][aliases]") {
  AliasPlace place;
  const auto directory = place.open();
  CHECK(leads(*directory, {"info", "alias.example"}) == "[alice@example.com][bob@example.com]");
  CHECK(leads(*directory, {"other", "alias.example"}).empty());
  CHECK(leads(*directory, {"both", "example.com"}) ==
        "[bob@example.com][alice@example.com]<x@elsewhere.example>");
  CHECK(leads(*directory, {"alice+x", "example.com"}) == "[alice+x@example.com]");
  CHECK(directory->take_warnings().empty());
}

TEST_CASE("who gets the mail for an address, and nobody else, owns it", "[app][aliases]") {
  AliasPlace place;
  place.files.put("/etc/users", "alice@example.com:x::::::gatepost_mode=send-only\nbob:x\n");
  const auto directory = place.open();
  const auto owner = [&directory](const mail::Mailbox& address) {
    return *directory->owner_of(address, "alice@example.com");
  };
  using policy::Owner;
  CHECK(owner({"alice", "example.com"}) == Owner::Self);
  CHECK(owner({"both", "example.com"}) == Owner::Self);
  CHECK(owner({"info", "alias.example"}) == Owner::Self);
  CHECK(owner({"root", "example.com"}) == Owner::Other);
  CHECK(owner({"other", "alias.example"}) == Owner::Nobody);
  CHECK(owner({"x", "elsewhere.example"}) == Owner::Nobody);
}

TEST_CASE("modes restrain who gets mail", "[app][aliases]") {
  AliasPlace place;
  place.files.put("/etc/users",
                  "alice@example.com:x::::::gatepost_mode=send-only\nbob:x::::::nologin\n"
                  "carol:x::::::gatepost_mode=disabled\ndave:x::::::gatepost_mode=receive-only\n"
                  "postmaster:x::::::gatepost_mode=disabled\n");
  place.settings.postmaster_address = "carol";
  const auto directory = place.open();
  const std::string closed =
      "refused 5.2.1 <alice@example.com>: Recipient address rejected: Mailbox disabled, not "
      "accepting messages";
  CHECK(leads(*directory, {"alice", "example.com"}) == closed);
  CHECK(leads(*directory, {"carol", "example.com"}).starts_with("refused 5.2.1"));
  CHECK(leads(*directory, {"bob", "example.com"}) == "[bob@example.com]");
  CHECK(leads(*directory, {"dave", "example.com"}) == "[dave@example.com]");
  // Others behind one name get theirs.
  CHECK(leads(*directory, {"info", "alias.example"}) == "[bob@example.com]");
  CHECK(leads(*directory, {"both", "example.com"}) == "[bob@example.com]<x@elsewhere.example>");
  CHECK(leads(*directory, {"postmaster", "example.com"}) == "[postmaster@example.com]");
}

TEST_CASE("a name is there when a user or a line of its own has it", "[app][aliases]") {
  AliasPlace place;
  place.files.put("/etc/virtual", "alias.example x\n@alias.example bob\ninfo@alias.example bob\n");
  const auto directory = place.open();
  CHECK(*directory->is_named({"Bob", "example.com"}, DomainClass::Local));
  CHECK(*directory->is_named({"root", "example.com"}, DomainClass::Local));
  CHECK(*directory->is_named({"info", "alias.example"}, DomainClass::Alias));
  CHECK_FALSE(*directory->is_named({"other", "alias.example"}, DomainClass::Alias));
  CHECK_FALSE(*directory->is_named({"bob+x", "example.com"}, DomainClass::Local));
}

TEST_CASE("dead names are told without reading their file for each", "[app][aliases]") {
  AliasPlace place;
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    text += "n" + std::to_string(i) + ": nobody" + std::to_string(i) + "\n";
  }
  place.files.put("/etc/aliases", text);
  const auto directory = place.open();
  CHECK(directory->take_warnings().size() == 10);
  // The table itself, ten places, and no more.
  CHECK(place.files.reads("/etc/aliases") <= 11);
  CHECK(place.files.stamps("/etc/users") < 10);
}

TEST_CASE("a postmaster whose alias leads to nobody keeps the mailbox", "[app][aliases]") {
  AliasPlace place;
  place.files.put("/etc/aliases", "postmaster: root\nroot: nosuch\nmailer-daemon: postmaster\n");
  const auto directory = place.open();
  CHECK(leads(*directory, {"postmaster", "example.com"}) == "[postmaster@example.com]");
  CHECK(leads(*directory, {"root", "example.com"}).empty());
  const auto warnings = directory->take_warnings();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front() ==
        "warning: /etc/aliases:3: leads to nosuch@example.com, who is nobody here");
}

TEST_CASE("circles and right sides that cannot be are errors with file and line",
          "[app][aliases]") {
  AliasPlace place;
  place.files.put("/etc/aliases", "# of ours\nb: a\na: b\nc: a\n");
  CHECK(place.refusal() ==
        "/etc/aliases:3: a: aliases lead in a circle: a@example.com -> b@example.com -> "
        "a@example.com");
  place.files.put("/etc/aliases", "root: alice@example.com\nnews: \"|/usr/bin/news\"\nc: news\n");
  CHECK(place.refusal() ==
        "/etc/aliases:2: news: \"\"|/usr/bin/news\"\": no programs are run for mail");
  place.files.put("/etc/aliases", "root bob\n");
  CHECK(place.refusal() == "alias_maps: /etc/aliases:1: expected name: address, address ...");
  place.files.put("/etc/aliases", "root: :include:/etc/list\n");
  CHECK(place.refusal().find("/etc/list") != std::string::npos);
  place.files.put("/etc/list", "alice@example.com\nbob\n");
  CHECK(place.refusal().empty());
}

TEST_CASE("a file that leads in circles leaves all tables as they were", "[app][aliases]") {
  AliasPlace place;
  const auto directory = place.open();
  place.files.put("/etc/aliases", "root: info@alias.example\n");
  place.files.put("/etc/virtual", "info@alias.example root\n");
  const auto problems = refresh(*directory);
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().ends_with("; the tables stay as they were"));
  CHECK(leads(*directory, {"root", "example.com"}) == "[bob@example.com]");
  CHECK(refresh(*directory).empty());
  // One of the two files put right brings both into force.
  place.files.put("/etc/virtual", "info@alias.example alice@example.com\n");
  CHECK(refresh(*directory).empty());
  CHECK(leads(*directory, {"root", "example.com"}) == "[alice@example.com]");
}

TEST_CASE("a broken file of aliases leaves the old set in force and is told once",
          "[app][aliases]") {
  AliasPlace place;
  const auto directory = place.open();
  for (const std::string& text : {std::string("root: al\0ice\n", 13), std::string("root alice\n"),
                                  std::string(" root: x\n")}) {
    place.files.put("/etc/aliases", text);
    CHECK(refresh(*directory).size() == 1);
    CHECK(refresh(*directory).empty());
    CHECK(leads(*directory, {"root", "example.com"}) == "[bob@example.com]");
  }
  place.files.put("/etc/aliases", "root: alice@example.com\r\n# end\r\n");
  CHECK(refresh(*directory).empty());
  CHECK(leads(*directory, {"root", "example.com"}) == "[alice@example.com]");
}

TEST_CASE("tables are read elsewhere, and count from when they are taken over", "[app][aliases]") {
  AliasPlace place;
  const auto directory = place.open();
  CHECK_FALSE(directory->is_stale());
  place.files.put("/etc/aliases", "root: alice@example.com\n");
  CHECK(directory->is_stale());
  const std::size_t reads = place.files.reads("/etc/aliases");
  CHECK(leads(*directory, {"root", "example.com"}) == "[bob@example.com]");
  CHECK(place.files.reads("/etc/aliases") == reads);

  app::SettingsDirectory::Reading read = directory->reading();
  std::thread elsewhere([&read] { read = app::SettingsDirectory::read(std::move(read)); });
  elsewhere.join();
  CHECK(leads(*directory, {"root", "example.com"}) == "[bob@example.com]");
  directory->take(read);
  CHECK(read.problems.empty());
  CHECK(leads(*directory, {"root", "example.com"}) == "[alice@example.com]");
  CHECK_FALSE(directory->is_stale());
}

TEST_CASE("tables that nobody waits for any more are read in peace", "[app][aliases]") {
  AliasPlace place;
  auto directory = place.open();
  place.files.put("/etc/aliases", "root: nobody-here\n");
  auto from = directory->reading();
  directory.reset();
  CHECK(app::SettingsDirectory::read(std::move(from)).problems.size() == 1);
}

TEST_CASE("tables too large for the memory leave those before in force and are told once",
          "[app][aliases]") {
  class SmallMemory final : public tables::Files {
   public:
    explicit SmallMemory(test::MapFiles& files) : files_(files) {}
    Result<std::string> read(const std::string& path, std::size_t most) override {
      if (full) throw std::bad_alloc();
      return files_.read(path, most);
    }
    Result<tables::Stamp> stamp(const std::string& path) override { return files_.stamp(path); }
    bool full = false;

   private:
    test::MapFiles& files_;
  };
  AliasPlace place;
  SmallMemory files(place.files);
  const auto made = app::SettingsDirectory::open(place.settings, files);
  REQUIRE(made);
  place.files.put("/etc/aliases", "root: alice@example.com\n");
  files.full = true;
  CHECK(refresh(**made).size() == 1);
  CHECK(refresh(**made).empty());
  CHECK(leads(**made, {"root", "example.com"}) == "[bob@example.com]");
  files.full = false;
  place.files.put("/etc/aliases", "root: alice@example.com\n");
  CHECK(refresh(**made).empty());
  CHECK(leads(**made, {"root", "example.com"}) == "[alice@example.com]");
}

TEST_CASE("a table that would make every domain ours is not put into force", "[app]") {
  Place place;
  place.files.put("/etc/domains", "/^ours\\.example$/ yes\n");
  place.settings.relay_domains = domains({"pcre:/etc/domains"});
  const auto directory = place.open();
  place.files.put("/etc/domains", "/./ yes\n");
  const auto problems = refresh(*directory);
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().ends_with("; the tables stay as they were"));
  CHECK(*directory->domain_class("theirs.example") == DomainClass::Other);
  CHECK(refresh(*directory).empty());
}

TEST_CASE("however long the way through aliases may be, it fits the reader's stack",
          "[app][aliases]") {
  AliasPlace place;
  place.settings.virtual_alias_recursion_limit = 100'000;
  const auto directory = place.open();
  std::string text;
  for (int i = 0; i < 49'999; ++i) {
    text += "n" + std::to_string(i) + ": n" + std::to_string(i + 1) + "\n";
  }
  place.files.put("/etc/aliases", text + "n49999: bob\n");
  asio::io_context loop;
  storage::Clerk reader(loop, app::kReader);
  app::SettingsDirectory::Reading read = directory->reading();
  reader.leave([&read] { read = app::SettingsDirectory::read(std::move(read)); });
  reader.settle();
  CHECK(read.problems.empty());
  directory->take(read);
  CHECK(leads(*directory, {"n0", "example.com"}) == "[bob@example.com]");
}

TEST_CASE("ten thousand aliases are looked at as a whole", "[app][aliases]") {
  AliasPlace place;
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    text += "n" + std::to_string(i) + ": " +
            (i % 900 == 899 ? std::string("bob") : "n" + std::to_string(i + 1)) + "\n";
  }
  text += "n10000: bob\n";
  place.files.put("/etc/aliases", text);
  const auto directory = place.open();
  CHECK(leads(*directory, {"n4500", "example.com"}) == "[bob@example.com]");
  CHECK(directory->take_warnings().empty());
}

TEST_CASE("a user who has moved is told", "[app][aliases]") {
  AliasPlace place;
  place.files.put("/etc/moved", "gone@example.com someone@new.example\n");
  place.settings.relocated_maps = {table("/etc/moved")};
  CHECK(leads(*place.open(), {"gone", "example.com"}) ==
        "refused 5.1.6 <gone@example.com>: Recipient address rejected: User has moved to "
        "someone@new.example");
}

TEST_CASE("a bare user logs in with an address of mydestination, and of no other", "[app]") {
  Place place;
  const auto directory = place.open();
  CHECK(login(*directory, "bob") == "bob");
  CHECK(login(*directory, "Bob@Example.com") == "bob");
  CHECK(login(*directory, "bob@localhost") == "bob");
  CHECK(login(*directory, "alice@example.com") == "alice@example.com");
  CHECK(login(*directory, "alice@localhost") == "none");
  CHECK(login(*directory, "bob@virtual.example") == "none");
  CHECK(login(*directory, "bob@elsewhere.example") == "none");
  CHECK(login(*directory, "@example.com") == "none");
}

TEST_CASE("addresses of bare users, and of nobody, are one login as often", "[app]") {
  Place place;
  const auto name_of = [](app::SettingsDirectory& directory, const std::string& name) {
    return directory.find_login(name)->name;
  };
  const auto is_one = [&](app::SettingsDirectory& directory, const std::string& local) {
    const std::string here = name_of(directory, local + "@example.com");
    CHECK((here == local) == (name_of(directory, local + "@localhost") == local));
    CHECK(name_of(directory, local) == local);
    return here == local;
  };
  place.files.put("/etc/users", "bob:x\n");
  const auto bare = place.open();
  CHECK(is_one(*bare, "bob"));
  CHECK(is_one(*bare, "nobody"));
  CHECK(name_of(*bare, "nobody@virtual.example") == "nobody@virtual.example");
  place.files.put("/etc/users", "bob@example.com:x\n");
  const auto whole = place.open();
  CHECK_FALSE(is_one(*whole, "nobody"));
  place.files.put("/etc/users", "bob:x\nalice@example.com:x\n");
  const auto both = place.open();
  int ones = 0;
  for (int i = 0; i < 100; ++i) ones += is_one(*both, "n" + std::to_string(i)) ? 1 : 0;
  CHECK(ones > 20);
  CHECK(ones < 80);
  CHECK(name_of(*both, "alice@localhost") == "alice@localhost");
  place.settings.smtpd_sasl_local_domain = "example.com";
  place.files.put("/etc/users", "bob:x\n");
  const auto completed = place.open();
  CHECK(is_one(*completed, "bob"));
  CHECK(is_one(*completed, "nobody"));
}

TEST_CASE("an owner of a sender is the user that its name would log in", "[app]") {
  Place place;
  place.settings.smtpd_sasl_local_domain = "example.com";
  place.settings.smtpd_sender_login_maps = {
      *tables::parse_spec("inline:{sales@example.com=alice,shop@example.com=BOB@example.com}")};
  const auto directory = place.open();
  const auto owner = [&directory](const char* local, const char* login) {
    return *directory->owner_of({local, "example.com"}, login);
  };
  using policy::Owner;
  CHECK(owner("sales", "alice@example.com") == Owner::Self);
  CHECK(owner("shop", "bob") == Owner::Self);
  CHECK(owner("shop", "alice@example.com") == Owner::Other);
  CHECK(owner("sales", "") == Owner::Other);
}

TEST_CASE("a file that is not there is told with its parameter", "[app]") {
  Place place;
  place.settings.virtual_alias_maps = {*tables::parse_spec("hash:/x/nofile")};
  CHECK(place.refusal() == "virtual_alias_maps: /x/nofile: No such file or directory");
  place.settings.virtual_alias_maps.clear();
  place.settings.relay_recipient_maps = {*tables::parse_spec("hash:/x/nofile")};
  CHECK(place.refusal() == "relay_recipient_maps: /x/nofile: No such file or directory");
  place.settings.relay_recipient_maps.clear();
  place.settings.passwd_file = "/x/users";
  CHECK(place.refusal() == "passwd_file: /x/users is not there; gatepost user add NAME makes it");
}

TEST_CASE("a dunno in an access list's table leaves it to the next, the word ends the list",
          "[app]") {
  using screen::Access;
  const IpAddress client = *IpAddress::parse("192.0.2.1");
  Place place;
  place.files.put("/etc/access", "192.0.2.1 dunno\n192.0.2.0/24 reject\n198.51.100.0/24 permit\n");
  const auto access = [&](std::initializer_list<const char*> words) {
    place.settings.postscreen_access_list.clear();
    for (const char* word : words) {
      const std::string_view text(word);
      if (text.find(':') == text.npos) {
        place.settings.postscreen_access_list.push_back({.what = std::string(text)});
      } else {
        place.settings.postscreen_access_list.push_back({.what = *tables::parse_spec(text)});
      }
    }
    return place.open()->screen_access(client);
  };
  CHECK(access({"cidr:/etc/access", "permit"}) == Access::Permit);
  CHECK(access({"cidr:/etc/access"}) == Access::Dunno);
  CHECK(access({"dunno", "permit"}) == Access::Dunno);
}
