// SPDX-License-Identifier: Apache-2.0
// smtp: the inside of the server machine. Included by server_session.cpp and session_*.cpp only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/envelope.h"
#include "mail/header.h"
#include "smtp/chunk_reader.h"
#include "smtp/line_reader.h"
#include "smtp/replies.h"
#include "smtp/server_session.h"
#include "smtp/tally.h"
#include "smtp/text_reader.h"
#include "smtp/verbs.h"

namespace gatepost::smtp {

/// What is needed only while text is on its way in.
struct IncomingText {
  explicit IncomingText(std::uint32_t header_size_limit) : header(header_size_limit) {}

  TextReader dots;  ///< DATA
  LineEnds ends;    ///< BDAT
  mail::HeaderScanner header;
  std::string opening;  ///< Held until it shows whether the text opens with a header.
  bool opened = false;
  bool refused = false;  ///< Known before the end; the rest is read and dropped.
  std::array<char, 4096> buffer{};
};

/// Everything between MAIL and the answer to the end of the text. There is one way to end a
/// transaction on every path: this object goes.
struct Transaction {
  mail::Envelope envelope;
  mail::Recipient pending;
  std::uint32_t overshoot = 0;  ///< Recipients refused for being too many.
  std::uint64_t text_limit;     ///< Octets; 0: none.
  std::unique_ptr<IncomingText> text;
};

/// The machine. States and what leads from one to the next:
///
///   Greet ── 220 ──► Command ◄────────────────────────────┐
///                      │ MAIL, RCPT, VRFY: Question ──────┤ answer()
///                      │ DATA: Question ─► Text ─► TextEnd ─► Question
///                      │ BDAT: Question ─► Chunk ─► (Command or TextEnd)
///                      │ AUTH: Question ─ 334 ─► Auth ─► Question
///                      │ STARTTLS: Handshake ─ secured() ─┘
///   any ── 221, 421, 521, hang up ──► Closed
class ServerSession::Parts {
 public:
  static constexpr std::size_t kNoteText =
      200;  ///< Octets of peer text in a note; the event cuts further.

  Parts(const SessionSettings& settings, PeerFacts peer);

  // server_session.cpp: the loop, time, and what is said
  std::optional<Step> advance(std::string_view& input, Instant now);
  std::optional<Step> take_step();
  void answer(Ruling ruling);
  Instant deadline() const;
  const Transaction* last_transaction() const {
    return transaction_ ? transaction_.get() : spent_.get();
  }

  // session_commands.cpp
  void secured();

  // session_watch.cpp
  void trust();
  void distrust();
  void limit_text(std::uint64_t octets);
  void dismiss(Reply reply);

  const SessionSettings& settings_;
  PeerFacts peer_;
  bool stopping_ = false;
  bool esmtp_ = false;
  bool authenticated_ = false;
  bool noted_bare_lf_ = false;
  std::string_view where_ = "CONNECT";
  std::string helo_;
  Tally tally_;
  std::uint64_t text_octets_ = 0;

 private:
  enum class State : std::uint8_t {
    Greet,
    Command,
    Question,
    Auth,
    Text,
    Chunk,
    RefusedChunk,
    TextEnd,
    Handshake,
    Closed,
  };
  enum class Question : std::uint8_t { None, Sender, Recipient, Verify, Auth, Data, Bdat, Commit };
  /// What BDAT has done to the transaction (RFC 3030 section 4.2).
  enum class Chunks : std::uint8_t { None, Open, Failed };

  // server_session.cpp
  void greet(std::string_view input);
  std::optional<Step> read_command(std::string_view& input, Instant now);
  std::optional<Step> wait(Instant now);
  void took_text(std::uint64_t octets, Instant now);
  void time_out();
  void say(Reply reply);
  void say(const ReplyRow& row, std::string_view detail = {}) { say(make_reply(row, detail)); }
  void tell(Note::Kind kind, std::string_view text) { tell(kind, where_, text); }
  void tell(Note::Kind kind, std::string_view after, std::string_view text);
  /// tell(), without what may be credentials.
  void tell_input(Note::Kind kind, std::string_view input);
  void ask(Question question, Step step);
  void grant(const ReplyRow& row, std::string_view detail = {});
  void refuse(Reply reply);
  void refuse(const ReplyRow& row, std::string_view detail = {}) {
    refuse(make_reply(row, detail));
  }
  /// The same, and the log is told.
  void refuse_and_tell(Reply reply);
  void end_transaction();
  void close();

