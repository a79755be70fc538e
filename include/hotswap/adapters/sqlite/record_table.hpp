#pragma once

/// @file
/// A journal's tables in SQLite: made, checked, read and added to.
///
///     record   (stream, rollout, sequence) -> json     every record of every rollout
///     latest   stream -> rollout, records, finished    how far the latest one has come
///
/// Each row has a checksum, for SQLite has none of its own.

#include <hotswap/adapters/sqlite/sqlite_database.hpp>
#include <hotswap/config/crc32c.hpp>
#include <hotswap/config/journal_json.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/append_rule.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// The file, in WAL mode and with the tables of this version.
template <typename = void>
class basic_record_file {
 public:
  /// Of `PRAGMA user_version`.
  static constexpr std::int64_t schema_version = 1;

  basic_record_file(std::string path, std::chrono::milliseconds patience)
      : path_(std::move(path)), database_(opened(path_, patience)) {
    try {
      use_wal(patience);
      database_.run("PRAGMA synchronous = FULL");
      make_tables();
    } catch (const sqlite_failure& failure) {
      refuse(failure.what());
    }
  }

  [[nodiscard]] const sqlite_database& database() const noexcept { return database_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[noreturn]] void refuse(std::string_view got) const { refuse_file(path_, got); }

  [[noreturn]] static void refuse_file(const std::string& path, std::string_view got) {
    throw journal_error(fmt::format(
        "sqlite_journal: {} must be a journal that can be written, got {}", in_quotes(path), got));
  }

  static sqlite_database opened(const std::string& path, std::chrono::milliseconds patience) {
    try {
      return sqlite_database{path, patience};
    } catch (const sqlite_failure& failure) {
      refuse_file(path, failure.what());
    }
  }

  /// The step into WAL mode does not wait for other connections that take it, too.
  void use_wal(std::chrono::milliseconds patience) const {
    using steady = std::chrono::steady_clock;
    const auto last = steady::now() + patience;
    while (true) {
      try {
        const std::string mode = database_.ask("PRAGMA journal_mode = WAL");
        if (mode == "wal") return;
        refuse(fmt::format("one in the journal mode {}, not wal", mode));
      } catch (const sqlite_failure& failure) {
        if (failure.primary_code() != SQLITE_BUSY || steady::now() >= last) throw;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }

  void make_tables() const {
    if (version() == schema_version) return;
    sqlite_transaction transaction{database_};
    const std::int64_t found = version();  // another process may have been faster
    if (found > schema_version) {
      refuse(fmt::format("schema version {}, which a later version than {} has written", found,
                         schema_version));
    }
    if (found == schema_version) return;
    if (const std::string table = database_.ask("SELECT name FROM sqlite_schema"); !table.empty()) {
      refuse(fmt::format("a database of something else, with {}", in_quotes(table)));
    }
    database_.run(
        "CREATE TABLE record (stream TEXT NOT NULL, rollout TEXT NOT NULL, "
        "sequence INTEGER NOT NULL, json TEXT NOT NULL, checksum INTEGER NOT NULL, "
        "PRIMARY KEY (stream, rollout, sequence)) STRICT");
    database_.run(
        "CREATE TABLE latest (stream TEXT NOT NULL PRIMARY KEY, rollout TEXT NOT NULL, "
        "records INTEGER NOT NULL, finished INTEGER NOT NULL, checksum INTEGER NOT NULL) "
        "STRICT, WITHOUT ROWID");
    database_.run("CREATE INDEX unfinished ON latest (stream) WHERE finished = 0");
    database_.run(fmt::format("PRAGMA user_version = {}", schema_version));
    transaction.commit();
  }

  [[nodiscard]] std::int64_t version() const {
    sqlite_statement statement = database_.prepare("PRAGMA user_version");
    return statement.step() ? statement.number(0) : 0;
  }

  std::string path_;
  sqlite_database database_;
};

}  // namespace detail

/// Its members may be called from any thread, and take turns.
template <typename = void>
class basic_record_table {
 public:
  basic_record_table(std::string path, std::chrono::milliseconds patience)
      : file_(std::move(path), patience),
        find_unfinished_(prepare("SELECT stream FROM latest WHERE finished = 0 ORDER BY stream")),
        find_latest_(
            prepare("SELECT rollout, records, finished, checksum FROM latest WHERE stream = ?1")),
        find_records_(prepare("SELECT sequence, json, checksum FROM record "
                              "WHERE stream = ?1 AND rollout = ?2 ORDER BY sequence")),
        find_record_(prepare("SELECT sequence, json, checksum FROM record "
                             "WHERE stream = ?1 AND rollout = ?2 AND sequence = ?3")),
        add_record_(prepare("INSERT INTO record (stream, rollout, sequence, json, checksum) "
                            "VALUES (?1, ?2, ?3, ?4, ?5)")),
        set_latest_(prepare("INSERT INTO latest (stream, rollout, records, finished, checksum) "
                            "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (stream) DO UPDATE SET "
                            "rollout = ?2, records = ?3, finished = ?4, checksum = ?5")) {}

