#pragma once

// Client: sends operations to an object manager, one after the other, over a kept connection: for the command line and
// for tests of the whole way.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "http/client.h"
#include "runtime/shard.h"
#include "runtime/task.h"
#include "security/gss_initiator.h"
#include "wbem/cimxml/client_error.h"
#include "wbem/cimxml/decode_response.h"
#include "wbem/operation.h"

namespace lunaria::wbem::cimxml {

/// Who asks: a user with a password, or whoever's Kerberos tickets this process has. With neither no credentials are
/// sent: the Unix socket knows the peer.
struct ClientCredentials {
  std::string user{};
  Secret password{};
  std::string ticket_host{};  ///< show a ticket for HTTP/`ticket_host` with every request (RFC 4559); empty: none
  ClientCredentials clone() const { return {user, password.clone(), ticket_host}; }
};

/// An answer is a ResponseMessage, which may hold a CIM error.
using ClientReply = Result<ResponseMessage, ClientError>;

/// Lives on one shard; one call at a time. close() comes before the destructor.
class Client final {
 public:
  Client(runtime::Shard& shard, http::ClientOptions options, ClientCredentials credentials);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() = default;

  /// Sends the operation and waits for its whole answer. Connects when there is no connection.
  runtime::Task<ClientReply> call(Operation operation, cim::NamespaceName name_space);
  runtime::Task<void> close();

 private:
  runtime::Task<ClientReply> exchange(const Operation& operation, const cim::NamespaceName& name_space,
                                      security::GssInitiator* ticket);
  http::Fields make_fields(const Operation& operation, const cim::NamespaceName& name_space) const;
  runtime::Task<ClientReply> receive_answer(const http::ResponseHead& head);

  runtime::Shard& shard_;
  http::Client http_;
  ClientCredentials credentials_;
  std::uint64_t last_message_id_ = 0;
};

}  // namespace lunaria::wbem::cimxml
