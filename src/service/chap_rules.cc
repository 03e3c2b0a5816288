#include "service/chap_rules.h"

#include <fmt/format.h>

#include "service/names.h"

namespace lunaria::service {
namespace {

using catalogue::ChapColumns;
using catalogue::ChapDirection;

Error invalid(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

/// One direction after a change, with its secret in clear for the rule that compares.
struct Changed {
  ChapColumns columns;
  std::optional<Secret> secret;  ///< nullopt: none, or one that does not open
};

Outcome<Changed> apply(const Core& core, const std::string& place, const ChapColumns& present, const SetChap& change,
                       std::size_t secret_bytes_max) {
  Changed after{present, std::nullopt};
  after.columns.enabled = change.enabled.value_or(present.enabled);
  if (change.user_name) {
    const Outcome<void> checked = check_chap_user_name(*change.user_name);
    if (!checked) {
      return fail(checked.error());
    }
    after.columns.user_name = *change.user_name;
  }
  if (!change.secret) {
    after.secret = core.open_secret(present.sealed_secret, place);
    return after;
  }
  if (change.secret->empty()) {
    after.columns.sealed_secret.clear();
    return after;
  }
  const Outcome<void> checked = check_secret(*change.secret, secret_bytes_max);
  if (!checked) {
    return fail(checked.error());
  }
  after.columns.sealed_secret = core.environment.secrets.seal(*change.secret, place);
  after.secret = change.secret->clone();
  return after;
}

bool is_complete(const ChapColumns& columns) {
  return !columns.user_name.empty() && !columns.sealed_secret.empty();
}

Outcome<void> check_pair(const Changed& forward, const Changed& reverse) {
  if (forward.columns.enabled && !is_complete(forward.columns)) {
    return fail(invalid("CHAP needs a user name and a secret. Set both before it is enabled, or with it."));
  }
  if (reverse.columns.enabled && !forward.columns.enabled) {
    return fail(invalid("Reverse CHAP needs CHAP: enable CHAP as well, or disable reverse CHAP first."));
  }
  if (reverse.columns.enabled && !is_complete(reverse.columns)) {
    return fail(invalid("Reverse CHAP needs a user name and a secret of its own. Set both before it is enabled."));
  }
  if (forward.secret && reverse.secret && *forward.secret == *reverse.secret) {
    return fail(invalid("The secrets of the two directions must differ (RFC 7143 9.2.1)."));
  }
  return {};
}

}  // namespace

ChapPair target_chap(const Core& core, const catalogue::TargetRow& row) {
  ChapPair pair;
  pair.forward.enabled = row.chap_enabled;
  pair.reverse.enabled = row.reverse_chap_enabled;
  for (const ChapDirection direction : {ChapDirection::kForward, ChapDirection::kReverse}) {
    const auto found = core.contents.chap.find({row.id, direction});
    if (found != core.contents.chap.end()) {
      ChapColumns& columns = direction == ChapDirection::kForward ? pair.forward : pair.reverse;
      columns.user_name = found->second.user_name;
      columns.sealed_secret = found->second.sealed_secret;
    }
  }
  return pair;
}

std::string chap_owner(catalogue::TargetId id) {
  return fmt::format("chap_credentials/{}", static_cast<std::uint32_t>(id));
}

std::string chap_owner(const catalogue::InitiatorRow& row) {
  return "initiators/" + row.name;
}

std::string chap_owner(const catalogue::PortalGroupRow& row) {
  return fmt::format("portal_groups/{}", row.tag);
}

std::string chap_place(std::string_view owner, ChapDirection direction) {
  return fmt::format("{}/{}/secret", owner, direction == ChapDirection::kForward ? "forward" : "reverse");
}

ChapSettings chap_settings(const ChapColumns& columns) {
  return {columns.enabled, columns.user_name, !columns.sealed_secret.empty()};
}

Outcome<ChapPair> changed_chap(const Core& core, const std::string& owner, const ChapPair& present,
                               const ChapChange& change) {
  Outcome<Changed> forward =
      apply(core, chap_place(owner, ChapDirection::kForward), present.forward, change.forward, change.secret_bytes_max);
  if (!forward) {
    return fail(forward.error());
  }
  Outcome<Changed> reverse =
      apply(core, chap_place(owner, ChapDirection::kReverse), present.reverse, change.reverse, change.secret_bytes_max);
  if (!reverse) {
    return fail(reverse.error());
  }
  const Outcome<void> checked = check_pair(*forward, *reverse);
  if (!checked) {
    return fail(checked.error());
  }
  return ChapPair{std::move(forward->columns), std::move(reverse->columns)};
}

}  // namespace lunaria::service
