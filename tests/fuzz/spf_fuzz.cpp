// SPDX-License-Identifier: Apache-2.0
// fuzz: whatever records a stranger publishes, a check and a walk come to an end within their bounds.
#include <string>
#include <string_view>

#include "base/text.h"
#include "fuzz/input.h"
#include "spf/allowlist.h"
#include "spf/evaluation.h"
#include "spf/record.h"
#include "spf/walk.h"

using namespace gatepost;
using gatepost::fuzz::Input;
using gatepost::fuzz::must;

namespace {

/// Lines of the input, again from the first when they are used up, as the answers to whatever is asked.
class Answers {
 public:
  explicit Answers(std::string_view text) : text_(text), left_(text) {}

  DnsAnswer next(const spf::Question& question) {
    ++asked;
    must(!question.name.empty() && question.name.size() <= 253);
    if (left_.empty()) left_ = text_;
    const std::string_view line = left_.substr(0, left_.find('\n'));
    left_.remove_prefix(std::min(line.size() + 1, left_.size()));
    DnsAnswer out;
    out.fault = "timeout";
    if (line == "!") return out;
    out.kind = line.empty() ? DnsAnswer::Kind::NoName : DnsAnswer::Kind::Found;
    if (line.empty()) return out;
    if (question.type == DnsType::Txt) {
      out.texts.emplace_back(line);
      return out;
    }
    std::string_view rest = line;
    while (!rest.empty()) {
      const std::string_view word = take_word(rest, " ");
      if (const auto address = IpAddress::parse(word)) out.addresses.push_back(*address);
      out.texts.emplace_back(word);
      out.exchanges.push_back({1, std::string(word)});
    }
    return out;
  }

  std::size_t asked = 0;

 private:
  std::string_view text_;
  std::string_view left_;
};

void check_record(std::string_view text) {
  const auto record = spf::parse_record(text);
  must(record || !record.error().detail.empty());
  if (!record) return;
  // Written again it is the same record.
  std::string again = "v=spf1";
  for (const spf::Term& term : record->terms) again += ' ' + term.text();
  if (again.size() > spf::kMostRecord) return;
  const auto second = spf::parse_record(again);
  must(second && second->terms.size() == record->terms.size());
  for (std::size_t i = 0; i < second->terms.size(); ++i) {
    must(second->terms[i].text() == record->terms[i].text());
  }
}

void check_host(std::string_view text, bool six) {
  Answers answers(text);
  spf::Identity identity;
  identity.client = IpAddress::parse(six ? "2001:db8::1" : "192.0.2.1").value();
  identity.helo = "mail.example.net";
  identity.sender = "strong-bad@email.example.com";
  identity.receiver = "mx.example.org";
  spf::Evaluation evaluation(identity);
  while (const spf::Question* question = evaluation.question()) {
    evaluation.answer(answers.next(*question));
    must(answers.asked <= 232);
  }
  const spf::Outcome& out = evaluation.outcome();
  const bool error =
      out.verdict == spf::Verdict::TempError || out.verdict == spf::Verdict::PermError;
  must(error == !out.problem.empty());
  must(out.verdict != spf::Verdict::Pass || !out.domain.empty());
  for (const char c : out.explanation) must(c >= ' ' && c <= '~');
}

void walk(std::string_view text, std::uint8_t choice) {
  Answers answers(text);
  spf::WalkLimits limits;
  limits.host_bits = static_cast<spf::HostBits>(choice % 3);
  spf::Walk machine("email.example.com", limits);
  while (const spf::Question* question = machine.question()) {
    machine.answer(answers.next(*question));
    must(answers.asked <= limits.questions);
  }
  const spf::WalkResult& out = machine.result();
  must(out.networks.size() <= limits.networks && out.notes.size() <= spf::Walk::kMostNotes);
  must(out.networks.size() > 0 || !out.fault.empty());
  const auto& all = out.networks.networks();
  for (std::size_t i = 0; i < all.size(); ++i) {
    // Each is found by itself, so that none lies in another.
    must(out.networks.find(all[i].network.address) == &all[i]);
    must(all[i].source < out.networks.sources().size());
  }
}

/// A file that is taken is written again so that it reads the same.
void read_file(std::string_view text) {
  spf::Allowlist list;
  list.set_domains({"a.example", "b.example"});
  if (!list.restore(text)) return;
  const std::string written = list.text("permit");
  spf::Allowlist again;
  again.set_domains({"a.example", "b.example"});
  must(static_cast<bool>(again.restore(written)));
  must(again.text("permit") == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t choice = input.octet();
  const std::string text = gatepost::fuzz::copy(input.rest());
  check_record(text.substr(0, text.find('\n')));
  check_host(text, (choice & 1U) != 0);
  walk(text, choice);
  read_file(text);
  return 0;
}
