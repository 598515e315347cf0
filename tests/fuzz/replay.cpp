// SPDX-License-Identifier: Apache-2.0
// tests: runs a fuzz target over every file of its kept corpus, for the compilers that have no libFuzzer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  std::size_t played = 0;
  for (int i = 1; i < argc; ++i) {
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i], failed)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++played;
    }
  }
  std::fprintf(stderr, "%zu inputs replayed\n", played);
  // A corpus that is not there proves nothing.
  return played > 0 ? 0 : 1;
}
