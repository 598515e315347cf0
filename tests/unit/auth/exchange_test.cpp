// SPDX-License-Identifier: Apache-2.0
// auth: whole exchanges, step by step.
#include "auth/exchange.h"

#include <catch2/catch_test_macros.hpp>

#include "auth/decoys.h"
#include "base/base64.h"
#include "scram_client.h"

using namespace gatepost;
using namespace gatepost::auth;
using namespace std::literals;
using gatepost::tests::ScramClient;

namespace {

Terms terms() {
  return {.nonce = "123456789012345678", .host = "mx.example.com"};
}

Exchange exchange(std::string_view name, Terms with = terms()) {
  const Mechanism* mechanism = find_mechanism(name);
  REQUIRE(mechanism != nullptr);
  return Exchange(*mechanism, std::move(with));
}

StoredSecret stored(std::string_view text) {
  auto parsed = parse_secret(text);
  REQUIRE(parsed);
  return *std::move(parsed);
}

StoredSecret scram_secret(std::string_view password) {
  return stored(make_scram_secret(password, "0123456789abcdef").reveal());
}

template <class T>
T* as(Step& step) {
  return std::get_if<T>(&step);
}

/// The failure of `step`, or a message that it is none.
std::string refusal(const Step& step) {
  const auto* failure = std::get_if<step::Failure>(&step);
  if (failure == nullptr) return "(no failure)";
  const char* kind = failure->fault == Fault::Malformed ? "malformed: " : "refused: ";
  return kind + std::string(failure->reason);
}

/// How a SCRAM exchange ends for a client.
Step scram(ScramClient& client,
           const StoredSecret& secret,
           std::string_view mechanism,
           Terms with) {
  Exchange one = exchange(mechanism, std::move(with));
  Step step = one.next(client.first());
  if (as<step::NeedSecret>(step) == nullptr) return step;
  step = one.secret(secret);
  auto* challenge = as<step::Challenge>(step);
  REQUIRE(challenge != nullptr);
  step = one.next(client.final(challenge->octets));
  challenge = as<step::Challenge>(step);
  if (challenge == nullptr) return step;
  CHECK(challenge->octets == client.server());
  return one.next("");
}

}  // namespace

TEST_CASE("mechanisms are found in any case, and only the usual are on", "[auth]") {
  CHECK(find_mechanism("plain") == find_mechanism("PLAIN"));
  CHECK(find_mechanism("GSSAPI") == nullptr);
  CHECK(find_mechanism("") == nullptr);
  CHECK_FALSE(find_mechanism("CRAM-MD5")->usual);
  CHECK(find_mechanism("PLAIN")->plaintext);
  CHECK(mechanisms().size() == 5);
}

TEST_CASE("PLAIN gives user and password in one response", "[auth]") {
  for (const auto response :
       {"\0alice\0secret"sv, "alice\0alice\0secret"sv, "Alice\0alice\0secret"sv}) {
    Exchange one = exchange("PLAIN");
    Step step = one.start();
    REQUIRE(as<step::Challenge>(step));
    CHECK(as<step::Challenge>(step)->octets.empty());
    step = one.next(response);
    REQUIRE(as<step::CheckPassword>(step));
    CHECK(as<step::CheckPassword>(step)->user == "alice");
    CHECK(as<step::CheckPassword>(step)->password.reveal() == "secret");
    step = one.password_checked(true);
    REQUIRE(as<step::Success>(step));
    CHECK(as<step::Success>(step)->user == "alice");
  }
}

