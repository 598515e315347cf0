// SPDX-License-Identifier: Apache-2.0
// storage: throw-away addresses, kept over restarts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mail/throwaway.h"
#include "storage/clerk.h"
#include "storage/database.h"
#include "storage/files.h"

namespace gatepost::storage {

/// aliases.db in the queue's directory, which must not be lost: people have given these addresses
/// away. change() is quick; the others block.
class AliasStore {
 public:
  /// A damaged file is set aside as aliases.db.damaged-N, which is told, and a new one made.
  static Result<std::unique_ptr<AliasStore>> open(Files& files,
                                                  const std::string& folder,
                                                  std::vector<std::string>& problems);

  /// Some aliases.db.damaged-N lies beside it, from now or from before: what was in it is missed
  /// until somebody has looked at it and taken it away.
  [[nodiscard]] bool is_incomplete() const { return incomplete_; }

  /// Rows that cannot be read are left out.
  Result<std::vector<mail::Throwaway>> load();

  /// Notes what flush() shall write: the row as it is now, or that there is none of that address.
  /// Of several for one address the last one counts.
  void put(const mail::Throwaway& alias);
  void erase(const std::string& address);
  /// Everything noted before is on the disk when it returns without error. After an error it is
  /// still noted.
  Result<void> flush();

 private:
  struct Change {
    mail::Throwaway alias;
    bool erase = false;
  };
  using Changes = std::map<std::string, Change>;  // By address.
  AliasStore(Database database, bool incomplete)
      : database_(std::move(database)), incomplete_(incomplete) {}
  static Result<void> write(Database& database, const Changes& changes);

  // Bounded by the addresses there are, however long the disk fails.
  Guarded<Changes> noted_;
  Guarded<Database> database_;  // Held over a commit: changes come in the order they were noted.
  bool incomplete_;
};

}  // namespace gatepost::storage
