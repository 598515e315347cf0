// SPDX-License-Identifier: Apache-2.0
// storage: one message being made durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/files.h"
#include "storage/mail_store.h"
#include "storage/maildirs.h"
#include "storage/shelf.h"

namespace gatepost::storage {

/// The files of one message, from the first octet to the promise.
///
/// Its functions block; one thread at a time. Whatever is neither promised nor undone when
/// the draft dies is undone then.
class Draft {
 public:
  /// On the loop's thread. `shelf` outlives the draft.
  Draft(Shelf& shelf, IntakeRequest request);
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { undo(); }

  /// Text not yet written; appended to by the owner between calls.
  std::string buffer;

  /// Writes the buffer to the files of the message and empties it.
  Result<void> spill();
  /// Makes the message durable, then visible. After an error nothing of it is left, as far as
  /// the disk still obeys.
  Result<Stored> promise();
  /// True when there is anything to undo.
  [[nodiscard]] bool has_files() const { return begun_; }

 private:
  enum class Place : std::uint8_t { Nowhere, Tmp, New };

  /// The message in one Maildir.
  struct Copy {
    Maildirs::Lease lease;
    std::string path;  ///< Of the Maildir or folder, once it was chosen.
    std::string name;  ///< Of the file, as far as it is the same in tmp/ and new/.
    std::string info;  ///< `,S=...,W=...` in new/.
    std::uint64_t octets = 0;
    std::size_t which = 0;  ///< Its place in the request as it was given.
    Place place = Place::Nowhere;
  };

  struct Tally {
    std::uint64_t octets = 0;
    std::uint64_t lines = 0;
    void add(std::string_view text);
  };

  Result<void> store();
  Result<void> check_request() const;
  Result<void> find_places();
  Result<void> try_place(std::size_t n);
  Result<void> write_first(bool last);
  Result<void> write_queued(bool last);
  Result<void> write_others();
  Result<void> link_copy(std::size_t n);
  Result<void> write_copy(std::size_t n);
  Result<void> copy_body(int to);
  Result<void> insert_row();
  Result<void> show();
  Result<Descriptor> create_copy(Copy& copy);
  void count_copies(Stored& stored);
  void undo();

  Result<void> hold(std::size_t n);
  void let_go(std::size_t n);
  std::string make_name();
  [[nodiscard]] std::string header(const LocalCopy* to) const;
  [[nodiscard]] bool is_shared() const;

  Shelf& shelf_;
  IntakeRequest request_;  ///< Its local copies: those of copies_.
  const std::shared_ptr<const std::string> hostname_;
  std::vector<Copy> copies_;
  std::vector<PutOff> put_off_;
  Descriptor first_;  ///< The file of copies_[0].
  std::uint64_t first_header_ = 0;
  Descriptor queued_;
  queue::Item item_;
  Tally body_;                 ///< Of what was appended, written or not.
  std::uint64_t written_ = 0;  ///< Octets of the body in the files.
  std::uint32_t stores_ = 0;
  std::uint64_t octets_ = 0;
  bool begun_ = false;
  bool placed_ = false;
  bool has_text_ = false;  ///< The queue's file is there.
  bool has_row_ = false;
};

}  // namespace gatepost::storage
