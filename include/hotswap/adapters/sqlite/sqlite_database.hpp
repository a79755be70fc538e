#pragma once

/// @file
/// A connection to SQLite and its statements, as far as a journal needs them.
///
///     hotswap::sqlite_database database{"/var/lib/hotswap.db", 5s};
///     hotswap::sqlite_statement find = database.prepare("SELECT json FROM record WHERE stream =
///     ?"); find.bind(1, "fraud"); while (find.step()) use(find.text(0));
///
/// Source: SQLite, "An Introduction To The SQLite C/C++ Interface" and "Result and Error Codes".

#include <hotswap/core/error.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace hotswap::inline v0_1 {

/// What SQLite answers when it fails. `code` is the extended one.
class sqlite_failure : public journal_error {
 public:
  sqlite_failure(int code, const std::string& what) : journal_error(what), code_(code) {}
  [[nodiscard]] int primary_code() const noexcept { return code_ & 0xFF; }

 private:
  int code_;
};

/// A prepared statement, which its database outlives.
class sqlite_statement {
 public:
  sqlite_statement(::sqlite3* database, std::string_view sql) {
    ::sqlite3_stmt* made = nullptr;
    const int code = ::sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    statement_.reset(made);
    if (code != SQLITE_OK) fail(database, code);
  }

  void bind(int index, std::string_view text) {
    require(::sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(),
                                  SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void bind(int index, std::int64_t number) {
    require(::sqlite3_bind_int64(statement_.get(), index, number));
  }

  /// Goes to the next row; false if there is none. After that, or a failure, it may be run again.
  bool step() {
    const int code = ::sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    ::sqlite3* const database = ::sqlite3_db_handle(statement_.get());
    if (code != SQLITE_DONE) fail_and_reset(database);
    reset();
    return false;
  }

  /// Runs a statement that has no rows to read.
  void run() {
    while (step()) {
    }
  }

  void reset() noexcept {
    ::sqlite3_reset(statement_.get());
    ::sqlite3_clear_bindings(statement_.get());
  }

  /// Of the row; valid until the next step.
  [[nodiscard]] std::string_view text(int column) const {
    const auto* const bytes = ::sqlite3_column_text(statement_.get(), column);
    const int size = ::sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr ? std::string_view{}
                            : std::string_view{reinterpret_cast<const char*>(bytes),
                                               static_cast<std::size_t>(size)};
  }
  [[nodiscard]] std::int64_t number(int column) const {
    return ::sqlite3_column_int64(statement_.get(), column);
  }

 private:
  struct finalize {
    void operator()(::sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
  };

  [[noreturn]] static void fail(::sqlite3* database, int code) {
    throw sqlite_failure(code, ::sqlite3_errmsg(database));
  }
  [[noreturn]] void fail_and_reset(::sqlite3* database) {
    const int code = ::sqlite3_extended_errcode(database);
    const std::string text = ::sqlite3_errmsg(database);  // before the reset forgets it
    reset();
    throw sqlite_failure(code, text);
  }
  void require(int code) const {
    if (code != SQLITE_OK) fail(::sqlite3_db_handle(statement_.get()), code);
  }

  std::unique_ptr<::sqlite3_stmt, finalize> statement_;
};

/// One connection, for one thread at a time, and not for a child process.
class sqlite_database {
 public:
  /// Makes the file if there is none.
  /// @param patience  with another connection that writes.
  /// @throws journal_error  if it cannot be opened.
  sqlite_database(const std::string& path, std::chrono::milliseconds patience) {
    ::sqlite3* opened = nullptr;
    const int code = ::sqlite3_open_v2(
        path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
        nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) {
      throw sqlite_failure(code, opened == nullptr ? "out of memory" : ::sqlite3_errmsg(opened));
    }
    ::sqlite3_extended_result_codes(opened, 1);
    ::sqlite3_busy_timeout(opened, static_cast<int>(patience.count()));
  }

  [[nodiscard]] sqlite_statement prepare(std::string_view sql) const {
    return sqlite_statement{database_.get(), sql};
  }

  void run(std::string_view sql) const { prepare(sql).run(); }

  /// What the pragma answers.
  [[nodiscard]] std::string ask(std::string_view sql) const {
    sqlite_statement statement = prepare(sql);
    return statement.step() ? std::string{statement.text(0)} : std::string{};
  }

  /// Is a transaction open? A failure may have ended it.
  [[nodiscard]] bool is_in_transaction() const noexcept {
    return ::sqlite3_get_autocommit(database_.get()) == 0;
  }

 private:
  struct close {
    void operator()(::sqlite3* database) const noexcept { ::sqlite3_close_v2(database); }
  };

  std::unique_ptr<::sqlite3, close> database_;
};

/// Takes the lock for writing at once, so that what is read in it is still true when it writes.
/// Rolled back, unless committed.
class sqlite_transaction {
 public:
  explicit sqlite_transaction(const sqlite_database& database) : database_(database) {
    database_.run("BEGIN IMMEDIATE");
  }
  sqlite_transaction(const sqlite_transaction&) = delete;
  sqlite_transaction& operator=(const sqlite_transaction&) = delete;
  ~sqlite_transaction() {
    if (!database_.is_in_transaction()) return;
    try {
      database_.run("ROLLBACK");
    } catch (const journal_error&) {  // the next BEGIN says it
    }
  }

  void commit() { database_.run("COMMIT"); }

 private:
  const sqlite_database& database_;
};

}  // namespace hotswap::inline v0_1
