#include "security/gss_initiator.h"

#include <utility>
#include <vector>

#include "security/gss_handles.h"

namespace lunaria::security {

using internal::buffer_over;
using internal::gss_reason;
using internal::GssBuffer;

struct GssInitiator::State {
  internal::GssName service;
  internal::GssContext context;
  std::vector<std::byte> token;
  OM_uint32 flags = 0;
  OM_uint32 minor = 0;

  /// One leg; `answer` is empty for the first.
  OM_uint32 step(std::span<const std::byte> answer) {
    gss_buffer_desc input = buffer_over(answer);
    GssBuffer output;
    const OM_uint32 major = gss_init_sec_context(
        &minor, GSS_C_NO_CREDENTIAL, context.receive(), service.get(), internal::spnego_mechanism(),
        GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG, GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS,
        answer.empty() ? GSS_C_NO_BUFFER : &input, nullptr, output.receive(), &flags, nullptr);
    token = output.bytes();
    return major;
  }
};

GssInitiator::GssInitiator(std::unique_ptr<State> state) : state_(std::move(state)) {}
GssInitiator::GssInitiator(GssInitiator&&) noexcept = default;
GssInitiator& GssInitiator::operator=(GssInitiator&&) noexcept = default;
GssInitiator::~GssInitiator() = default;

Result<GssInitiator, std::string> GssInitiator::start(const std::string& host) {
  auto state = std::make_unique<State>();
  const std::string text = "HTTP@" + host;
  gss_buffer_desc name = buffer_over(text);
  OM_uint32 major = gss_import_name(&state->minor, &name, GSS_C_NT_HOSTBASED_SERVICE, state->service.receive());
  if (!GSS_ERROR(major)) {
    major = state->step({});
  }
  if (GSS_ERROR(major)) {
    return fail(gss_reason(major, state->minor, const_cast<gss_OID>(gss_mech_krb5)));
  }
  if (state->token.empty()) {
    return fail(std::string("the library made no token"));
  }
  return GssInitiator(std::move(state));
}

std::span<const std::byte> GssInitiator::token() const {
  return state_->token;
}

Result<void, std::string> GssInitiator::finish(std::span<const std::byte> answer) {
  if (answer.empty()) {
    return fail(std::string("the server has not proved who it is"));
  }
  const OM_uint32 major = state_->step(answer);
  if (GSS_ERROR(major)) {
    return fail(gss_reason(major, state_->minor, const_cast<gss_OID>(gss_mech_krb5)));
  }
  if ((major & GSS_S_CONTINUE_NEEDED) != 0 || (state_->flags & GSS_C_MUTUAL_FLAG) == 0) {
    return fail(std::string("the server has not proved who it is"));
  }
  return {};
}

}  // namespace lunaria::security
