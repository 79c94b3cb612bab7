#pragma once
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "orchestrator/store/names.hpp"

/// What the tables (Runs, Attempts, …) are written against: one statement at a time inside an open transaction. The
/// statements keep to what SQLite and PostgreSQL both understand, so another database is another Transaction.
namespace slipway::store {

/// Bytes that need not be text.
struct Bytes {
  explicit Bytes(std::string_view all) : view(all) {}
  std::string_view view;
};

/// A parameter of a statement; borrows its text for the length of the call.
class Value {
 public:
  Value(std::nullopt_t) {}
  template <std::integral N>
  Value(N number) : held_(static_cast<std::int64_t>(number)) {}
  Value(const std::string& text) : held_(std::string_view(text)) {}
  Value(std::string_view text) : held_(text) {}
  Value(const char* text) : held_(std::string_view(text)) {}
  Value(Bytes bytes) : held_(bytes) {}
  Value(Time time) : held_(static_cast<std::int64_t>(time.time_since_epoch().count())) {}
  template <Named E>
  Value(E value) : held_(name_of(value)) {}
  /// An id that names nothing is NULL.
  template <class Tag>
  Value(Id<Tag> id) {
    if (id) held_ = id.value;
  }
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) held_ = Value(*value).held_;
  }

  using Held = std::variant<std::nullptr_t, std::int64_t, std::string_view, Bytes>;
  [[nodiscard]] const Held& held() const { return held_; }

 private:
  Held held_ = nullptr;
};

/// A row of an answer, valid during the call that it is given to. NULL reads as 0 or as an empty text.
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t number(int column) const = 0;
  [[nodiscard]] virtual std::string text(int column) const = 0;

  /// Fills `fields` with the columns from the first on, in their order.
  template <class... Fields>
  void into(Fields&... fields) const {
    int column = 0;
    (get(column++, fields), ...);
  }

 private:
  void get(int column, std::string& field) const { field = text(column); }
  template <std::integral N>
  void get(int column, N& field) const {
    field = static_cast<N>(number(column));
  }
  void get(int column, Time& field) const { field = Time(Milliseconds(number(column))); }
  template <class Tag>
  void get(int column, Id<Tag>& field) const {
    field = Id<Tag>(number(column));
  }
  template <Named E>
  void get(int column, E& field) const {
    if (const auto known = from_name<E>(text(column))) field = *known;
  }
  template <class T>
  void get(int column, std::optional<T>& field) const {
    field.reset();
    if (!null(column)) get(column, field.emplace());
  }
};

/// The database let us down (disk full, damaged, a bug in a statement). Unwinds to the store, which rolls back and
/// hands the error to whoever waits; the only exception of this folder.
class StatementFailed : public std::exception {
 public:
  explicit StatementFailed(Error error, bool damaged = false) : error_(std::move(error)), damaged_(damaged) {}
  [[nodiscard]] const Error& error() const { return error_; }
  /// What is in the file makes no sense.
  [[nodiscard]] bool damaged() const { return damaged_; }
  [[nodiscard]] const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
  bool damaged_;
};

class Transaction {
 public:
  using OnRow = std::function<void(const Row&)>;
  using Values = std::span<const Value>;

  virtual ~Transaction() = default;

  /// Runs one statement, which is kept prepared, and answers how many rows it changed. `values` are its ?1, ?2, ….
  /// Throws StatementFailed; a broken constraint is Kind::conflict.
  virtual std::int64_t run(std::string_view sql, Values values, const OnRow& on_row = {}) = 0;

  std::int64_t run(std::string_view sql, std::initializer_list<Value> values, const OnRow& on_row = {}) {
    return run(sql, Values(values.begin(), values.size()), on_row);
  }

  /// Names what is being committed, for whoever watches commits ("step.running").
  virtual void mark(std::string_view what) = 0;
};

/// Up to `limit` records and what to ask with for those that follow; 0: there are none.
template <class Record>
struct Page {
  std::vector<Record> items;
  std::int64_t next = 0;
};

}  // namespace slipway::store
