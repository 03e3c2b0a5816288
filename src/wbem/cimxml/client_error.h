#pragma once

// ClientError: what a Client answers where an object manager does not.

#include <cstdint>
#include <string>

namespace lunaria::wbem::cimxml {

/// Why there is no answer from the object manager.
struct ClientError {
  enum class Kind : std::uint8_t {
    kConnect,    ///< nobody listens there, or no permission
    kTls,        ///< the handshake or the certificate failed
    kTransport,  ///< the connection broke, or there was no answer in time
    kHttp,       ///< an HTTP status other than 200: see http_status
    kProtocol,   ///< the answer is no CIM-XML
    kTicket,     ///< there is no Kerberos ticket to show; nothing was sent
    kUnproven,   ///< the server has not proved that it holds the key of the ticket's service
  } kind = Kind::kTransport;
  unsigned http_status = 0;
  std::string message;
  int error_code = 0;  ///< errno, for kConnect
};

}  // namespace lunaria::wbem::cimxml
