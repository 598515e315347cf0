// SPDX-License-Identifier: Apache-2.0
// control: building JSON with yyjson.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct yyjson_mut_doc;
struct yyjson_mut_val;

namespace gatepost::control {

/// A document under construction. Values belong to it and are valid as long as it is. Text is
/// copied; what is not UTF-8 is made printable ASCII first.
class JsonDocument {
 public:
  using Value = yyjson_mut_val*;

  JsonDocument();

  [[nodiscard]] Value object();
  [[nodiscard]] Value array();
  void put(Value object, std::string_view key, std::string_view text);
  void put(Value object, std::string_view key, const char* text) {
    put(object, key, std::string_view(text));
  }
  void put(Value object, std::string_view key, std::uint64_t number);
  void put(Value object, std::string_view key, std::int64_t number);
  void put(Value object, std::string_view key, bool truth);
  void put(Value object, std::string_view key, Value child);
  /// `number` is a JSON number already.
  void put_number(Value object, std::string_view key, std::string_view number);
  void append(Value array, Value child);
  void append(Value array, std::string_view text);

  /// On one line, ending in LF.
  [[nodiscard]] std::string write(Value root) const;

 private:
  [[nodiscard]] Value text_value(std::string_view text);
  void add(Value object, std::string_view key, Value child);

  struct Free {
    void operator()(yyjson_mut_doc* document) const;
  };
  std::unique_ptr<yyjson_mut_doc, Free> document_;
};

}  // namespace gatepost::control
