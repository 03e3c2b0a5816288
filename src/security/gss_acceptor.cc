#include "security/gss_acceptor.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "security/gss_handles.h"
#include "security/keytab.h"

namespace lunaria::security {
namespace {

using internal::buffer_over;
using internal::gss_reason;
using internal::GssBuffer;
using internal::GssContext;
using internal::GssCredential;
using internal::GssName;

gss_OID kerberos() {
  return const_cast<gss_OID>(gss_mech_krb5);
}

/// A principal's name is taken as it is: a host-based name would be looked up in the DNS.
Result<GssName, std::string> import_principal(const std::string& principal) {
  GssName name;
  gss_buffer_desc text = buffer_over(principal);
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_import_name(&minor, &text, const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME), name.receive());
  if (GSS_ERROR(major)) {
    return fail(gss_reason(major, minor, kerberos()));
  }
  return name;
}

/// The keys as they are in the keytab now: all of them, whichever principal is wanted. The library leaks when it is
/// asked for one that is not there (MIT 1.20), and a client could have it ask for each request.
Result<GssCredential, std::string> acquire(const GssAcceptorSettings& settings) {
  const std::string keytab = "FILE:" + settings.keytab_path;
  const std::string replay_cache = "file2:" + settings.replay_cache_path;
  std::array elements{gss_key_value_element_desc{.key = "keytab", .value = keytab.c_str()},
                      gss_key_value_element_desc{.key = "rcache", .value = replay_cache.c_str()}};
  const gss_key_value_set_desc store{.count = elements.size(), .elements = elements.data()};
  std::array mechanisms{*internal::spnego_mechanism(), *kerberos()};
  gss_OID_set_desc wanted{.count = mechanisms.size(), .elements = mechanisms.data()};
  GssCredential credential;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &wanted, GSS_C_ACCEPT, &store,
                                          credential.receive(), nullptr, nullptr);
  if (GSS_ERROR(major)) {
    return fail(gss_reason(major, minor, kerberos()));
  }
  gss_OID_set_desc negotiable{.count = 1, .elements = &mechanisms[1]};
  major = gss_set_neg_mechs(&minor, credential.get(), &negotiable);
  if (GSS_ERROR(major)) {
    return fail(gss_reason(major, minor, internal::spnego_mechanism()));
  }
  return credential;
}

/// Whether a context was made for `principal`, or for any where that is empty.
bool is_for(const GssContext& context, const std::string& principal) {
  if (principal.empty()) {
    return true;
  }
  const auto wanted = import_principal(principal);
  GssName service;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_inquire_context(&minor, context.get(), nullptr, service.receive(), nullptr, nullptr,
                                              nullptr, nullptr, nullptr);
  int is_equal = 0;
  return wanted && !GSS_ERROR(major) && !GSS_ERROR(gss_compare_name(&minor, wanted->get(), service.get(), &is_equal)) &&
         is_equal != 0;
}

TicketRefusal refusal(TicketRefusal::Kind kind, std::string reason) {
  return {.kind = kind, .reason = std::move(reason)};
}

}  // namespace

Result<std::unique_ptr<GssAcceptor>, std::string> GssAcceptor::make(GssAcceptorSettings settings) {
  const auto credential = acquire(settings);
  const auto key = credential && !settings.principal.empty() ? find_key(settings.keytab_path, settings.principal)
                                                             : Result<void, std::string>();
  if (!credential || !key) {
    return fail(fmt::format("Kerberos tickets cannot be judged with the keytab {}{}{}: {}", settings.keytab_path,
                            settings.principal.empty() ? "" : " as ", settings.principal,
                            credential ? key.error() : credential.error()));
  }
  return std::unique_ptr<GssAcceptor>(new GssAcceptor(std::move(settings)));
}

Result<AcceptedTicket, TicketRefusal> GssAcceptor::accept(std::span<const std::byte> token) const {
  using Kind = TicketRefusal::Kind;
  const auto credential = acquire(settings_);
  if (!credential) {
    return fail(refusal(Kind::kUnavailable, credential.error()));
  }
  gss_buffer_desc input = buffer_over(token);
  GssContext context;
  GssName client;
  GssBuffer answer;
  gss_OID mechanism = GSS_C_NO_OID;
  OM_uint32 flags = 0;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_accept_sec_context(&minor, context.receive(), credential->get(), &input, GSS_C_NO_CHANNEL_BINDINGS,
                             client.receive(), &mechanism, answer.receive(), &flags, nullptr, nullptr);
  if (GSS_ERROR(major)) {
    return fail(refusal(Kind::kBadTicket, gss_reason(major, minor, kerberos())));
  }
  if ((major & GSS_S_CONTINUE_NEEDED) != 0) {
    return fail(refusal(Kind::kUnfinished, "the client's first token holds no Kerberos ticket, or asks for more legs"));
  }
  if (!internal::same_mechanism(mechanism, kerberos()) || (flags & GSS_C_ANON_FLAG) != 0) {
    return fail(refusal(Kind::kBadTicket, "the client is anonymous, or was not named by Kerberos"));
  }
  if (!is_for(context, settings_.principal)) {
    return fail(refusal(Kind::kBadTicket, "the ticket is for another service than " + settings_.principal));
  }
  GssBuffer name;
  if (const OM_uint32 shown = gss_display_name(&minor, client.get(), name.receive(), nullptr); GSS_ERROR(shown)) {
    return fail(refusal(Kind::kBadTicket, gss_reason(shown, minor, kerberos())));
  }
  return AcceptedTicket{.principal = std::string(name.text()), .answer = answer.bytes()};
}

}  // namespace lunaria::security
