#include "orchestrator/store/store.hpp"

#include "base/ids.hpp"
#include "orchestrator/store/committer.hpp"
#include "orchestrator/store/folder_lock.hpp"
#include "orchestrator/store/migrations.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kInstanceBytes = 4;

std::string read_instance(SqliteConnection& connection) {
  std::string instance;
  connection.run("SELECT value FROM meta WHERE name = 'instance'", {}, [&](const Row& row) { row.into(instance); });
  return instance;
}

std::string read_fleet(SqliteConnection& connection) {
  std::string fleet;
  connection.run("SELECT value FROM meta WHERE name = 'fleet'", {}, [&](const Row& row) { row.into(fleet); });
  return fleet;
}

std::string make_instance(SqliteConnection& connection) {
  const std::string instance = random_hex(kInstanceBytes);
  connection.run("INSERT INTO meta VALUES ('instance', ?1) ON CONFLICT DO NOTHING", {instance});
  return read_instance(connection);
}

}  // namespace

class Store::Impl {
 public:
  Impl(FolderLock lock, std::filesystem::path file, StoreOptions options)
      : lock_(std::move(lock)), file_(std::move(file)), options_(options) {}

  /// Before anything else.
  Result<void> open();
  Result<void> submit(std::shared_ptr<Operation> operation, Access access);

  Status status;
  std::string instance;
  std::string fleet;

 private:
  Result<void> prepare();

  FolderLock lock_;
  std::filesystem::path file_;
  StoreOptions options_;
  std::unique_ptr<SqliteConnection> write_connection_;
  std::unique_ptr<SqliteConnection> read_connection_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Lane> writer_;  // the lanes use what is above: they end first
  std::unique_ptr<Lane> reader_;
};

Result<void> Store::Impl::open() {
  try {
    if (auto ready = prepare(); !ready) return ready;
  } catch (const StatementFailed& failure) {
    if (!failure.damaged()) return fail(failure.error().in("open " + file_.string()));
    status.damaged(failure.error().message);
  }
  if (!read_connection_) return {};
  reader_ = std::make_unique<Lane>(options_.queue_limit, 1, [this](Batch batch) {
    for (const auto& operation : batch) run_read(*read_connection_, status, *operation);
    return false;
  });
  committer_ = std::make_unique<Committer>(*write_connection_, status, options_.probe);
  writer_ = std::make_unique<Lane>(options_.queue_limit, options_.batch_limit,
                                   [this](const Batch& batch) { return committer_->commit(batch); });
  return {};
}

Result<void> Store::Impl::prepare() {
  write_connection_ = std::make_unique<SqliteConnection>(file_, SqliteConnection::Access::write);
  if (const auto damage = write_connection_->damage(); !damage.empty()) status.damaged(damage);
  const bool intact = status.condition().kind == Condition::Kind::writable;
  if (intact) {
    if (auto migrated = migrate(*write_connection_, file_, migrations()); !migrated) return migrated;
  }
  instance = intact ? make_instance(*write_connection_) : read_instance(*write_connection_);
  fleet = read_fleet(*write_connection_);
  if (fleet.empty()) fleet = instance;
  std::int64_t newest = 0;
  write_connection_->run("SELECT max(seq) FROM events", {}, [&](const Row& row) { row.into(newest); });
  status.set_newest_event(newest);
  read_connection_ = std::make_unique<SqliteConnection>(file_, SqliteConnection::Access::read);
  return {};
}

Result<void> Store::Impl::submit(std::shared_ptr<Operation> operation, Access access) {
  const Condition now = status.condition();
  const bool shut = now.kind == Condition::Kind::read_only && (access == Access::write || !reader_);
  if (shut) return fail(Error::Kind::unavailable, "store is read-only: " + now.reason, now.hint);
  auto& chosen = access == Access::write ? *writer_ : *reader_;
  if (chosen.submit(std::move(operation))) return {};
  return fail(Error::Kind::unavailable, "store has too much to do: " + std::to_string(options_.queue_limit) + " wait");
}

Result<std::unique_ptr<Store>> Store::open(std::filesystem::path folder, StoreOptions options) {
  auto lock = FolderLock::take(folder);
  if (!lock) return fail(std::move(lock).error());
  auto impl = std::make_unique<Impl>(std::move(*lock), folder / "slipway.db", options);
  if (auto opened = impl->open(); !opened) return fail(std::move(opened).error());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

const std::string& Store::instance() const {
  return impl_->instance;
}

const std::string& Store::fleet() const {
  return impl_->fleet;
}

void Store::use_fleet(std::string fleet) {
  impl_->fleet = std::move(fleet);
}

Condition Store::condition() const {
  return impl_->status.condition();
}

std::uint64_t Store::commits() const {
  return impl_->status.commits();
}

std::int64_t Store::newest_event() const {
  return impl_->status.newest_event();
}

awaitable<std::int64_t> Store::next_event(std::int64_t seen) {
  while (auto waker = impl_->status.next_event(seen)) co_await Waker::wait(std::move(waker));
  co_return impl_->status.newest_event();
}

Result<void> Store::submit(std::shared_ptr<Operation> operation, Access access) {
  return impl_->submit(std::move(operation), access);
}

}  // namespace slipway::store
