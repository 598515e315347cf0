// SPDX-License-Identifier: Apache-2.0
// tests: disks that fail and disks that forget.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include "storage/files.h"

namespace gatepost::storage::test {

enum class Call {
  OpenFolder,
  MakeFolder,
  Create,
  Open,
  OpenAppend,
  SetMode,
  Replace,
  Write,
  Read,
  Sync,
  SyncFolder,
  Rename,
  Link,
  Unlink,
  Facts,
  List,
  Space,
};

/// True for calls that can run out of space.
inline bool needs_space(Call call) {
  return call == Call::MakeFolder || call == Call::Create || call == Call::Write ||
         call == Call::Sync || call == Call::SyncFolder || call == Call::Rename ||
         call == Call::Link;
}

/// The system's files, with a say before each call.
class WatchedFiles : public Files {
 public:
  Result<int> open_folder(int folder, const std::string& name) override {
    GP_CHECK(before(Call::OpenFolder));
    return real_->open_folder(folder, name);
  }
  Result<void> make_folder(int folder, const std::string& name) override {
    GP_CHECK(before(Call::MakeFolder));
    return real_->make_folder(folder, name);
  }
  Result<int> create(int folder, const std::string& name) override {
    GP_CHECK(before(Call::Create));
    return real_->create(folder, name);
  }
  Result<int> open(int folder, const std::string& name) override {
    GP_CHECK(before(Call::Open));
    return real_->open(folder, name);
  }
  Result<int> open_append(int folder, const std::string& name) override {
    GP_CHECK(before(Call::OpenAppend));
    return real_->open_append(folder, name);
  }
  Result<void> set_mode(int descriptor, unsigned mode) override {
    GP_CHECK(before(Call::SetMode));
    return real_->set_mode(descriptor, mode);
  }
  Result<void> replace(int from,
                       const std::string& name,
                       int to,
                       const std::string& to_name) override {
    GP_CHECK(before(Call::Replace));
    return real_->replace(from, name, to, to_name);
  }
  Result<void> write(int file, std::span<const std::string_view> parts) override {
    auto allowed = before(Call::Write);
    if (!allowed) {
      // A full disk takes what still fits.
      const std::string_view first = parts.empty() ? std::string_view() : parts.front();
      const std::string_view half[] = {first.substr(0, first.size() / 2)};
      if (!is_dead()) static_cast<void>(real_->write(file, half));
      return allowed;
    }
    return real_->write(file, parts);
  }
  Result<std::size_t> read(int file, std::uint64_t offset, std::span<char> into) override {
    GP_CHECK(before(Call::Read));
    return real_->read(file, offset, into);
  }
  Result<void> sync(int file) override {
    GP_CHECK(before(Call::Sync));
    return real_->sync(file);
  }
  Result<void> sync_folder(int folder) override {
    GP_CHECK(before(Call::SyncFolder));
    return real_->sync_folder(folder);
  }
  Result<void> rename(int from,
                      const std::string& name,
                      int to,
                      const std::string& to_name) override {
    GP_CHECK(before(Call::Rename));
    return real_->rename(from, name, to, to_name);
  }
  Result<void> link(int from,
                    const std::string& name,
                    int to,
                    const std::string& to_name) override {
    GP_CHECK(before(Call::Link));
    return real_->link(from, name, to, to_name);
  }
  Result<void> unlink(int folder, const std::string& name) override {
    GP_CHECK(before(Call::Unlink));
    return real_->unlink(folder, name);
  }
  Result<FileFacts> facts(int folder, const std::string& name) override {
    GP_CHECK(before(Call::Facts));
    return real_->facts(folder, name);
  }
  Result<FileFacts> facts(int file) override {
    GP_CHECK(before(Call::Facts));
    return real_->facts(file);
  }
  Result<void> may_change(int folder) override {
    GP_CHECK(before(Call::Facts));
    return real_->may_change(folder);
  }
  Result<std::vector<std::string>> list(int folder, std::size_t most) override {
    GP_CHECK(before(Call::List));
    return real_->list(folder, most);
  }
  Result<FreeSpace> space(const std::string& path) override {
    GP_CHECK(before(Call::Space));
    return real_->space(path);
  }
  void close(int descriptor) override { real_->close(descriptor); }

