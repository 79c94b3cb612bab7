#include "orchestrator/store/sqlite_connection.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

namespace slipway::store {

namespace {

constexpr int kBusyTimeoutMs = 5000;

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(SQLite::Statement& statement) : statement_(statement) {}
  [[nodiscard]] bool null(int column) const override { return statement_.isColumnNull(column); }
  [[nodiscard]] std::int64_t number(int column) const override { return statement_.getColumn(column).getInt64(); }
  [[nodiscard]] std::string text(int column) const override { return statement_.getColumn(column).getString(); }

 private:
  SQLite::Statement& statement_;
};

Error::Kind kind_of(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT:
      return Error::Kind::conflict;
    case SQLITE_TOOBIG:
      return Error::Kind::too_large;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return Error::Kind::unavailable;
    default:
      return Error::Kind::internal;
  }
}

[[noreturn]] void rethrow(const SQLite::Exception& e) {
  const int code = e.getErrorCode() & 0xff;
  throw StatementFailed(Error(kind_of(code), std::string("store: ") + e.what()),
                        code == SQLITE_CORRUPT || code == SQLITE_NOTADB);
}

void bind(SQLite::Statement& statement, int index, const Value& value) {
  const Value::Held& held = value.held();
  if (const auto* number = std::get_if<std::int64_t>(&held)) {
    statement.bind(index, *number);
  } else if (const auto* text = std::get_if<std::string_view>(&held)) {
    statement.bind(index, std::string(*text));
  } else if (const auto* bytes = std::get_if<Bytes>(&held)) {
    // A null pointer would be NULL rather than no bytes.
    const char* data = bytes->view.empty() ? "" : bytes->view.data();
    statement.bindNoCopy(index, static_cast<const void*>(data), static_cast<int>(bytes->view.size()));
  } else {
    statement.bind(index);
  }
}

/// Leaves a kept statement as it was found, whatever happens.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    (void)statement_.tryReset();
    try {
      statement_.clearBindings();
    } catch (const SQLite::Exception&) {
      // Nothing to add: the statement's own failure is on its way already.
    }
  }

 private:
  SQLite::Statement& statement_;
};

}  // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& file, Access access) try
    : database_(std::make_unique<SQLite::Database>(
          file.string(), SQLite::OPEN_READWRITE | (access == Access::write ? SQLite::OPEN_CREATE : 0),
          kBusyTimeoutMs)) {
  // FULL: a commit has reached the disk. The caches are small since the daemon is idle most of its life.
  execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;"
      "PRAGMA journal_size_limit=16777216; PRAGMA trusted_schema=OFF;");
  execute(access == Access::write ? "PRAGMA cache_size=-2000" : "PRAGMA cache_size=-1000; PRAGMA query_only=ON");
} catch (const SQLite::Exception& e) {
  rethrow(e);
}

SqliteConnection::~SqliteConnection() = default;

SQLite::Statement& SqliteConnection::prepare(std::string_view sql) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) return *found->second;
  std::string text(sql);
  auto statement = std::make_unique<SQLite::Statement>(*database_, text);
  return *prepared_.emplace(std::move(text), std::move(statement)).first->second;
}

std::int64_t SqliteConnection::run(std::string_view sql, Values values, const OnRow& on_row) try {
  SQLite::Statement& statement = prepare(sql);
  const Use use(statement);
  int index = 1;
  for (const Value& value : values) bind(statement, index++, value);
  const SqliteRow row(statement);
  while (statement.executeStep()) {
    if (on_row) on_row(row);
  }
  return database_->getChanges();
} catch (const SQLite::Exception& e) {
  rethrow(e);
}

void SqliteConnection::mark(std::string_view what) {
  marks_.emplace_back(what);
}

void SqliteConnection::execute(const std::string& script) try {
  database_->exec(script);
} catch (const SQLite::Exception& e) {
  rethrow(e);
}

bool SqliteConnection::in_transaction() const {
  return sqlite3_get_autocommit(database_->getHandle()) == 0;
}

std::vector<std::string> SqliteConnection::take_marks() {
  return std::exchange(marks_, {});
}

std::string SqliteConnection::damage() {
  std::string found;
  run("PRAGMA quick_check(1)", {}, [&](const Row& row) { row.into(found); });
  shrink();
  return found == "ok" ? std::string() : found;
}

void SqliteConnection::shrink() {
  sqlite3_db_release_memory(database_->getHandle());
}

}  // namespace slipway::store
