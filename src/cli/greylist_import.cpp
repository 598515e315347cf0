// SPDX-License-Identifier: Apache-2.0
// cli: takes postgrey's databases over, from what db_dump -p of Berkeley DB prints.
#include "cli/greylist_import.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/console.h"
#include "cli/options.h"
#include "control/json.h"
#include "control/protocol.h"

namespace gatepost::cli {
namespace {

/// Of one row, so that a request holds several.
constexpr std::size_t kMostLine = 1024;
constexpr std::size_t kMostTold = 20;

/// Lines of a descriptor; one that is too long is cut.
class Lines {
 public:
  explicit Lines(int descriptor) : descriptor_(descriptor) {}

  /// False at the end, and when it cannot be read: error() then.
  bool next(std::string& line) {
    line.clear();
    for (;;) {
      if (at_ == have_ && !fill()) return !line.empty();
      const char c = buffer_[at_++];
      if (c == '\n') return true;
      if (line.size() <= kMostLine) line += c;
    }
  }
  [[nodiscard]] int error() const { return error_; }

 private:
  bool fill() {
    ssize_t got = ::read(descriptor_, buffer_.data(), buffer_.size());
    while (got < 0 && errno == EINTR) got = ::read(descriptor_, buffer_.data(), buffer_.size());
    if (got < 0) error_ = errno;
    at_ = 0;
    have_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
  }

  int descriptor_;
  int error_ = 0;
  std::array<char, 16384> buffer_{};
  std::size_t at_ = 0;
  std::size_t have_ = 0;
};

class Importer {
 public:
  explicit Importer(const std::string& socket) : socket_(socket) {}

  /// The exit status.
  int run(Lines& lines, bool json) {
    std::string line;
    for (std::uint64_t number = 1; lines.next(line); ++number) {
      if (!take(line, number)) return status_;
    }
    if (lines.error() != 0)
      return fail(exits::kInputOutput, system_error("reading", lines.error()).detail);
    if (!flush()) return status_;
    if (!seen_) return fail(exits::kDataError, "that is not what db_dump -p prints");
    return tell(json);
  }

 private:
  bool take(const std::string& line, std::uint64_t number) {
    if (line == "format=bytevalue") {
      status_ = fail(exits::kDataError, "this is db_dump without -p");
      return false;
    }
    if (line == "HEADER=END") {
      in_data_ = seen_ = true;
      has_key_ = false;
    } else if (line == "DATA=END") {
      in_data_ = false;
    } else if (in_data_ && !has_key_) {
      key_ = line;
      has_key_ = true;
    } else if (in_data_) {
      has_key_ = false;
      return add(line, number);
    }
    return true;
  }

  /// As one word of a request, which has no blanks.
  static std::string word_of(std::string_view line) {
    std::string out;
    if (line.starts_with(' ')) line.remove_prefix(1);
    for (const char c : line) {
      const bool odd = is_space(c) || static_cast<unsigned char>(c) < 0x21 || c == 0x7f;
      if (odd) {
        append_format(out, "\\{:02x}", static_cast<unsigned char>(c));
      } else {
        out += c;
      }
    }
    return out.empty() ? std::string("-") : out;
  }

  bool add(const std::string& value, std::uint64_t number) {
    std::string key = word_of(key_);
    std::string its = word_of(value);
    if (key.size() + its.size() > kMostLine) {
      complain(number - 1, "too long");
      return true;
    }
    octets_ += key.size() + its.size() + 2;
    if (octets_ + 64 > limits::kControlLine) {
      if (!flush()) return false;
      octets_ = key.size() + its.size() + 2;
    }
    request_.words.push_back(std::move(key));
    request_.words.push_back(std::move(its));
    numbers_.push_back(number - 1);
    return true;
  }

  bool flush() {
    if (numbers_.empty()) return true;
    const Asked asked = ask(socket_, request_);
    if (asked.reached != Reached::Answered) {
      status_ = fail(exits::kTemporary, asked.text);
      return false;
    }
    const control::Answer answer = control::read_answer(asked.text);
    if (answer.code != 0) {
      status_ = fail(answer.code, answer.text);
      return false;
    }
    std::string_view text = answer.text;
    std::string_view counts = take_line(text);
    for (std::uint64_t* sum : {&triplets_, &clients_, &left_}) {
      *sum += parse_number(take_word(counts, " ")).value_or(0);
    }
    while (!text.empty()) {
      std::string_view problem = take_line(text);
      const auto index = parse_number(problem.substr(0, problem.find(':')));
      const std::size_t at = problem.find(": ");
      if (!index || *index >= numbers_.size() || at == problem.npos) continue;
      complain(numbers_[*index], problem.substr(at + 2));
    }
    request_.words.clear();
    numbers_.clear();
    octets_ = 0;
    return true;
  }

  static std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view out = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return out;
  }

  void complain(std::uint64_t number, std::string_view problem) {
    if (++faults_ > kMostTold) return;
    cli::complain(format("line {}: {}", number, printable(problem, limits::kLogText)));
  }

  [[nodiscard]] int tell(bool json) const {
    const int status = faults_ > 0 ? exits::kDataError : exits::kOk;
    std::string out;
    if (json) {
      control::JsonDocument document;
      const auto root = document.object();
      document.put(root, "triplets", triplets_);
      document.put(root, "clients", clients_);
      document.put(root, "left_out", left_);
      document.put(root, "faults", faults_);
      out = document.write(root);
    } else {
      out = format(
          "{} triplets and {} clients taken over, {} left out as known or too old, {} lines not "
          "understood\n",
          triplets_, clients_, left_, faults_);
    }
    const int printed = print(out);
    return printed == exits::kOk ? status : printed;
  }

  const std::string& socket_;
  control::Request request_{.verb = control::Verb::GreylistImport};
  std::vector<std::uint64_t> numbers_;  // Of the lines with the keys of the request.
  std::size_t octets_ = 0;
  std::string key_;
  bool in_data_ = false;
  bool has_key_ = false;
  bool seen_ = false;
  std::uint64_t triplets_ = 0;
  std::uint64_t clients_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t faults_ = 0;
  int status_ = exits::kOk;
};

}  // namespace

int import_greylist(const std::string& socket, const std::string& file, bool json) {
  const bool standard = file.empty() || file == "-";
  const int descriptor = standard ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(exits::kInputOutput, system_error("open " + file, errno).detail);
  Lines lines(descriptor);
  const int status = Importer(socket).run(lines, json);
  if (!standard) ::close(descriptor);
  return status;
}

}  // namespace gatepost::cli
