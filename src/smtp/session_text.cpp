// SPDX-License-Identifier: Apache-2.0
// smtp: the server machine: the text, by DATA or BDAT.
#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "smtp/extensions.h"
#include "smtp/session_parts.h"

namespace gatepost::smtp {

void ServerSession::Parts::data(const Command& command) {
  if (chunks_ != Chunks::None) return refuse(replies::kAfterBdat, "Error: DATA");
  if (has_no_recipients()) {
    const ReplyRow& why = transaction_ ? replies::kNoRecipients : replies::kNeedRcpt;
    return is_unproven() ? end_without_recipients(make_reply(why)) : refuse(why);
  }
  if (!command.arguments.empty()) return syntax();
  ask(Question::Data, step::AskText{});
}

void ServerSession::Parts::bdat(const Command& command) {
  const auto size = parse_chunk_size(command.arguments);
  const ReplyRow& why = transaction_ ? replies::kNoRecipients : replies::kNeedRcpt;
  if (has_no_recipients() && is_unproven()) {
    return end_without_recipients(size ? make_reply(why)
                                       : make_reply(replies::kSyntax, verb_row(verb_).syntax));
  }
  if (!size) {
    // Nobody knows how many octets follow that are not commands.
    syntax();
    return close();
  }
  chunk_.begin(*size);
  if (size->octets == 0 && !size->last && ++junk_ > settings_.junk_command_limit) ++errors_;
  if (!is_offered(Extension::Chunking, settings_, peer_)) {
    return refuse_chunk(replies::kNotImplemented);
  }
  if (settings_.tls_required && !peer_.secured) {
    return refuse_chunk(replies::kTlsFirst);
  }
  if (chunks_ == Chunks::Failed) {
    const std::string what = "Discarded " + format_number(size->octets) + " bytes";
    return refuse_chunk(replies::kDiscarded, what);
  }
  if (has_no_recipients()) return refuse_chunk(why);
  if (chunks_ == Chunks::None) return ask(Question::Bdat, step::AskText{});
  begin_chunk();
}

void ServerSession::Parts::text_ruled(Ruling ruling, bool chunked) {
  if (!ruling.accepts()) {
    if (!chunked) {
      end_transaction();
      return refuse(std::move(ruling.reply));
    }
    return refuse_chunk(std::move(ruling));
  }
  open_text();
  if (chunked) return begin_chunk();
  state_ = State::Text;
  say(replies::kSendText);
}

void ServerSession::Parts::limit_text(std::uint64_t octets) {
  if (!transaction_) return;
  std::uint64_t& limit = transaction_->text_limit;
  limit = limit == 0 ? octets : std::min(limit, octets);
}

void ServerSession::Parts::open_text() {
  transaction_->text = std::make_unique<IncomingText>(settings_.header_size_limit);
  text_octets_ = 0;
  asked_text_ = true;
}

void ServerSession::Parts::begin_chunk() {
  const std::uint64_t limit = transaction_->text_limit;
  chunks_ = Chunks::Open;
  state_ = State::Chunk;
  // Written so that no sum can overflow: text_octets_ never exceeds a limit without refusal.
  if (limit > 0 && chunk_.size().octets > limit - text_octets_) {
    tell(Note::Kind::Refused, format_reply(make_reply(replies::kChunkTooLarge)));
    refuse_chunk(replies::kChunkTooLarge);
  }
}

// The octets are taken whatever we think of them: left in the stream they would be commands.
void ServerSession::Parts::refuse_chunk(Ruling ruling) {
  end_transaction();
  chunk_refusal_ = std::make_unique<Ruling>(std::move(ruling));
  state_ = State::RefusedChunk;
}

std::optional<Step> ServerSession::Parts::skip_chunk(std::string_view& input, Instant now) {
  const std::uint64_t before = chunk_.left();
  if (!chunk_.skip(input)) {
    took_text(before - chunk_.left(), now);
    return wait(now);
  }
  waiting_ = false;
  state_ = State::Command;
  // RFC 3030 section 4.2: after a failed chunk all others fail, until LAST or RSET.
  const std::unique_ptr<Ruling> refusal = std::move(chunk_refusal_);
  const Chunks after = chunk_.size().last ? Chunks::None : Chunks::Failed;
  refuse(std::move(refusal->reply));
  chunks_ = after;
  if (refusal->hang_up) close();
  return std::nullopt;
}

std::optional<Step> ServerSession::Parts::read_text(std::string_view& input, Instant now) {
  IncomingText& text = *transaction_->text;
  const std::size_t before = input.size();
  const TextPiece piece = text.dots.read(input, text.buffer);
  took_text(before - input.size(), now);
  if (piece.ended) state_ = State::TextEnd;
  if (auto step = take_piece(piece.octets)) return step;
  if (piece.ended || !input.empty()) return std::nullopt;
  return wait(now);
}

std::optional<Step> ServerSession::Parts::read_chunk(std::string_view& input, Instant now) {
  IncomingText& text = *transaction_->text;
  const std::size_t before = input.size();
  const TextPiece piece = chunk_.read(input, text.buffer, text.ends);
  took_text(before - input.size(), now);
  if (auto step = take_piece(piece.octets)) return step;
  if (piece.ended) return end_chunk();
  if (!input.empty()) return std::nullopt;
  return wait(now);
}

std::optional<Step> ServerSession::Parts::end_chunk() {
  IncomingText& text = *transaction_->text;
  waiting_ = false;
  if (chunk_.size().last) {
    state_ = State::TextEnd;
    return take_piece(text.ends.finish(text.buffer));
  }
  state_ = State::Command;
  if (auto refusal = judge_text()) {
    tell(Note::Kind::Refused, format_reply(*refusal));
    end_transaction();
    chunks_ = Chunks::Failed;
    refuse(*std::move(refusal));
    return std::nullopt;
  }
  tally_.granted(verb_);
  Reply reply = make_reply(replies::kOk);
  reply.text += ": " + format_number(chunk_.size().octets) + " bytes";
  say(std::move(reply));
  return std::nullopt;
}

std::optional<Step> ServerSession::Parts::take_piece(std::size_t octets) {
  IncomingText& text = *transaction_->text;
  const std::string_view piece(text.buffer.data(), octets);
  text_octets_ += octets;
  // The facts are gathered to the end even when the first of them is enough to refuse, so that
  // the reply is the same however the network cuts the text.
  text.header.feed(piece);
  if (text.refused) return std::nullopt;
  text.refused = judge_text().has_value();
  if (text.refused) {
    // The rest is read to its true end and nothing of it is kept, so that no part of a
    // refused message can be taken for a command.
    asked_text_ = false;
    return step::Discard{};
  }
  if (octets == 0) return std::nullopt;
  return text.opened ? step::Body{piece} : open_with(piece);
}

// Fields are put before the text when it is stored. A text that opens with anything but a
// field would run into them, and a first line that is indented would continue the last of
// them; so the empty line it lacks is put before it.
std::optional<Step> ServerSession::Parts::open_with(std::string_view piece) {
  using Opening = mail::HeaderScanner::Opening;
  IncomingText& text = *transaction_->text;
  text.opening += piece;
  const Opening opening = text.header.opening();
  if (opening == Opening::Unknown) return std::nullopt;
  text.opened = true;
  if (opening == Opening::Body) text.opening.insert(text.opening.begin(), '\n');
  return step::Body{text.opening};
}

std::optional<Reply> ServerSession::Parts::judge_text() const {
  const IncomingText& text = *transaction_->text;
  const std::uint64_t limit = transaction_->text_limit;
  const bool bare_lf = text.dots.bare_lf() || text.ends.bare_lf();
  if (bare_lf && rejects_bare_newline()) return bare_newline_reply();
  if (limit > 0 && text_octets_ > limit) return make_reply(replies::kTooLarge);
  if (text.header.too_large()) return make_reply(replies::kHeaderTooLarge);
  if (text.header.received() > settings_.hopcount_limit) return make_reply(replies::kTooManyHops);
  return std::nullopt;
}

void ServerSession::Parts::end_text() {
  IncomingText& text = *transaction_->text;
  waiting_ = false;
  where_ = "END-OF-MESSAGE";
  state_ = State::Command;
  text.header.finish();
  if (settings_.bare_newline == BareNewline::Note) {
    noted_bare_lf_ = noted_bare_lf_ || text.dots.bare_lf() || text.ends.bare_lf();
  }
  if (auto refusal = judge_text()) {
    tell(Note::Kind::Refused, format_reply(*refusal));
    end_transaction();
    return refuse(*std::move(refusal));
  }
  ask(Question::Commit, step::AskCommit{});
}

void ServerSession::Parts::commit_ruled(Ruling ruling) {
  // The text is the driver's from here, whichever way it ruled.
  asked_text_ = false;
  end_transaction();
  if (!ruling.accepts()) return refuse(std::move(ruling.reply));
  tally_.granted(verb_);
  errors_ = 0;
  junk_ = 0;
  say(std::move(ruling.reply));
}

}  // namespace gatepost::smtp
