#pragma once

/// @file
/// The file of one stream of a file journal: read, added to and replaced under its lock.

#include <hotswap/adapters/file/descriptor.hpp>
#include <hotswap/adapters/file/journal_directory.hpp>
#include <hotswap/adapters/file/journal_frames.hpp>
#include <hotswap/config/document.hpp>
#include <hotswap/config/journal_json.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/append_rule.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace hotswap::inline v0_1 {

/// Its members may be called from any thread; each holds the stream's lock while it runs.
///
/// A file is of one rollout: a header and a record per frame. It is written beside the old one and
/// takes its place when it is durable, and the old one is kept as `.journal.previous`. What was
/// read once is not read again, as long as nobody else has written.
class stream_file {
 public:
  stream_file(const journal_directory& directory, std::string stream,
              std::chrono::milliseconds patience)
      : directory_(directory), stream_(std::move(stream)), patience_(patience) {}

  /// @throws journal_error  also for a file that is damaged.
  [[nodiscard]] std::vector<journal_record> load() {
    const std::lock_guard turn{mutex_};
    std::string text;
    {
      const stream_lock lock = directory_.lock(stream_, LOCK_SH, patience_);
      open_latest();
      if (!file_) return {};
      text = whole_text();
    }
    std::vector<journal_record> records;
    frame_scan scan = scan_after_header(text);
    while (const auto json = scan.next()) records.push_back(parsed(*json, records.size() + 1));
    require_undamaged(scan, text, records.size());
    for (std::size_t i = 0; i < records.size(); ++i) require_place(records[i], records[0], i + 1);
    return records;
  }

  /// Has the latest rollout no end? What cannot be read has none: `load` says why.
  [[nodiscard]] bool is_unfinished() {
    const std::lock_guard turn{mutex_};
    try {
      const stream_lock lock = directory_.lock(stream_, LOCK_SH, patience_);
      read_on();
    } catch (const journal_error&) {
      return true;
    }
    return end_.records > 0 && !end_.is_finished;
  }

  void append(const journal_record& record) {
    const std::string json = to_json(record);
    const std::lock_guard turn{mutex_};
    const stream_lock lock = directory_.lock(stream_, LOCK_EX, patience_);
    read_on();
    require_writable();
    switch (place_of(stream_, end_, record)) {
      case append_place::opens:
        replace(json);
        end_.add(record);
        return;
      case append_place::follows:
        add(json);
        end_.add(record);
        return;
      case append_place::taken:
        write_again(json, record);
        return;
    }
  }

 private:
  static constexpr int frame_format = 1;

  [[noreturn]] void refuse(std::string_view suffix, std::string_view rule) const {
    directory_.refuse(stream_, suffix, rule);
  }

  [[nodiscard]] std::string header() const {
    return frame_of(
        fmt::format(R"({{"journal":"hotswap","format":{},"stream":"{}"}})", frame_format, stream_));
  }

  void forget() {
    file_ = file_descriptor{};
    end_ = stream_end{};
    end_offset_ = 0;
  }

  /// Opens the latest file, unless it is open: `.previous`, if the process that was to replace it
  /// died between its two steps. An open file keeps its number, so that no other one can have it.
  void open_latest() {
    struct ::stat now{};
    std::string_view suffix = journal_suffix;
    if (!directory_.status(stream_, suffix, now)) {
      suffix = previous_suffix;
      if (!directory_.status(stream_, suffix, now)) {
        forget();
        return;
      }
    }
    struct ::stat ours{};
    if (file_ && ::fstat(file_.get(), &ours) == 0 && ours.st_ino == now.st_ino &&
        ours.st_dev == now.st_dev) {
      return;
    }
    forget();
    file_ = directory_.open(stream_, suffix, O_RDWR);
    is_writable_ = static_cast<bool>(file_);
    if (!is_writable_) file_ = directory_.open(stream_, suffix, O_RDONLY);
    if (!file_) refuse(suffix, "be readable");
  }

  void require_writable() {
    if (!file_ || is_writable_) return;
    file_descriptor again = directory_.open(stream_, journal_suffix, O_RDWR);
    if (!again) refuse(journal_suffix, "be writable");
    file_ = std::move(again);
    is_writable_ = true;
  }

  [[nodiscard]] std::string whole_text() const {
    std::string text;
    if (!read_from(file_.get(), 0, text)) refuse(journal_suffix, "be readable");
    return text;
  }

  /// Behind the header, which is held to what it says.
  [[nodiscard]] frame_scan scan_after_header(std::string_view text) const {
    frame_scan scan{text};
    const auto first = scan.next();
    const std::string path = directory_.path_of(stream_, journal_suffix);
    if (!first) {
      throw journal_error(fmt::format("journal of {}: {} must begin with a header, got {}", stream_,
                                      path, in_quotes(text.substr(0, text.find('\n')))));
    }
    document_value header;
    try {
      header = read_document(*first);
    } catch (const config_error&) {  // stays null
    }
    const auto member = [&header](const char* key) {
      return header.is_object() && header.contains(key) ? header[key] : document_value{};
    };
    if (member("journal") != "hotswap" || !member("format").is_number_integer()) {
      throw journal_error(fmt::format("journal of {}: {} must begin with a header, got {}", stream_,
                                      path, in_quotes(*first)));
    }
    if (member("format") != frame_format) {
      throw journal_error(
          fmt::format("journal of {}: format of {} must be {}, got {}; another version wrote it",
                      stream_, path, frame_format, member("format").dump()));
    }
    if (member("stream") != stream_) {
      throw journal_error(fmt::format("journal of {}: {} must be of this stream, got {}", stream_,
                                      path, member("stream").dump(-1, ' ', true)));
    }
    return scan;
  }

