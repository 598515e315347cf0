// SPDX-License-Identifier: Apache-2.0
// app: names and addresses as settings, tables and users have them.
#include "app/settings_directory.h"

#include <catch2/catch_test_macros.hpp>

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

std::string maildir(app::SettingsDirectory& directory,
                    const mail::Mailbox& address,
                    DomainClass domain = DomainClass::Local) {
  const auto found = directory.find_mailbox(address, domain);
  REQUIRE(found);
  return *found ? (*found)->maildir : "none";
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
  CHECK(directory->refresh().size() == 1);
  CHECK(directory->refresh().empty());
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