 protected:
  virtual Result<void> before(Call call) = 0;
  [[nodiscard]] virtual bool is_dead() const { return false; }
  std::unique_ptr<Files> real_ = make_system_files();
};

/// Counts calls and fails those it is told to.
class FaultyFiles : public WatchedFiles {
 public:
  /// The `n`-th call from now (1: the next) fails; when `stays`, so does every later one that
  /// needs space.
  void fail(std::uint64_t n, int number, bool stays = false) {
    count_ = 0;
    nth_ = n;
    number_ = number;
    stays_ = stays;
    failed_ = 0;
  }
  /// Calls of this kind fail until heal().
  void fail_all(Call call, int number) { kinds_[call] = number; }
  void heal() {
    nth_ = 0;
    kinds_.clear();
  }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  [[nodiscard]] std::uint64_t count(Call call) const {
    const auto found = counts_.find(call);
    return found == counts_.end() ? 0 : found->second;
  }
  void forget_counts() { counts_.clear(); }

 protected:
  Result<void> before(Call call) override {
    ++counts_[call];
    ++count_;
    if (const auto kind = kinds_.find(call); kind != kinds_.end()) {
      ++failed_;
      return system_error("made to fail", kind->second);
    }
    const bool hit = count_ == nth_ || (stays_ && nth_ != 0 && count_ > nth_ && needs_space(call));
    if (!hit) return {};
    ++failed_;
    return system_error("made to fail", number_);
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t nth_ = 0;
  std::uint64_t failed_ = 0;
  int number_ = 0;
  bool stays_ = false;
  std::map<Call, int> kinds_;
  std::map<Call, std::uint64_t> counts_;
};

/// A disk that forgets: of all below `root`, a power cut keeps only what was synced. Content
/// counts as kept once its file was synced, a name once its folder was. What was not synced
/// may be lost or not, as a disk pleases; `luck` decides.
///
/// Names that begin with "queue.db" are the database's own business: they are kept as they
/// were when the power failed. One thread.
class ForgetfulFiles : public WatchedFiles {
 public:
  explicit ForgetfulFiles(std::string root) : root_(std::move(root)) { see(root_); }

  enum class Luck { None, All, Random };

  /// The power fails instead of the `n`-th call from now: nothing reaches the disk any more.
  void die_at(std::uint64_t n) {
    count_ = 0;
    nth_ = n;
  }
  [[nodiscard]] bool is_dead() const override { return dead_; }

  /// Puts in place of `root` what a disk might show after the power is back.
  void cut(Luck luck, unsigned seed = 0) {
    die();
    luck_ = luck;
    random_.seed(seed);
    const std::string after = root_ + ".after";
    std::filesystem::create_directory(after);
    emit(root_, after);
    std::filesystem::remove_all(root_);
    std::filesystem::rename(after, root_);
  }

  Result<int> create(int folder, const std::string& name) override {
    GP_TRY(const int file, WatchedFiles::create(folder, name));
    // The inode may have been another's before.
    contents_.erase(inode(file));
    folders_.erase(inode(file));
    return file;
  }
  Result<void> make_folder(int folder, const std::string& name) override {
    GP_CHECK(WatchedFiles::make_folder(folder, name));
    // Empty, and so are the names it is known to hold.
    folders_[inode_at(folder, name)] = {};
    return {};
  }
  Result<void> sync(int file) override {
    GP_CHECK(WatchedFiles::sync(file));
    contents_[inode(file)] = read_all(file);
    return {};
  }
  Result<void> sync_folder(int folder) override {
    GP_CHECK(WatchedFiles::sync_folder(folder));
    auto& names = folders_[inode(folder)];
    names.clear();
    const auto listed = real_->list(folder, 1000000);
    for (const std::string& name : *listed) {
      if (!is_raw(name)) names[name] = inode_at(folder, name);
    }
    return {};
  }

 protected:
  Result<void> before(Call) override {
    if (++count_ == nth_) die();
    if (dead_) return system_error("the power is off", EIO);
    return {};
  }

