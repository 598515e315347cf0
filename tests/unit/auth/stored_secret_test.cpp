// SPDX-License-Identifier: Apache-2.0
// auth: stored secrets, ours and Dovecot's.
#include "auth/stored_secret.h"

#include <catch2/catch_test_macros.hpp>

#include "auth/crypt_hash.h"
#include "base/base64.h"

using namespace gatepost;
using namespace gatepost::auth;
using namespace std::literals;

namespace {

constexpr const char* kPassword = "pässwörd:1";

// Made by `doveadm pw` of Dovecot 2.3 for kPassword.
constexpr const char* kDovecot[] = {
    "{SCRAM-SHA-256}4096,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=,"
    "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=",
    "{SCRAM-SHA-1}4096,8jei7mFC+C84Vl1cga+jMw==,Zj376w6Fw9pRocieTjo11SVMhaU=,"
    "UhKXTtBb16S3g87TtI0HwEhIeoE=",
    "{SHA512-CRYPT}$6$K9XXUA525eQ2RSmm$Fh8m149EKblRlClZ08pO9q2JryQ.muWfmwarpS9Y1wgn6sMDfoN/"
    "C64XpmPlTrjZYVKJCvi.0THtdC6CqNAGH.",
    "$6$K9XXUA525eQ2RSmm$Fh8m149EKblRlClZ08pO9q2JryQ.muWfmwarpS9Y1wgn6sMDfoN/"
    "C64XpmPlTrjZYVKJCvi.0THtdC6CqNAGH.",
    "{SHA256-CRYPT}$5$95hn7RVjE9YYJ6N9$kw3R0pmZx98RZsW1UsacTZO6HjcRruEIQG6k9x8KhN6",
    "{BLF-CRYPT}$2y$05$ZQ.QqsneBZtffsqBayU0zOz91NZVoV1P9ucrlnMYOo63UZmgpQzWa",
    "{crypt}$2y$05$ZQ.QqsneBZtffsqBayU0zOz91NZVoV1P9ucrlnMYOo63UZmgpQzWa",
    "{PLAIN}pässwörd:1",
    "{CLEARTEXT}pässwörd:1",
    "{PLAIN.HEX}70c3a4737377c3b672643a31",
    "{plain.b64}cMOkc3N3w7ZyZDox",
    "{SHA512}Gp+LI6W4KeNwVOLnIc+Qz36iLEDQk2Lakf3ZdvF3dB9FM8vG30aLZVlW/aK/4OBaFGVMCKnROLqP2+8WK/"
    "AY7g==",
    "{SSHA512}rtryrBwAPVMCYek/"
    "Fw6rUTaAd6DHr51XIaxH+VqZKsi2k4EWL4rcJuH3AA5uU7CxAGg9iP2t35Nc5JWQSphYKe6T1HY=",
    "{SHA256}QgXjzEgdAVh/6S1XZ+yleJJO59IwoVug36YXPovpcvY=",
    "{SSHA256}luv/3ep2JfqHNtdayHomzPteV5rjcTAy7BvoIqAP4w3oMFMN",
    "{SSHA}hQmEfudwtHJdCceuws6OklGhCUdo0ApB",
    "{SHA1}IiBFp4PZiy061PZ88p64fx7ufjY=",
    "{SHA256.HEX}4205e3cc481d01587fe92d5767eca578924ee7d230a15ba0dfa6173e8be972f6",
    "{SHA256}4205e3cc481d01587fe92d5767eca578924ee7d230a15ba0dfa6173e8be972f6",
    "{SSHA512.B64}MhmEqlvIstkNRmAJpFym7oSWzVZ7Dc6CdB7+PM9pxfd+Em7rdb13f5+"
    "Qsrg3rzjPbbWIpEfDHTdlRsLUw1+VCd8HhwE=",
};

std::string fault_of(std::string_view text) {
  const auto parsed = parse_secret(text);
  return parsed ? "" : parsed.error().detail;
}

}  // namespace

TEST_CASE("secrets made by Dovecot fit their password and no other", "[auth]") {
  for (const char* text : kDovecot) {
    CAPTURE(text);
    auto secret = parse_secret(text);
    REQUIRE(secret);
    CHECK(check_password(*secret, kPassword));
    CHECK_FALSE(check_password(*secret, "pässwörd:2"));
    CHECK_FALSE(check_password(*secret, "pässwörd:1 "));
    CHECK_FALSE(check_password(*secret, "pässwörd:1\0x"sv));
    CHECK_FALSE(check_password(*secret, ""));
    CHECK_FALSE(check_password(*secret, std::string(2000, 'x')));
    secret->decoy = true;
    CHECK_FALSE(check_password(*secret, kPassword));
  }
}

