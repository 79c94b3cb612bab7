#pragma once
#include <filesystem>
#include <map>

#include "orchestrator/store/transaction.hpp"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace slipway::store {

/// One connection to the SQLite file, used by one thread. Everything throws StatementFailed.
class SqliteConnection final : public Transaction {
 public:
  enum class Access { write, read };

  SqliteConnection(const std::filesystem::path& file, Access access);
  ~SqliteConnection() override;

  using Transaction::run;
  std::int64_t run(std::string_view sql, Values values, const OnRow& on_row) override;
  void mark(std::string_view what) override;

  /// Several statements of a script, none of which is kept.
  void execute(const std::string& script);
  /// True between BEGIN and its end; SQLite ends a transaction by itself after some failures.
  [[nodiscard]] bool in_transaction() const;
  /// What was marked since the last `take_marks`; `unmark` keeps the first `count` of it.
  [[nodiscard]] std::size_t marked() const { return marks_.size(); }
  void unmark(std::size_t count) { marks_.resize(count); }
  std::vector<std::string> take_marks();
  /// What SQLite finds wrong with the file, in one line; empty: nothing. Reads all of it.
  std::string damage();
  /// Gives memory that is not needed at rest back.
  void shrink();

 private:
  SQLite::Statement& prepare(std::string_view sql);

  std::unique_ptr<SQLite::Database> database_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> prepared_;
  std::vector<std::string> marks_;
};

}  // namespace slipway::store
