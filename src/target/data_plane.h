#pragma once

// DataPlane: the one place where the two planes meet. The service calls it on the control shard; each call returns
// there when every data shard has done its part, so that what it says is then true on the wire.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "block/volume.h"
#include "runtime/clock.h"
#include "runtime/io_error.h"
#include "runtime/task.h"
#include "scsi/logical_unit.h"
#include "target/config.h"
#include "target/session_status.h"

namespace lunaria::target {

/// A disk to be served.
struct UnitConfig {
  UnitId id{};
  scsi::Identity identity;
  scsi::UnitOptions options;
  scsi::ReservationState reservations{};  ///< what was saved of them
};

/// Keeps what initiators make persistent; implemented by whoever manages, called on the control shard, and answers
/// there. Must not wait for a change that waits for the unit's commands: they wait for it.
class UnitKeeper {
 public:
  virtual ~UnitKeeper() = default;
  /// Makes `state` durable in place of what was kept of the unit before; true when it is.
  virtual runtime::Task<bool> keep_reservations(UnitId unit, scsi::ReservationState state) = 0;
};

/// What happened on the data plane, for indications, logs and status. Delivered on the control shard.
struct SessionOpened {
  std::uint16_t tsih = 0;
  std::optional<TargetId> target;
  std::string initiator_name;
};
struct SessionClosed {
  std::uint16_t tsih = 0;
  std::optional<TargetId> target;
  std::string initiator_name;
  std::string reason;
};
struct LoginRejected {
  std::string initiator_name;
  std::string target_name;
  IpEndpoint peer;
  std::string reason;
  bool is_authentication = false;      ///< whoever came could not prove who it is
  std::uint16_t portal_group_tag = 0;  ///< of the portal that it came by; 0 when that was closed since
};
struct VolumeFailed {
  UnitId unit{};
  std::string reason;
};
struct SpaceReached {
  UnitId unit{};
  scsi::SpaceReached reached;
};
using Event = std::variant<SessionOpened, SessionClosed, LoginRejected, VolumeFailed, SpaceReached>;

/// Why a portal does not listen.
struct PortalFailure {
  IpEndpoint endpoint;
  runtime::IoError error;
};

/// Interface, implemented by target::Server and by fakes in tests of the service.
class DataPlane {
 public:
  virtual ~DataPlane() = default;

  /// The shard on which a volume for the next unit should be made (block::open_volume wants it).
  virtual runtime::Shard& choose_home() = 0;
  /// Starts serving a unit; it is visible once a published config maps it. The volume lives on `home` from now on.
  virtual runtime::Task<void> add_unit(UnitConfig unit, runtime::Shard& home,
                                       std::unique_ptr<block::Volume> volume) = 0;
  /// Stops serving a unit that no published config maps: waits for its commands, then destroys the volume.
  virtual runtime::Task<void> remove_unit(UnitId unit) = 0;
  /// Holds new commands of a unit, waits for those inside, exchanges the volume (resize, repair, enable or disable),
  /// raises CAPACITY DATA HAS CHANGED when the size differs, and goes on. The old volume is destroyed.
  virtual runtime::Task<void> replace_volume(UnitId unit, std::unique_ptr<block::Volume> volume) = 0;
  /// Has no SANITIZE or FORMAT UNIT of a unit begin until release_erasures(): before it gets another size. What runs
  /// when one does already; then nothing is held.
  virtual runtime::Task<std::optional<scsi::RunningErasure>> hold_erasures(UnitId unit) = 0;
  virtual runtime::Task<void> release_erasures(UnitId unit) = 0;
  virtual runtime::Task<void> set_unit_options(UnitId unit, scsi::UnitOptions options) = 0;
  /// nullopt while the unit works, else why it failed.
  virtual runtime::Task<std::optional<std::string>> unit_failure(UnitId unit) = 0;

  /// Makes a config the current one on every shard: opens and closes portals, drops sessions that lost access, raises
  /// REPORTED LUNS DATA HAS CHANGED where the map changed. Returns the portals that could not be opened; the rest is in
  /// force. One at a time.
  virtual runtime::Task<std::vector<PortalFailure>> publish(std::shared_ptr<const Config> config) = 0;

  /// Tries to open the portals of the current config that could not be opened; returns those that still cannot. After
  /// the first publish(), never beside one.
  virtual runtime::Task<std::vector<PortalFailure>> open_portals() = 0;

  virtual runtime::Task<std::vector<SessionStatus>> sessions() = 0;
  /// Ends a session: asks the initiator to log out, drops it after `grace`. False when there is no such session.
  virtual runtime::Task<bool> drop_session(std::uint16_t tsih, runtime::Duration grace) = 0;

  /// Who keeps what is to persist; set once before the first unit, and outlives the last one.
  virtual void keep_with(UnitKeeper& keeper) = 0;
  /// Who hears of events; set once before the first publication.
  virtual void observe(std::function<void(const Event&)> observer) = 0;
};

}  // namespace lunaria::target
