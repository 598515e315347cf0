// SPDX-License-Identifier: Apache-2.0
// control: building JSON with yyjson.
#include "control/json.h"

#include <cstdlib>

#include <yyjson.h>

#include "base/result.h"
#include "base/text.h"

namespace gatepost::control {

namespace {

/// yyjson answers a failed allocation by null; here that is what it is everywhere else.
template <class T>
T* needed(T* made) {
  GP_ASSERT(made != nullptr);
  return made;
}

}  // namespace

void JsonDocument::Free::operator()(yyjson_mut_doc* document) const {
  yyjson_mut_doc_free(document);
}

JsonDocument::JsonDocument() : document_(needed(yyjson_mut_doc_new(nullptr))) {}

JsonDocument::Value JsonDocument::object() {
  return needed(yyjson_mut_obj(document_.get()));
}

JsonDocument::Value JsonDocument::array() {
  return needed(yyjson_mut_arr(document_.get()));
}

JsonDocument::Value JsonDocument::text_value(std::string_view text) {
  if (is_utf8(text)) return needed(yyjson_mut_strncpy(document_.get(), text.data(), text.size()));
  const std::string safe = printable(text, text.size());
  return needed(yyjson_mut_strncpy(document_.get(), safe.data(), safe.size()));
}

void JsonDocument::add(Value object, std::string_view key, Value child) {
  GP_ASSERT(yyjson_mut_obj_add(object, text_value(key), child));
}

void JsonDocument::put(Value object, std::string_view key, std::string_view text) {
  add(object, key, text_value(text));
}

void JsonDocument::put(Value object, std::string_view key, std::uint64_t number) {
  add(object, key, needed(yyjson_mut_uint(document_.get(), number)));
}

void JsonDocument::put(Value object, std::string_view key, std::int64_t number) {
  add(object, key, needed(yyjson_mut_sint(document_.get(), number)));
}

void JsonDocument::put(Value object, std::string_view key, bool truth) {
  add(object, key, needed(yyjson_mut_bool(document_.get(), truth)));
}

void JsonDocument::put(Value object, std::string_view key, Value child) {
  add(object, key, child);
}

void JsonDocument::put_number(Value object, std::string_view key, std::string_view number) {
  add(object, key, needed(yyjson_mut_rawncpy(document_.get(), number.data(), number.size())));
}

void JsonDocument::append(Value array, Value child) {
  GP_ASSERT(yyjson_mut_arr_append(array, child));
}

void JsonDocument::append(Value array, std::string_view text) {
  append(array, text_value(text));
}

std::string JsonDocument::write(Value root) const {
  std::size_t length = 0;
  const std::unique_ptr<char, decltype(&std::free)> octets(
      yyjson_mut_val_write(root, YYJSON_WRITE_NOFLAG, &length), &std::free);
  GP_ASSERT(octets != nullptr);
  std::string out(octets.get(), length);
  out.push_back('\n');
  return out;
}

}  // namespace gatepost::control
