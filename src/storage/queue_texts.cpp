// SPDX-License-Identifier: Apache-2.0
// storage: queue texts made, found, read at their end.
#include "storage/queue_texts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "queue/record.h"

namespace gatepost::storage {
namespace {

Error damaged(const std::string& id) {
  return Error{Cause::Permanent, "queue text " + id + " is not whole", EUCLEAN};
}

}  // namespace

Result<void> QueueTexts::open(const std::string& path) {
  GP_CHECK(make_folders(files_, path));
  GP_TRY(const int number, files_.open_folder(kNoFolder, path));
  folder_.folder = Descriptor(files_, number);
  return {};
}

Result<Descriptor> QueueTexts::create(const std::string& id) {
  GP_TRY(const int number, files_.create(folder_.folder.get(), id));
  return Descriptor(files_, number);
}

Result<void> QueueTexts::remove(const std::string& id) {
  return files_.unlink(folder_.folder.get(), id);
}

Result<std::vector<std::string>> QueueTexts::ids() {
  GP_TRY(auto names, files_.list(folder_.folder.get(), std::numeric_limits<std::size_t>::max()));
  std::erase_if(names, [](const std::string& name) { return !queue::is_item_id(name); });
  return names;
}

Result<queue::Footer> QueueTexts::read_footer(const std::string& id, const Descriptor& file) {
  GP_TRY(const auto facts, files_.facts(file.get()));
  if (facts.is_folder || facts.octets < queue::kFooterOctets) return damaged(id);
  std::array<char, queue::kFooterOctets> end{};
  GP_TRY(const auto got, files_.read(file.get(), facts.octets - end.size(), end));
  const auto footer = queue::parse_footer(std::string_view(end.data(), got), facts.octets);
  if (!footer) return damaged(id);
  return *footer;
}

Result<std::string> QueueTexts::read(const std::string& id,
                                     std::uint64_t offset,
                                     std::size_t most) {
  GP_TRY(const int number, files_.open(folder_.folder.get(), id));
  const Descriptor file(files_, number);
  GP_TRY(const auto footer, read_footer(id, file));
  if (offset >= footer.text_octets) return std::string();
  const auto want = std::min<std::uint64_t>(most, footer.text_octets - offset);
  std::string piece(static_cast<std::size_t>(want), '\0');
  GP_TRY(const auto got, files_.read(file.get(), offset, piece));
  if (got != piece.size()) return damaged(id);
  return piece;
}

Result<queue::Item> QueueTexts::read_item(const std::string& id) {
  GP_TRY(const int number, files_.open(folder_.folder.get(), id));
  const Descriptor file(files_, number);
  GP_TRY(const auto footer, read_footer(id, file));
  std::string record(footer.record_octets, '\0');
  GP_TRY(const auto length, files_.read(file.get(), footer.text_octets, record));
  if (length != record.size()) return damaged(id);
  auto item = queue::parse_trailer(footer, record);
  if (!item || item->id != id) return damaged(id);
  return std::move(*item);
}

Result<void> QueueTexts::set_aside(const std::string& id) {
  return files_.rename(folder_.folder.get(), id, folder_.folder.get(), id + ".damaged");
}

}  // namespace gatepost::storage