  [[nodiscard]] std::vector<std::string> unfinished() {
    const std::lock_guard turn{mutex_};
    try {
      std::vector<std::string> streams;
      while (find_unfinished_.step()) streams.emplace_back(find_unfinished_.text(0));
      return streams;
    } catch (const sqlite_failure& failure) {
      throw journal_error(fmt::format("sqlite_journal: {} must be readable, got {}",
                                      in_quotes(file_.path()), failure.what()));
    }
  }

  [[nodiscard]] std::vector<journal_record> load(const std::string& stream) {
    const std::lock_guard turn{mutex_};
    std::vector<std::string> texts;
    stream_end end;
    in_words(stream, "be readable", [&] {
      const reading snapshot{file_.database()};
      end = latest(stream);
      if (end.records > 0) texts = texts_of(stream, end.rollout);
    });
    if (texts.size() != end.records) {
      refuse(stream, fmt::format("have the {} records of rollout {}", end.records, end.rollout),
             fmt::format("{}", texts.size()));
    }
    std::vector<journal_record> records;
    for (const std::string& each : texts) {
      records.push_back(parsed(stream, records.size() + 1, each));
      require_place(stream, records.back(), end, records.size());
    }
    if (!records.empty() && is_terminal(records.back()) != end.is_finished) {
      refuse(stream, "know whether its rollout has ended", "another record at its end");
    }
    return records;
  }

  void append(const std::string& stream, const journal_record& record) {
    const std::string json = to_json(record);
    const std::lock_guard turn{mutex_};
    in_words(stream, "be written", [&] {
      sqlite_transaction transaction{file_.database()};
      stream_end end = latest(stream);
      switch (place_of(stream, end, record)) {
        case append_place::opens:
        case append_place::follows:
          add(stream, record, json);
          end.add(record);
          break;
        case append_place::taken:
          require_same(stream, record, json);
          break;
      }
      // of a record that is there, too, so that the commit makes it durable if its writer could not
      set_latest(stream, end);
      transaction.commit();
    });
  }

 private:
  /// All that is read in it is of one moment.
  class reading {
   public:
    explicit reading(const sqlite_database& database) : database_(database) {
      database_.run("BEGIN");
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() {
      if (!database_.is_in_transaction()) return;
      try {
        database_.run("ROLLBACK");
      } catch (const journal_error&) {  // the next BEGIN says it
      }
    }

   private:
    const sqlite_database& database_;
  };

  [[nodiscard]] sqlite_statement prepare(std::string_view sql) const {
    try {
      return file_.database().prepare(sql);
    } catch (const sqlite_failure& failure) {
      throw journal_error(
          fmt::format("sqlite_journal: {} must have the tables of a journal, got {}",
                      in_quotes(file_.path()), failure.what()));
    }
  }

  [[noreturn]] void refuse(std::string_view stream, std::string_view rule,
                           std::string_view got) const {
    throw journal_error(fmt::format("journal of {}: {} must {}, got {}", stream,
                                    in_quotes(file_.path()), rule, got));
  }

  template <typename Action>
  void in_words(const std::string& stream, std::string_view rule, const Action& action) {
    try {
      action();
    } catch (const sqlite_failure& failure) {
      refuse(stream, rule, failure.what());
    }
  }

  static std::int64_t checksum_of(std::string_view stream, std::string_view id,
                                  std::uint64_t number, std::string_view rest) {
    return std::int64_t{
        crc32c(rest, crc32c(fmt::format("{}\n{}\n{}\n", escaped(stream), escaped(id), number)))};
  }

