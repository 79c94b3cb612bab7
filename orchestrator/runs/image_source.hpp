#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "docker-client/images.hpp"
#include "images/reference.hpp"
#include "orchestrator/runs/engine_watch.hpp"
#include "orchestrator/runs/transfer_report.hpp"

namespace slipway::runs {

/// Whether an Engine's image is what `name` means to everybody: it has that name, and if slipway built it, a registry
/// has it by that name. Labels can't be taken off a build of ours; tags can be put on by a push that its registry
/// refuses.
bool is_anybodys(const docker::Image& image, const images::Reference& name);

/// Makes sure that images are in the engine before containers are created from them. However many jobs want one at the
/// same time, it is pulled once. Borrows the engine's images and the watch; must outlive its calls, and `close` must
/// have returned before it goes.
class ImageSource {
 public:
  /// Credentials for a repository ("registry.example/shop/app"); anonymous if there are none.
  using FindAuth = std::function<awaitable<Result<docker::RegistryAuth>>(std::string repository)>;

  /// Gets lines for a log about a pull that takes long, see TransferReport.
  using Say = std::function<void(std::string line)>;

  ImageSource(docker::Images& images, EngineWatch& watch, FindAuth find_auth, const Executor& executor,
              Milliseconds say_every = kTransferInterval);
  ImageSource(const ImageSource&) = delete;
  ImageSource& operator=(const ImageSource&) = delete;
  ~ImageSource();

  enum class Trust : std::uint8_t { own, stranger };

  /// The config id of what `reference` names in the engine; pulled if it is not there. What slipway built is there by
  /// a name only once a registry has it by that name, and ids are no names: builds of one project are not for another.
  /// Kind::forbidden for our own images. Cancelling ends the waiting, not the pull, which others may wait for. A
  /// stranger, as a run from a fork or of a project that the image is not for, gets what its registry gives to anybody:
  /// where there are credentials for that registry it is asked without them, also if the image is there already.
  /// All who wait for a pull are told of it, from where it is when they come.
  awaitable<Result<std::string>> ensure(std::string reference, Trust whose, Say say = {});

  /// Whether a build that names `reference` as a base gets what everybody gets by that name: where the engine has
  /// another's build by it, the right one is pulled. One that the engine does not have is left to the builder.
  awaitable<Result<void>> check_name(std::string reference, Trust whose, Say say = {});

  /// Looks for `reference` in the background, for an `ensure` that will be asked for in a moment: it takes the answer
  /// instead of looking again. An answer is taken once, and within two seconds.
  void look_ahead(const std::string& reference);

  /// Stops pulls and waits for them.
  awaitable<void> close();

 private:
  struct Pull;
  struct Look;
  class Listening;
  awaitable<void> look(std::string reference, std::shared_ptr<Look> look);
  awaitable<std::optional<std::string>> looked_up(std::string reference);
  awaitable<void> pull(std::string reference, std::shared_ptr<Pull> pull);
  awaitable<Result<docker::RegistryAuth>> auth_for(std::string repository);
  awaitable<Result<std::string>> pull_with_credentials(std::string reference, Say say);
  awaitable<Result<std::string>> pull_now(docker::PullSpec spec, std::string reference, Say say);

  docker::Images& images_;
  EngineWatch& watch_;
  FindAuth find_auth_;
  Executor executor_;
  Milliseconds say_every_;
  Tasks tasks_;
  std::map<std::string, std::shared_ptr<Pull>> pulls_;
  std::map<std::string, std::shared_ptr<Look>> looks_;
};

}  // namespace slipway::runs
