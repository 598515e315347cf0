// SPDX-License-Identifier: Apache-2.0
// log: what happens to the service as a whole, as lines of Postfix's master(8) where it has them.
#include "log/service_events.h"

#include "base/limits.h"

namespace gatepost::log {

void ServiceStarted::line(Line& out) const {
  out.add("daemon started -- version ").add(version).add(", configuration ").add(configuration);
}

void Listening::line(Line& out) const {
  out.add("listening on ").add(address).add(" for service ").add(service);
}

void ServiceReloaded::line(Line& out) const {
  out.add("reload: ").add(changes, limits::kLogReply);
}

void ReloadFailed::line(Line& out) const {
  out.add("error: reload refused: ").add(detail, limits::kLogReply);
}

void ServiceStopping::line(Line& out) const {
  out.add("stopping: ").add(reason).add("; open sessions: ").number(sessions);
}

void ServiceStopped::line(Line& out) const {
  out.add("stopped");
}

void CertificateLoaded::line(Line& out) const {
  out.add("certificate loaded: ").add(detail, limits::kLogReply);
}

void CertificateProblem::line(Line& out) const {
  out.add("error: certificate: ").add(detail, limits::kLogReply);
}

void SelfSignedMade::line(Line& out) const {
  out.add("warning: self-signed certificate made: ").add(detail, limits::kLogReply);
}

// What `gatepost check` shows bears the word already, behind the place where there is one.
void SpfListNote::line(Line& out) const {
  out.add("warning: ").add(detail);
}

void ConfigNote::line(Line& out) const {
  constexpr std::string_view kWord = "warning: ";
  const std::size_t at = detail.starts_with(kWord) ? 0 : detail.find(": warning: ");
  out.add(kWord);
  if (at == detail.npos) {
    out.add(detail, limits::kLogReply);
    return;
  }
  const std::size_t place = at == 0 ? 0 : at + 2;
  out.add(detail.substr(0, place), limits::kLogReply);
  out.add(detail.substr(place + kWord.size()), limits::kLogReply);
}

void ControlRefused::line(Line& out) const {
  out.add("warning: control request ").peer_text(verb).add(" refused for uid ").number(uid);
}

void PrivilegesDropped::line(Line& out) const {
  out.add("privileges dropped to ").add(owner);
}

void SandboxReady::line(Line& out) const {
  out.add("sandbox: ").add(detail, limits::kLogReply);
}

void TaskFailed::line(Line& out) const {
  out.add("error: task ").add(task).add(" failed: ").add(detail, limits::kLogReply);
}

void AcceptFailed::line(Line& out) const {
  out.add("warning: accept: ").add(detail, limits::kLogReply);
}

void StateProblem::line(Line& out) const {
  out.add("warning: ").add(detail, limits::kLogReply);
}

void MemoryShed::line(Line& out) const {
  out.add("warning: memory ").number(used).add(" of ").number(limit).add(" octets: ").add(action);
}

void LogLinesLost::line(Line& out) const {
  out.add("warning: ").number(lines).add(" log lines could not be written");
}

}  // namespace gatepost::log
