#pragma once
#include <catch2/catch.hpp>

#include "base/ids.hpp"
#include "docker-client/log_frames.hpp"
#include "tests/support/real_engine.hpp"

namespace slipway::docker {

template <class T>
awaitable<Result<T>> within(Duration limit, awaitable<Result<T>> work) {
  return with_deadline(limit, std::move(work), "the test");
}

/// What one test makes on the Engine, told apart by a label and removed with it.
class Bench {
 public:
  Bench() = default;
  explicit Bench(Endpoint endpoint) : engine(std::move(endpoint)) {}
  Bench(const Bench&) = delete;
  ~Bench() {
    for (const std::string& id : containers_) {
      RemoveContainer how;
      how.force = how.volumes = true;
      report(engine.run(engine->containers().remove(id, how)));
    }
    for (const std::string& id : networks_) report(engine.run(engine->networks().remove(id)));
    for (const std::string& name : volumes_) report(engine.run(engine->volumes().remove(name, true)));
  }

  /// A container of busybox that runs `script`, without a network.
  ContainerSpec spec(const std::string& script) {
    ContainerSpec spec("busybox:latest");
    spec.name = name(std::to_string(specs_++));
    spec.labels = {{label, salt}};
    spec.command = {"sh", "-c", script};
    spec.network_disabled = true;
    spec.stop_timeout_seconds = 1;
    return spec;
  }
  std::string create(ContainerSpec wanted) {
    const auto created = engine.run(engine->containers().create(std::move(wanted)));
    if (!created) FAIL(created.error().message);
    containers_.push_back(created->id);
    return created->id;
  }
  std::string create(const std::string& script) { return create(spec(script)); }
  std::string start(ContainerSpec wanted) {
    const std::string id = create(std::move(wanted));
    const auto started = engine.run(engine->containers().start(id));
    if (!started) FAIL(started.error().message);
    return id;
  }
  std::string start(const std::string& script) { return start(spec(script)); }
  /// Created, started and ended.
  std::string finish(const std::string& script) {
    const std::string id = start(script);
    REQUIRE(engine.run(engine->containers().wait(id)));
    return id;
  }
  Container inspect(const std::string& id) {
    auto container = engine.run(engine->containers().inspect(id));
    REQUIRE(container);
    return std::move(*container);
  }
  NetworkSpec network_spec(const std::string& suffix) {
    NetworkSpec spec(name(suffix));
    spec.labels = {{label, salt}};
    return spec;
  }
  std::string create_network(NetworkSpec wanted) {
    const auto id = engine.run(engine->networks().create(std::move(wanted)));
    if (!id) FAIL(id.error().message);
    networks_.push_back(*id);
    return *id;
  }
  Volume create_volume(const std::string& suffix) {
    VolumeSpec spec;
    spec.name = name(suffix);
    spec.labels = {{label, salt}};
    const auto volume = engine.run(engine->volumes().create(spec));
    REQUIRE(volume);
    volumes_.push_back(volume->name);
    return *volume;
  }
  Filters mine() { return Filters().label(label, salt); }
  [[nodiscard]] std::string name(const std::string& suffix) const { return "slipway-test-" + salt + "-" + suffix; }

  /// All bytes up to the end of a stream; an error fails the test.
  std::string read_all(ResponseStream stream) {
    std::string bytes;
    for (;;) {
      const auto piece = engine.run(stream.next());
      REQUIRE(piece);
      if (piece->empty()) return bytes;
      bytes += *piece;
    }
  }
  std::string read_all(HijackedStream& stream) {
    std::string bytes;
    for (;;) {
      const auto piece = engine.run(stream.read());
      REQUIRE(piece);
      if (piece->empty()) return bytes;
      bytes += *piece;
    }
  }
  /// The payloads of one stream in a multiplexed log.
  static std::string text_of(const std::string& frames, LogStream stream) {
    LogDemultiplexer demultiplexer;
    demultiplexer.feed(frames);
    std::string text;
    for (;;) {
      const auto frame = demultiplexer.next();
      REQUIRE(frame);
      if (!*frame) return text;
      if ((*frame)->stream == stream) text += (*frame)->payload;
    }
  }
  std::string output_of(const std::string& id) {
    auto logs = engine.run(engine->containers().logs(id));
    REQUIRE(logs);
    return text_of(read_all(std::move(*logs)), LogStream::out);
  }

  static constexpr const char* label = "slipway-test.containers";
  RealEngine engine;
  std::string salt = random_hex(6);

 private:
  static void report(const Result<void>& removed) {
    if (!removed) WARN(removed.error().message);
  }
  std::vector<std::string> containers_, networks_, volumes_;
  int specs_ = 0;
};

}  // namespace slipway::docker