  [[nodiscard]] journal_record parsed(std::string_view json, std::uint64_t number) const {
    return parse_record(json, fmt::format("journal of {}: record {}", stream_, number));
  }

  /// @param whole  frames, before the one at fault.
  void require_undamaged(const frame_scan& scan, std::string_view text, std::size_t whole,
                         std::size_t base = 0) const {
    if (scan.state() != frame_state::corrupt) return;
    const std::string_view rest = text.substr(scan.offset());
    throw journal_error(
        fmt::format("journal of {}: record {} at byte {} of {} must be undamaged, got {}", stream_,
                    whole + 1, base + scan.offset(), directory_.path_of(stream_, journal_suffix),
                    in_quotes(rest.substr(0, rest.find('\n')))));
  }

  void require_place(const journal_record& record, const journal_record& first,
                     std::uint64_t number) const {
    if (record.sequence == number && record.rollout == first.rollout) return;
    throw journal_error(
        fmt::format("journal of {}: record {} must be that of {}, got record {} of {}", stream_,
                    number, first.rollout, record.sequence, record.rollout));
  }

  /// Reads what was added since the last time.
  void read_on() {
    open_latest();
    if (!file_) return;
    struct ::stat now{};
    if (::fstat(file_.get(), &now) != 0) refuse(journal_suffix, "be readable");
    const auto size = static_cast<std::size_t>(now.st_size);
    if (size == size_ && end_offset_ > 0) return;
    if (size < end_offset_) end_offset_ = 0;  // somebody has cut it
    if (end_offset_ == 0) end_ = stream_end{};

    std::string text;
    if (!read_from(file_.get(), end_offset_, text)) refuse(journal_suffix, "be readable");
    frame_scan scan = end_offset_ == 0 ? scan_after_header(text) : frame_scan{text};
    std::optional<std::string_view> last;
    std::uint64_t records = end_.records;
    while (const auto json = scan.next()) {
      last = json;
      ++records;
    }
    require_undamaged(scan, text, static_cast<std::size_t>(records), end_offset_);
    if (last) {
      const journal_record record = parsed(*last, records);
      require_place(record, record, records);
      end_.add(record);
    }
    size_ = end_offset_ + text.size();
    end_offset_ += scan.offset();
  }

  void add(const std::string& json) {
    // what a write left that was cut off
    if (size_ > end_offset_) cut();
    const std::string frame = frame_of(json);
    if (!write_at(file_.get(), end_offset_, frame)) give_up("be written");
    if (!sync_to_disk(file_.get())) give_up("be synced");
    end_offset_ += frame.size();
    size_ = end_offset_;
  }

  void cut() {
    if (::ftruncate(file_.get(), static_cast<off_t>(end_offset_)) != 0) {
      refuse(journal_suffix, "be cut to its last record");
    }
    size_ = end_offset_;
  }

  /// After a write or a sync that failed: nothing of it may be taken for durable later.
  [[noreturn]] void give_up(std::string_view rule) {
    const int failure = errno;
    if (::ftruncate(file_.get(), static_cast<off_t>(end_offset_)) != 0) forget();
    errno = failure;
    refuse(journal_suffix, rule);
  }

  /// Begins the file of a new rollout.
  void replace(const std::string& json) {
    const std::string text = header() + frame_of(json);
    file_descriptor made = directory_.open(stream_, new_suffix, O_RDWR | O_CREAT | O_TRUNC);
    if (!made) refuse(new_suffix, "be created");
    const auto abandon = [this](std::string_view rule) {
      const int failure = errno;
      directory_.remove(stream_, new_suffix);
      errno = failure;
      refuse(new_suffix, rule);
    };
    if (!write_at(made.get(), 0, text)) abandon("be written");
    if (!sync_to_disk(made.get())) abandon("be synced");

    struct ::stat old{};
    if (directory_.status(stream_, journal_suffix, old) &&
        !directory_.rename(stream_, journal_suffix, previous_suffix)) {
      abandon("take the place of the old one");
    }
    if (!directory_.rename(stream_, new_suffix, journal_suffix)) {
      abandon("take the place of the old one");
    }
    directory_.sync(stream_);
    forget();
    file_ = std::move(made);
    is_writable_ = true;
    size_ = end_offset_ = text.size();
  }

  /// Whoever wrote the record may have died before it was durable, or could not make it so; what a
  /// sync has failed to write may be taken for written by the next one, unless it is written again.
  ///
  /// @throws journal_conflict  unless the record that has this sequence is the same.
  void write_again(const std::string& json, const journal_record& record) {
    const std::string text = whole_text();
    frame_scan scan = scan_after_header(text);
    std::size_t offset = scan.offset();
    std::optional<std::string_view> there = scan.next();
    for (std::uint64_t i = 1; i < record.sequence && there; ++i) {
      offset = scan.offset();
      there = scan.next();
    }
    require_undamaged(scan, text, static_cast<std::size_t>(record.sequence) - 1);
    // written by another version, it may have other keys, or in another order
    const bool is_same =
        there && (*there == json || to_json(parsed(*there, record.sequence)) == json);
    if (!is_same) refuse_taken(stream_, record);
    if (!write_at(file_.get(), offset, frame_of(*there))) refuse(journal_suffix, "be written");
    if (!sync_to_disk(file_.get())) refuse(journal_suffix, "be synced");
    directory_.sync(stream_);
  }

  const journal_directory& directory_;
  std::string stream_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;

  // as of the last time that the lock was held
  file_descriptor file_;
  bool is_writable_ = false;
  stream_end end_;
  std::size_t end_offset_ = 0;  // behind the last whole frame; 0: nothing is known
  std::size_t size_ = 0;        // of the file
};

}  // namespace hotswap::inline v0_1