TEST_CASE("PLAIN refuses what is no message of it", "[auth]") {
  const auto said = [](std::string_view response) {
    return refusal(exchange("PLAIN").next(response));
  };
  CHECK(said("") == "malformed: malformed response");
  CHECK(said("alice") == "malformed: malformed response");
  CHECK(said("\0alice"sv) == "malformed: malformed response");
  CHECK(said("\0a\0b\0c"sv) == "malformed: malformed response");
  CHECK(said("\0\0secret"sv) == "malformed: the user name is empty");
  CHECK(said("\0al\nice\0secret"sv) == "malformed: the user name holds a control character");
  CHECK(said("\0\xff\0secret"sv) == "malformed: the user name is not UTF-8");
  CHECK(said("bob\0alice\0secret"sv) == "refused: the authorization identity is another user");
  CHECK(said("\0"s + std::string(257, 'a') + "\0x"s) ==
        "malformed: the user name is longer than 256 octets");
  CHECK(said(std::string(kMostResponse + 1, 'a')) == "malformed: the response is too long");
}

TEST_CASE("a wrong password is refused and names its user for the log", "[auth]") {
  Exchange one = exchange("PLAIN");
  static_cast<void>(one.next("\0alice\0wrong"sv));
  const Step step = one.password_checked(false);
  CHECK(refusal(step) == "refused: wrong password or unknown user");
  CHECK(std::get<step::Failure>(step).user == "alice");
}

TEST_CASE("LOGIN asks for name and password, or for the password only", "[auth]") {
  for (const bool initial : {false, true}) {
    Exchange one = exchange("LOGIN");
    if (!initial) {
      Step step = one.start();
      REQUIRE(as<step::Challenge>(step));
      CHECK(as<step::Challenge>(step)->octets == "Username:");
    }
    Step step = one.next("alice");
    REQUIRE(as<step::Challenge>(step));
    CHECK(as<step::Challenge>(step)->octets == "Password:");
    step = one.next("secret");
    REQUIRE(as<step::CheckPassword>(step));
    CHECK(as<step::CheckPassword>(step)->password.reveal() == "secret");
    CHECK(refusal(one.next("more")) == "malformed: a response nobody asked for");
  }
  CHECK(refusal(exchange("LOGIN").next("")) == "malformed: the user name is empty");
}

TEST_CASE("CRAM-MD5 proves the password without sending it", "[auth]") {
  Exchange one = exchange("CRAM-MD5");
  Step step = one.start();
  REQUIRE(as<step::Challenge>(step));
  const std::string challenge = as<step::Challenge>(step)->octets;
  CHECK(challenge == "<313233343536373839303132333435363738@mx.example.com>");
  std::string proof;
  for (const char c : keyed_digest(Hash::Md5, "secret", challenge)) {
    proof += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4U];
    proof += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15U];
  }
  SECTION("right") {
    step = one.next("al ice " + proof);
    REQUIRE(as<step::NeedSecret>(step));
    CHECK(as<step::NeedSecret>(step)->user == "al ice");
    step = one.secret(stored("{PLAIN}secret"));
    CHECK(as<step::Success>(step));
  }
  SECTION("another password") {
    static_cast<void>(one.next("alice " + proof));
    CHECK(refusal(one.secret(stored("{PLAIN}Secret"))) ==
          "refused: wrong password or unknown user");
  }
  SECTION("a decoy with the right password") {
    static_cast<void>(one.next("alice " + proof));
    StoredSecret decoy = stored("{PLAIN}secret");
    decoy.decoy = true;
    CHECK(refusal(one.secret(decoy)) == "refused: wrong password or unknown user");
  }
  SECTION("no digest") {
    CHECK(refusal(one.next("alice")) == "malformed: malformed response");
  }
}

TEST_CASE("CRAM-MD5 takes no initial response", "[auth]") {
  CHECK(refusal(exchange("CRAM-MD5").next("")) == "malformed: unexpected initial response");
}

TEST_CASE("SCRAM-SHA-256 proves both sides", "[auth]") {
  ScramClient client("user", "pencil");
  Step step = scram(client, scram_secret("pencil"), "SCRAM-SHA-256", terms());
  REQUIRE(as<step::Success>(step));
  CHECK(as<step::Success>(step)->user == "user");
}

