// SPDX-License-Identifier: Apache-2.0
// auth: SCRAM's messages, with the examples of RFC 5802 and RFC 7677.
#include "auth/scram.h"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.h"

using namespace gatepost;
using namespace gatepost::auth;
using namespace std::literals;

namespace {

struct Example {
  Hash hash;
  const char* first;
  const char* server_first;
  const char* final;
  const char* salt;
  const char* server_final;
};

// RFC 7677 section 3; RFC 5802 section 5. The user is "user", the password "pencil".
constexpr Example kExamples[] = {
    {Hash::Sha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "W22ZaJ0SNY7soEsUEjb6gQ==", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {Hash::Sha1, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "QSXCR+Q6sek8bf92", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
};

}  // namespace

TEST_CASE("the examples of RFC 5802 and RFC 7677 hold", "[auth]") {
  for (const Example& example : kExamples) {
    const auto first = parse_client_first(example.first);
    const auto final = parse_client_final(example.final);
    REQUIRE(first);
    REQUIRE(final);
    CHECK(first->user == "user");
    CHECK(first->gs2_header == "n,,");
    CHECK(final->binding == "n,,");
    const auto keys = derive_keys(example.hash, "pencil", *decode_base64(example.salt), 4096);
    const std::string all = first->bare + "," + example.server_first + "," + final->without_proof;
    CHECK(proof_fits(example.hash, keys.stored, all, final->proof));
    CHECK_FALSE(proof_fits(example.hash, keys.stored, all + "x", final->proof));
    CHECK_FALSE(proof_fits(example.hash, keys.stored, all, final->proof.substr(1)));
    CHECK(encode_base64(keyed_digest(example.hash, keys.server, all)) == example.server_final);
  }
}

TEST_CASE("the example of RFC 2195 holds", "[auth]") {
  const std::string made =
      keyed_digest(Hash::Md5, "tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>");
  CHECK(made == "\xb9\x13\xa6\x02\xc7\xed\xa7\xa4\x95\xb4\xe6\xe7\x33\x4d\x38\x90");
}

TEST_CASE("names, bindings and identities of a client are decoded", "[auth]") {
  const auto plus = parse_client_first("p=tls-exporter,a=al=2Cice,n=al=2Cice=3D,r=x,ext=1");
  REQUIRE(plus);
  CHECK(plus->binding == 'p');
  CHECK(plus->binding_name == "tls-exporter");
  CHECK(plus->authorization == "al,ice");
  CHECK(plus->user == "al,ice=");
  CHECK(plus->gs2_header == "p=tls-exporter,a=al=2Cice,");
  CHECK(plus->bare == "n=al=2Cice=3D,r=x,ext=1");
  const auto yes = parse_client_first("y,,n=bob,r=x");
  REQUIRE(yes);
  CHECK(yes->binding == 'y');
}

TEST_CASE("a first message that breaks a rule is refused", "[auth]") {
  for (const auto text : {""sv,
                          "n"sv,
                          "n,"sv,
                          "n,,"sv,
                          "n,,n="sv,
                          "n,,n=user"sv,
                          "n,,n=user,r="sv,
                          "x,,n=user,r=a"sv,
                          "n=x,,n=user,r=a"sv,
                          "p,,n=user,r=a"sv,
                          "p=,,n=user,r=a"sv,
                          "p=a b,,n=user,r=a"sv,
                          "n,user,n=user,r=a"sv,
                          "n,a=,n=user,r=a"sv,
                          "n,,n=,r=a"sv,
                          "n,,n=us=er,r=a"sv,
                          "n,,n=us=2,r=a"sv,
                          "n,,n=us=2c,r=a"sv,
                          "n,,m=x,n=user,r=a"sv,
                          "n,,r=a,n=user"sv,
                          "n,,n=user,r=a b"sv,
                          "n,,n=us\0er,r=a"sv,
                          "n,,n=\xff,r=a"sv,
                          " n,,n=user,r=a"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_client_first(text));
  }
  CHECK_FALSE(parse_client_first("n,,n=user,r=" + std::string(513, 'a')));
}

TEST_CASE("a final message that breaks a rule is refused", "[auth]") {
  CHECK(parse_client_final("c=biws,r=abc,x=ext,p=AAAA"));
  for (const char* text :
       {"", "c=biws,r=abc", "c=biws,r=abc,p=A", "c=biws,r=abc,p=AAAA ", "c=biws,p=AAAA",
        "r=abc,c=biws,p=AAAA", "c=biw,r=abc,p=AAAA", "c=biws,r=,p=AAAA", "p=AAAA"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_client_final(text));
  }
}