  // session_commands.cpp: the line, and the commands without a transaction
  void on_line(const Line& line, std::string_view input);
  void obey_line(const Line& line, const Command& command, std::string_view input);
  bool is_forbidden(const Command& command) const;
  bool talks_ahead(const VerbRow& row, std::string_view input) const;
  void run(const Command& command);
  void helo(const Command& command);
  void starttls(const Command& command);
  void rset(const Command& command);
  void vrfy(const Command& command);
  void help();
  void quit();
  void syntax();
  Reply bare_newline_reply() const;
  bool rejects_bare_newline() const;

  // session_watch.cpp: clients that have not proved themselves
  /// True when something was told, or said: the line goes on in the next round.
  bool watch_line(const Line& line,
                  const Command& command,
                  std::string_view before,
                  std::string_view input);
  bool is_not_smtp(const Line& line, const Command& command) const;
  bool is_unproven() const { return peer_.watch.command_limit > 0; }
  void end_long_line(std::string_view before);
  void end_without_recipients(Reply reply);

  // session_auth.cpp: AUTH
  void auth(const Command& command);
  std::optional<Step> read_auth(std::string_view& input, Instant now);
  void on_response(const Line& line);
  void auth_ruled(Ruling ruling);
  void fail_auth(const ReplyRow& row, std::string_view why);
  void end_auth();

  // session_mail.cpp: MAIL and RCPT
  void mail(const Command& command);
  void rcpt(const Command& command);
  void sender_ruled(Ruling ruling);
  void recipient_ruled(Ruling ruling);
  void too_many_recipients();

  // session_text.cpp: DATA and BDAT
  void data(const Command& command);
  void bdat(const Command& command);
  bool has_no_recipients() const {
    return !transaction_ || transaction_->envelope.recipients.empty();
  }
  void text_ruled(Ruling ruling, bool chunked);
  void commit_ruled(Ruling ruling);
  void open_text();
  void begin_chunk();
  void refuse_chunk(Ruling ruling);
  void refuse_chunk(const ReplyRow& row, std::string_view detail = {}) {
    refuse_chunk(Ruling{make_reply(row, detail)});
  }
  std::optional<Step> read_text(std::string_view& input, Instant now);
  std::optional<Step> read_chunk(std::string_view& input, Instant now);
  std::optional<Step> skip_chunk(std::string_view& input, Instant now);
  std::optional<Step> end_chunk();
  void end_text();
  /// The step for `octets` octets in the buffer; nothing once the text is refused.
  std::optional<Step> take_piece(std::size_t octets);
  std::optional<Step> open_with(std::string_view piece);
  std::optional<Reply> judge_text() const;

  State state_ = State::Greet;
  Question question_ = Question::None;
  Chunks chunks_ = Chunks::None;
  Verb verb_ = Verb::Unknown;
  bool waiting_ = false;    ///< The last step was NeedInput for the request at hand.
  bool got_input_ = false;  ///< Octets were taken since the last NeedInput.
  /// What ends other sessions is left to who watches: it is refused anyway, or still under test.
  bool is_lenient() const { return distrusted_ || peer_.watch.command_limit > 0; }

  bool distrusted_ = false;
  bool told_impatience_ = false;
  bool after_auth_ = false;  ///< The last command anybody knows was AUTH.
  bool in_auth_ = false;     ///< The driver holds an exchange that must be ruled on or dropped.
  bool asked_text_ = false;  ///< The driver holds text that must be committed or discarded.
  std::uint32_t errors_ = 0;
  std::uint32_t junk_ = 0;
  std::uint32_t commands_ = 0;  ///< While watched.
  Instant deadline_{};
  LineReader lines_;
  ChunkReader chunk_;
  std::unique_ptr<Ruling> chunk_refusal_;  ///< Said at the end of the chunk.
  std::unique_ptr<Transaction> transaction_;
  /// A line that something was told about, until that was heard.
  struct HeldLine {
    std::string text;
    Line line;
  };
  std::unique_ptr<HeldLine> held_;
  std::unique_ptr<Transaction> spent_;  ///< Over, kept while its last steps are obeyed.
  std::vector<Step> steps_;             ///< Not yet handed out, from `taken_` on.
  std::size_t taken_ = 0;
};

}  // namespace gatepost::smtp
