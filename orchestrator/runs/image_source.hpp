#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "docker-client/images.hpp"
#include "orchestrator/runs/engine_watch.hpp"

namespace slipway::runs {

/// Makes sure that images are in the engine before containers are created from them. However many jobs want one at the
/// same time, it is pulled once. Borrows the engine's images and the watch; must outlive its calls, and `close` must
/// have returned before it goes.
class ImageSource {
 public:
  /// Credentials for a repository ("registry.example/shop/app"); anonymous if there are none.
  using FindAuth = std::function<awaitable<Result<docker::RegistryAuth>>(std::string repository)>;

  ImageSource(docker::Images& images, EngineWatch& watch, FindAuth find_auth, const Executor& executor);
  ImageSource(const ImageSource&) = delete;
  ImageSource& operator=(const ImageSource&) = delete;
  ~ImageSource();

  /// The config id of what `reference` names in the engine; pulled if it is not there. Cancelling ends the waiting,
  /// not the pull, which others may wait for.
  awaitable<Result<std::string>> ensure(std::string reference);

  /// Stops pulls and waits for them.
  awaitable<void> close();

 private:
  struct Pull;
  awaitable<void> pull(std::string reference, std::shared_ptr<Pull> pull);
  awaitable<Result<std::string>> pull_now(std::string reference);

  docker::Images& images_;
  EngineWatch& watch_;
  FindAuth find_auth_;
  Executor executor_;
  Tasks tasks_;
  std::map<std::string, std::shared_ptr<Pull>> pulls_;
};

}  // namespace slipway::runs