TEST_CASE("SCRAM refuses a wrong password and every decoy in the last step only", "[auth]") {
  ScramClient wrong("user", "pencil");
  CHECK(refusal(scram(wrong, scram_secret("Pencil"), "SCRAM-SHA-256", terms())) ==
        "refused: wrong password or unknown user");
  StoredSecret decoy = scram_secret("pencil");
  decoy.decoy = true;
  ScramClient right("user", "pencil");
  CHECK(refusal(scram(right, decoy, "SCRAM-SHA-256", terms())) ==
        "refused: wrong password or unknown user");
}

TEST_CASE("SCRAM-SHA-256-PLUS binds to the channel by each of the two ways", "[auth]") {
  Terms bound = terms();
  bound.exporter = "exporter octets";
  bound.end_point = "end point octets";
  bound.plus_offered = true;
  const StoredSecret secret = scram_secret("pencil");
  const auto with = [&](std::string header, std::string binding, const Terms& of) {
    ScramClient client("user", "pencil", std::move(header));
    client.binding = std::move(binding);
    const Step step = scram(client, secret, "SCRAM-SHA-256-PLUS", of);
    return std::get_if<step::Success>(&step) != nullptr ? "success" : refusal(step);
  };
  CHECK(with("p=tls-exporter,,", bound.exporter, bound) == "success");
  CHECK(with("p=tls-server-end-point,,", bound.end_point, bound) == "success");
  CHECK(with("p=tls-exporter,a=user,", bound.exporter, bound) == "success");
  CHECK(with("p=tls-exporter,,", bound.end_point, bound) ==
        "refused: the channel binding does not fit");
  CHECK(with("p=tls-exporter,,", "", bound) == "refused: the channel binding does not fit");
  CHECK(with("p=tls-unique,,", "x", bound) == "refused: unknown channel binding");
  CHECK(with("n,,", "", bound) == "refused: no channel binding");
  CHECK(with("y,,", "", bound) == "refused: no channel binding");
  CHECK(with("p=tls-exporter,,", "", terms()) ==
        "refused: tls-exporter is not to be had in this session");
  CHECK(with("p=tls-server-end-point,,", "", terms()) ==
        "refused: tls-server-end-point is not to be had in this session");
}

TEST_CASE("a client that was kept from binding is refused", "[auth]") {
  Terms bound = terms();
  bound.plus_offered = true;
  const StoredSecret secret = scram_secret("pencil");
  const auto with = [&](std::string header, const Terms& of) {
    ScramClient client("user", "pencil", std::move(header));
    const Step step = scram(client, secret, "SCRAM-SHA-256", of);
    return std::get_if<step::Success>(&step) != nullptr ? "success" : refusal(step);
  };
  CHECK(with("y,,", bound) == "refused: channel binding was taken away");
  CHECK(with("y,,", terms()) == "success");
  CHECK(with("n,,", bound) == "success");
  CHECK(with("n,a=user,", bound) == "success");
  CHECK(with("n,a=bob,", bound) == "refused: the authorization identity is another user");
  CHECK(with("p=tls-exporter,,", bound) ==
        "refused: channel binding with a mechanism that has none");
}

TEST_CASE("SCRAM refuses another nonce and octets after its end", "[auth]") {
  ScramClient client("user", "pencil");
  Exchange one = exchange("SCRAM-SHA-256");
  static_cast<void>(one.next(client.first()));
  Step step = one.secret(scram_secret("pencil"));
  std::string first = as<step::Challenge>(step)->octets;
  SECTION("another nonce") {
    first.insert(first.find(','), "x");
    CHECK(refusal(one.next(client.final(first))) == "refused: another nonce");
  }
  SECTION("octets after the end") {
    static_cast<void>(one.next(client.final(first)));
    CHECK(refusal(one.next("x")) == "malformed: octets after the last message");
  }
  SECTION("no proof") {
    CHECK(refusal(one.next("")) == "malformed: malformed response");
  }
}
