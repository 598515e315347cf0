// SPDX-License-Identifier: Apache-2.0
// server: puts the questions of the machines of room spf to the domain name system.
#include "server/spf_questions.h"

#include <string>
#include <utility>

namespace gatepost::server {

Task<void> put_questions(Dns& dns, spf::Machine& machine, const bool& stop) {
  while (!stop && machine.question() != nullptr) {
    const spf::Question question = *machine.question();
    const DnsAnswer answer = co_await dns.look_up(question.name, question.type);
    machine.answer(answer);
  }
}

Task<spf::Outcome> check_spf(Dns& dns,
                             const Clocks& clocks,
                             spf::Identity identity,
                             Duration time) {
  const Instant until = clocks.instant() + time;
  spf::Evaluation evaluation(std::move(identity));
  while (evaluation.question() != nullptr) {
    if (clocks.instant() >= until) {
      evaluation.abandon();
      break;
    }
    const spf::Question question = *evaluation.question();
    const DnsAnswer answer = co_await dns.look_up(question.name, question.type);
    evaluation.answer(answer);
  }
  co_return evaluation.outcome();
}

}  // namespace gatepost::server