TEST_CASE("a secret we make is read again and is Dovecot's form", "[auth]") {
  const Secret made = make_scram_secret("pencil", *decode_base64("W22ZaJ0SNY7soEsUEjb6gQ=="));
  // RFC 7677 section 3: the password and salt of its example.
  CHECK(made.reveal() ==
        "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  const auto secret = parse_secret(made.reveal());
  REQUIRE(secret);
  CHECK(secret->iterations == 4096);
  CHECK(check_password(*secret, "pencil"));
  const auto slower =
      parse_secret(make_scram_secret("pencil", "0123456789abcdef", 10'000).reveal());
  REQUIRE(slower);
  CHECK(check_password(*slower, "pencil"));
}

TEST_CASE("a secret that is none is refused with a reason that tells nothing of it", "[auth]") {
  const char* const bad[] = {
      "",
      "{",
      "{SCRAM-SHA-256",
      "{}x",
      "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$WsXuEFG9zbYZIOGn07Pk5w$U5FeYadZai4a1Cdcf8HN1uhM",
      "{SCRAM-SHA-256}",
      "{SCRAM-SHA-256}4096,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=",
      "{SCRAM-SHA-256}4095,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=,"
      "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=",
      "{SCRAM-SHA-256}1000001,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/"
      "qsfvFkjvK6dwJ9aItad+SD2ckA=,"
      "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=",
      "{SCRAM-SHA-256}4096,,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=,"
      "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=",
      "{SCRAM-SHA-256}4096,YTL3SBEXm+euyVd+WFUIEg==,AAAA,AAAA",
      "{SCRAM-SHA-256}4096,YTL3SBEXm+euyVd+WFUIEg==,U7f+usOOGGIQ5Pwe/qsfvFkjvK6dwJ9aItad+SD2ckA=,"
      "55tXruVZogWR4EDt/2/0L5MrytgSsnu9vVc3qq9pYlI=,",
      "{PLAIN}",
      "{PLAIN.hex}7",
      "{PLAIN.hex}7g",
      "{PLAIN.b64}====",
      "{PLAIN.rot13}cyvffjbeq",
      "{SHA256}AAAA",
      "{SHA512-CRYPT}$6$rounds=999999999$K9XXUA525eQ2RSmm$x",
      "{BLF-CRYPT}$2y$31$ZQ.QqsneBZtffsqBayU0zOz91NZVoV1P9ucrlnMYOo63UZmgpQzWa",
      "$y$j9T$abc$def",
      "password",
  };
  for (const char* text : bad) {
    CAPTURE(text);
    const std::string fault = fault_of(text);
    CHECK_FALSE(fault.empty());
    CHECK(fault.find("55tX") == std::string::npos);
  }
  CHECK(fault_of("{ARGON2ID}x") ==
        "the scheme {ARGON2ID} is not supported: expected {SCRAM-SHA-256}, {SHA512-CRYPT} or "
        "{BLF-CRYPT}");
  CHECK(fault_of("{\x01\n}x").find('\n') == std::string::npos);
  CHECK_FALSE(fault_of("{PLAIN}" + std::string(2000, 'x')).empty());
}

TEST_CASE("a locked password fits nothing", "[auth]") {
  for (const char* text : {"*", "!", "!!", "x", "!$6$a$b", "{CRYPT}*"}) {
    CAPTURE(text);
    const auto secret = parse_secret(text);
    REQUIRE(secret);
    for (const char* password : {"*", "!", "x", "*0", "*1"}) {
      CHECK_FALSE(check_password(*secret, password));
    }
  }
}

TEST_CASE("a hash that ends in the middle fits nothing", "[auth]") {
  const std::string whole = "$6$K9XXUA525eQ2RSmm$Fh8m149EKblRlClZ08pO9q2JryQ.muWfmwarpS9Y1wgn6s";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(crypt_fits(kPassword, whole.substr(0, size)));
  }
}

TEST_CASE("what decides the work of a hash is its beginning", "[auth]") {
  CHECK(crypt_cost("$6$salt$hash") == "$6$");
  CHECK(crypt_cost("$5$rounds=10000$salt$hash") == "$5$rounds=10000$");
  CHECK(crypt_cost("$2y$10$saltsaltsaltsaltsaltsahash") == "$2y$10$");
}

TEST_CASE("passwords nobody should have are refused when they are set", "[auth]") {
  CHECK(find_password_fault("correct horse") == nullptr);
  CHECK(find_password_fault("pässwörd:{PLAIN}") == nullptr);
  CHECK(find_password_fault("") != nullptr);
  CHECK(find_password_fault("a\0b"sv) != nullptr);
  CHECK(find_password_fault("a\nb") != nullptr);
  CHECK(find_password_fault("\xff") != nullptr);
  CHECK(find_password_fault(std::string(1025, 'x')) != nullptr);
  CHECK(find_password_fault(std::string(1024, 'x')) == nullptr);
}
