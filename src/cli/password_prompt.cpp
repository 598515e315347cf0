// SPDX-License-Identifier: Apache-2.0
// cli: passwords from a person or a script.
#include "cli/password_prompt.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <termios.h>
#include <unistd.h>

#include "auth/stored_secret.h"
#include "base/text.h"

namespace gatepost::cli {

namespace {

constexpr std::size_t kMostLine = auth::kMostPassword + 1;

/// The terminal, letter by letter and silent; as it was when destroyed.
class SilentTerminal {
 public:
  SilentTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios now = before_;
    // Without signals: one of them would end us with the terminal still silent.
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    now.c_iflag |= ICRNL;
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    ready_ = ::tcsetattr(descriptor_, TCSAFLUSH, &now) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (ready_) static_cast<void>(::tcsetattr(descriptor_, TCSAFLUSH, &before_));
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] bool ready() const { return ready_; }
  void say(std::string_view text) const {
    // A terminal that is gone shows in the next read.
    [[maybe_unused]] const ssize_t n = ::write(descriptor_, text.data(), text.size());
  }
  /// False at the end of the input.
  [[nodiscard]] bool read(char& out) const {
    ssize_t n = ::read(descriptor_, &out, 1);
    while (n < 0 && errno == EINTR) n = ::read(descriptor_, &out, 1);
    return n == 1;
  }
  [[nodiscard]] bool is(char c, int control) const {
    return before_.c_cc[control] != _POSIX_VDISABLE &&
           static_cast<unsigned char>(c) == before_.c_cc[control];
  }

 private:
  int descriptor_;
  termios before_{};
  bool ready_ = false;
};

void drop_last_letter(std::string& text) {
  while (!text.empty()) {
    const bool inner = (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U;
    text.pop_back();
    if (!inner) return;
  }
}

}  // namespace

Result<Secret> ask_password(std::string_view prompt) {
  const SilentTerminal terminal;
  if (!terminal.ready()) {
    return Error{
        Cause::Permanent,
        "there is no terminal to ask for a password; --stdin reads it from standard input"};
  }
  terminal.say(prompt);
  std::string text;
  text.reserve(kMostLine);
  for (;;) {
    char c = 0;
    const bool got = terminal.read(c);
    const bool ends = !got || (terminal.is(c, VEOF) && text.empty());
    if (ends || terminal.is(c, VINTR) || terminal.is(c, VQUIT)) {
      terminal.say("\n");
      static_cast<void>(Secret(std::move(text)));
      return Error{Cause::Cancelled, "cancelled"};
    }
    if (c == '\n') break;
    if (terminal.is(c, VERASE) || c == '\b' || c == 0x7f) {
      drop_last_letter(text);
    } else if (terminal.is(c, VKILL)) {
      text.clear();
    } else if (text.size() < kMostLine) {
      text.push_back(c);
    }
  }
  terminal.say("\n");
  return Secret(std::move(text));
}

Result<Secret> read_password_line() {
  std::string text;
  text.reserve(kMostLine);
  bool any = false;
  for (;;) {
    char c = 0;
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read standard input", errno);
    if (n == 0 && !any) return Error{Cause::Permanent, "standard input ended before a password"};
    if (n == 0 || c == '\n') break;
    any = true;
    if (text.size() < kMostLine) text.push_back(c);
  }
  if (text.ends_with('\r')) text.pop_back();
  return Secret(std::move(text));
}

bool confirm(std::string_view question) {
  std::string answer;
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return false;
  [[maybe_unused]] const ssize_t said = ::write(terminal, question.data(), question.size());
  char c = 0;
  while (::read(terminal, &c, 1) == 1 && c != '\n' && answer.size() < 16) answer.push_back(c);
  ::close(terminal);
  return iequals(trim(answer), "y") || iequals(trim(answer), "yes");
}

}  // namespace gatepost::cli
