// SPDX-License-Identifier: Apache-2.0
// storage: throw-away addresses, kept over restarts.
#pragma once

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
  explicit AliasStore(Database database) : database_(std::move(database)) {}
  static Result<void> write(Database& database, const std::vector<Change>& changes);

  Guarded<std::vector<Change>> noted_;
  Guarded<Database> database_;  // Held over a commit: changes come in the order they were noted.
};

}  // namespace gatepost::storage
