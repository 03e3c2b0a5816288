#pragma once

// Nexus: the I_T nexus of a command (SAM-5 4.6.2) as the device server knows it. One per session; owned by the
// transport; never iSCSI-specific.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scsi/command.h"

namespace lunaria::scsi {

/// Unique within the process, never reused.
enum class NexusId : std::uint64_t {};

/// The logical units that one nexus may address, for REPORT LUNS. Immutable; replaced as a whole.
struct LunInventory {
  std::vector<Lun> luns;  ///< ascending
};

/// A port of a SCSI target device: for iSCSI a portal group of the target, which is a target port group of its own.
struct TargetPort {
  std::uint16_t relative_id = 1;  ///< RELATIVE TARGET PORT IDENTIFIER (SPC-5 7.7.16)
  std::uint16_t group = 1;        ///< target port group (SPC-5 5.18)
  std::string name;               ///< as Nexus::target_port
  friend bool operator==(const TargetPort&, const TargetPort&) = default;
};

/// All ports of one target device. Immutable; replaced as a whole.
struct TargetPorts {
  std::vector<TargetPort> ports;  ///< ascending by relative_id
  friend bool operator==(const TargetPorts&, const TargetPorts&) = default;
};

/// Immutable but for the inventory. Alive as long as a command or a logical unit's attachment refers to it.
class Nexus final {
 public:
  NexusId id{};
  std::string initiator_port;  ///< TransportID name: "iqn...,i,0x<ISID>" for iSCSI
  std::string initiator_name;  ///< without the port part
  std::string target_name;     ///< the SCSI target device's name
  std::string target_port;     ///< "iqn...,t,0x<portal group tag>" for iSCSI
  std::uint16_t relative_target_port = 1;
  std::uint16_t target_port_group = 1;
  std::shared_ptr<const LunInventory> inventory;
  std::shared_ptr<const TargetPorts> target_ports;  ///< of the target device; nullptr: this one only
  /// Whether the transport carries QUERY TASK, QUERY TASK SET, QUERY ASYNCHRONOUS EVENT and I_T NEXUS RESET (for iSCSI:
  /// iSCSIProtocolLevel 2, RFC 7144).
  bool has_query_functions = false;
};

}  // namespace lunaria::scsi