 private:
  using Inode = std::uint64_t;
  using Names = std::map<std::string, Inode>;

  static bool is_raw(const std::string& name) { return name.starts_with("queue.db"); }

  static std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  static void spit(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  Inode inode(int file) { return real_->facts(file)->inode; }
  Inode inode_at(int folder, const std::string& name) { return real_->facts(folder, name)->inode; }
  static Inode inode_of(const std::string& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 ? found.st_ino : 0;
  }
  std::string read_all(int file) {
    std::string text(real_->facts(file)->octets, '\0');
    static_cast<void>(real_->read(file, 0, text));
    return text;
  }

  /// What is there at the beginning is on the disk.
  void see(const std::string& folder) {
    Names& names = folders_[inode_of(folder)];
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (is_raw(name)) continue;
      names[name] = inode_of(entry.path().string());
      if (entry.is_directory()) {
        see(entry.path().string());
      } else {
        contents_[names[name]] = slurp(entry.path().string());
      }
    }
  }

  void die() {
    if (dead_) return;
    dead_ = true;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      const std::string path = entry.path().string();
      const std::string name = entry.path().filename().string();
      const Inode its = inode_of(path);
      if (is_raw(name)) {
        raw_[path] = slurp(path);
      } else if (entry.is_directory()) {
        last_folders_.insert(its);
      } else {
        last_contents_[its] = slurp(path);
      }
      if (!is_raw(name)) last_names_[inode_of(entry.path().parent_path().string())][name] = its;
    }
  }

  bool lucky() {
    if (luck_ == Luck::Random) return std::uniform_int_distribution<int>(0, 1)(random_) == 1;
    return luck_ == Luck::All;
  }

  std::string content(Inode file) {
    const auto kept = contents_.find(file);
    if (kept != contents_.end()) return kept->second;
    const auto last = last_contents_.find(file);
    std::string text = last == last_contents_.end() ? std::string() : last->second;
    if (luck_ != Luck::Random) return {};
    switch (std::uniform_int_distribution<int>(0, 3)(random_)) {
      case 0:
        return {};
      case 1:
        return text.substr(0, text.size() / 2);
      case 2:
        return std::string(text.size(), '\0');
      default:
        return text;
    }
  }

  /// `real` is where the folder was found; `to` is made to hold what the disk kept of it.
  void emit(const std::string& real, const std::string& to) {
    emit_inode(inode_of(real), to);
    for (const auto& [path, text] : raw_) {
      const std::string target = to + path.substr(root_.size());
      if (std::filesystem::exists(std::filesystem::path(target).parent_path())) spit(target, text);
    }
  }

  void emit_inode(Inode folder, const std::string& to) {
    const Names kept = folders_[folder];
    const Names last = last_names_[folder];
    std::set<std::string> all;
    for (const auto& [name, its] : kept) all.insert(name);
    for (const auto& [name, its] : last) all.insert(name);
    for (const std::string& name : all) {
      const auto before = kept.find(name);
      const auto now = last.find(name);
      const bool same = before != kept.end() && now != last.end() && before->second == now->second;
      const bool takes_last = !same && lucky();
      const auto& chosen = takes_last ? last : kept;
      const auto entry = chosen.find(name);
      if (entry == chosen.end()) continue;
      const std::string path = to + "/" + name;
      if (folders_.contains(entry->second)) {
        std::filesystem::create_directory(path);
        emit_inode(entry->second, path);
      } else {
        spit(path, content(entry->second));
      }
    }
  }

  const std::string root_;
  std::uint64_t count_ = 0;
  std::uint64_t nth_ = 0;
  bool dead_ = false;
  Luck luck_ = Luck::None;
  std::mt19937 random_;
  std::map<Inode, Names> folders_;         ///< Names on the disk.
  std::map<Inode, std::string> contents_;  ///< Contents on the disk.
  std::map<Inode, Names> last_names_;      ///< As the system saw it when the power failed.
  std::map<Inode, std::string> last_contents_;
  std::set<Inode> last_folders_;
  std::map<std::string, std::string> raw_;
};

}  // namespace gatepost::storage::test
