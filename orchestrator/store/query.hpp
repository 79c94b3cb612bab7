#pragma once
#include <algorithm>

#include "orchestrator/store/transaction.hpp"

/// Shorthands for the tables' statements.
namespace slipway::store {

/// A SELECT whose conditions depend on what was asked for. Borrows the values' texts.
class Query {
 public:
  explicit Query(std::string select) : sql_(std::move(select)) {}

  /// `condition` has one `?` for the value.
  void where(std::string_view condition, Value value) {
    sql_ += values_.empty() ? " WHERE " : " AND ";
    add(condition, value);
  }
  /// ORDER BY, LIMIT: what comes last.
  void then(std::string_view rest, Value value) { add(rest, value); }

  [[nodiscard]] const std::string& sql() const { return sql_; }
  [[nodiscard]] Transaction::Values values() const { return values_; }

 private:
  void add(std::string_view text, Value value) {
    values_.push_back(value);
    std::string numbered(text);
    const std::string number = "?" + std::to_string(values_.size());
    for (auto at = numbered.find('?'); at != std::string::npos; at = numbered.find('?', at + number.size())) {
      numbered.replace(at, 1, number);
    }
    sql_ += numbered;
  }

  std::string sql_;
  std::vector<Value> values_;
};

/// `read` makes a record of each row.
template <class Read>
auto rows(Transaction& tx, std::string_view sql, Transaction::Values values, Read read) {
  std::vector<std::invoke_result_t<Read, const Row&>> found;
  tx.run(sql, values, [&](const Row& row) { found.push_back(read(row)); });
  return found;
}
template <class Read>
auto rows(Transaction& tx, std::string_view sql, std::initializer_list<Value> values, Read read) {
  return rows(tx, sql, Transaction::Values(values.begin(), values.size()), read);
}

/// The first row, or Kind::not_found: "no `what`".
template <class Read>
auto one(Transaction& tx, std::string_view sql, std::initializer_list<Value> values, Read read, std::string_view what)
    -> Result<std::invoke_result_t<Read, const Row&>> {
  auto found = rows(tx, sql, values, read);
  if (found.empty()) return fail(Error::Kind::not_found, "no " + std::string(what));
  return std::move(found.front());
}

/// A page of what `query`, which has no LIMIT yet, finds in `order`; `id_of` is what the next page goes on from.
template <class Read, class IdOf>
auto page(Transaction& tx, Query query, std::string_view order, std::size_t limit, Read read, IdOf id_of) {
  Page<std::invoke_result_t<Read, const Row&>> found;
  query.then(std::string(order) + " LIMIT ?", limit + 1);
  found.items = rows(tx, query.sql(), query.values(), read);
  if (found.items.size() <= limit) return found;
  found.items.resize(limit);
  if (limit > 0) found.next = id_of(found.items.back());
  return found;
}

/// The number in the first column of the first row.
inline std::optional<std::int64_t> number(Transaction& tx, std::string_view sql, std::initializer_list<Value> values) {
  std::optional<std::int64_t> found;
  tx.run(sql, values, [&](const Row& row) { row.into(found.emplace()); });
  return found;
}

/// A line for people, or as much of it as fits.
inline std::string clipped(std::string text, std::size_t limit = 4096) {
  if (text.size() > limit) text = text.substr(0, limit - 3) + "...";
  return text;
}

}  // namespace slipway::store