  static std::int64_t checksum_of(std::string_view stream, const stream_end& end) {
    return checksum_of(stream, end.rollout, end.records, end.is_finished ? "1" : "0");
  }

  [[nodiscard]] stream_end latest(const std::string& stream) {
    stream_end end;
    find_latest_.bind(1, stream);
    if (!find_latest_.step()) return end;
    end.rollout = find_latest_.text(0);
    end.records = static_cast<std::uint64_t>(find_latest_.number(1));
    end.is_finished = find_latest_.number(2) != 0;
    const std::int64_t checksum = find_latest_.number(3);
    find_latest_.reset();
    if (checksum != checksum_of(stream, end)) {
      refuse(stream, "be undamaged", "another checksum of its latest rollout");
    }
    return end;
  }

  void set_latest(const std::string& stream, const stream_end& end) {
    set_latest_.bind(1, stream);
    set_latest_.bind(2, end.rollout);
    set_latest_.bind(3, static_cast<std::int64_t>(end.records));
    set_latest_.bind(4, std::int64_t{end.is_finished ? 1 : 0});
    set_latest_.bind(5, checksum_of(stream, end));
    set_latest_.run();
  }

  /// The JSON of the row that `statement` stands at.
  [[nodiscard]] std::string checked_text(const sqlite_statement& statement,
                                         const std::string& stream, std::string_view id) const {
    const auto sequence = static_cast<std::uint64_t>(statement.number(0));
    std::string json{statement.text(1)};
    if (statement.number(2) != checksum_of(stream, id, sequence, json)) {
      refuse(stream, "be undamaged",
             fmt::format("another checksum of record {} of {}", sequence, id));
    }
    return json;
  }

  [[nodiscard]] std::vector<std::string> texts_of(const std::string& stream,
                                                  const std::string& id) {
    std::vector<std::string> texts;
    find_records_.bind(1, stream);
    find_records_.bind(2, id);
    const resetting done{find_records_};
    while (find_records_.step()) texts.push_back(checked_text(find_records_, stream, id));
    return texts;
  }

  void add(const std::string& stream, const journal_record& record, const std::string& json) {
    add_record_.bind(1, stream);
    add_record_.bind(2, record.rollout);
    add_record_.bind(3, static_cast<std::int64_t>(record.sequence));
    add_record_.bind(4, json);
    add_record_.bind(5, checksum_of(stream, record.rollout, record.sequence, json));
    add_record_.run();
  }

  void require_same(const std::string& stream, const journal_record& record,
                    const std::string& json) {
    find_record_.bind(1, stream);
    find_record_.bind(2, record.rollout);
    find_record_.bind(3, static_cast<std::int64_t>(record.sequence));
    const resetting done{find_record_};
    if (!find_record_.step()) {
      refuse(stream, fmt::format("have record {} of {}", record.sequence, record.rollout), "none");
    }
    const std::string there = checked_text(find_record_, stream, record.rollout);
    // written by another version, it may have other keys, or in another order
    if (there != json && to_json(parsed(stream, record.sequence, there)) != json) {
      refuse_taken(stream, record);
    }
  }

  /// A statement that is left before its last row would keep its lock.
  class resetting {
   public:
    explicit resetting(sqlite_statement& statement) noexcept : statement_(statement) {}
    resetting(const resetting&) = delete;
    resetting& operator=(const resetting&) = delete;
    ~resetting() { statement_.reset(); }

   private:
    sqlite_statement& statement_;
  };

  static journal_record parsed(const std::string& stream, std::uint64_t number,
                               std::string_view json) {
    return parse_record(json, fmt::format("journal of {}: record {}", stream, number));
  }

  void require_place(const std::string& stream, const journal_record& record, const stream_end& end,
                     std::uint64_t number) const {
    if (record.sequence == number && record.rollout == end.rollout) return;
    refuse(stream, fmt::format("have record {} of {}", number, end.rollout),
           fmt::format("record {} of {}", record.sequence, record.rollout));
  }

  std::mutex mutex_;
  detail::basic_record_file<> file_;
  sqlite_statement find_unfinished_;
  sqlite_statement find_latest_;
  sqlite_statement find_records_;
  sqlite_statement find_record_;
  sqlite_statement add_record_;
  sqlite_statement set_latest_;
};

using record_table = basic_record_table<>;

}  // namespace hotswap::inline v0_1
