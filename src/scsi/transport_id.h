#pragma once

// iSCSI TransportIDs in the parameter data of persistent reservations (SPC-5 7.6.4.6).

#include <optional>
#include <string>
#include <string_view>

#include "wire/reader.h"

namespace lunaria::scsi {

/// Whom a TransportID names, in the form in which nexuses carry it: lower case, the ISID with twelve digits.
struct TransportId {
  std::string name;         ///< an iSCSI name, or the name of an initiator port ("iqn...,i,0x<ISID>")
  bool names_port = false;  ///< false: the initiator device, whichever of its ports
  friend bool operator==(const TransportId&, const TransportId&) = default;
};

/// Takes the TransportID at the front; nullopt when what is there is none of iSCSI.
std::optional<TransportId> take_transport_id(wire::Reader& from);

/// Bytes that the TransportID of an initiator port takes, and the TransportID itself.
std::size_t transport_id_length(std::string_view initiator_port);
void put_transport_id(wire::Writer& out, std::string_view initiator_port);

}  // namespace lunaria::scsi
