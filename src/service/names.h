#pragma once

// Names and numbers that administrators give: what is allowed, in canonical form, and what is made up when none is
// given. Pure functions; errors are kInvalidArgument with the rule that was broken.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/uuid.h"
#include "service/disk.h"
#include "service/error.h"
#include "service/target.h"

namespace lunaria::service {

/// Longest iSCSI name in bytes (RFC 7143 4.2.7.1).
inline constexpr std::size_t kIscsiNameBytesMax = 223;
inline constexpr std::size_t kDescriptionBytesMax = 1024;
inline constexpr std::size_t kSecretBytesMin = 12;
inline constexpr std::uint16_t kLunMax = 16383;

/// ASCII letters in lower case, everything else as it is.
std::string fold_case(std::string_view text);
/// Equal but for the case of ASCII letters.
bool same_name(std::string_view left, std::string_view right);

Outcome<void> check_disk_name(std::string_view name);
Outcome<void> check_target_name(std::string_view name);
Outcome<void> check_user_name(std::string_view name);
Outcome<void> check_server_name(std::string_view name);
Outcome<void> check_description(std::string_view description);
Outcome<void> check_chap_user_name(std::string_view name);
Outcome<void> check_secret(const Secret& secret, std::size_t bytes_max);
Outcome<void> check_password(const Secret& password);
Outcome<void> check_preferences(const target::NegotiationPreferences& preferences);
/// Absolute, without "." and ".." and doubled slashes; inside `state_directory` only below its disks/.
Outcome<void> check_path(std::string_view path, std::string_view state_directory);

/// The name of a target in canonical (lower-case) form: "iqn." by RFC 7143 4.2.7.4, "eui." or "naa.".
Outcome<std::string> canonical_iscsi_name(std::string_view name);
/// The name of an initiator in canonical (lower-case) form; looser than for targets, as the names in the field are.
Outcome<std::string> canonical_initiator_name(std::string_view name);
/// A DNS name in lower case, without a dot at the end. No address, no other scripts (RFC 5890 has their xn-- form).
Outcome<std::string> canonical_host_name(std::string_view name);
/// "host:port" for TargetAddress (RFC 7143 13.8), the port always there; host is an IPv4 address, an IPv6 address in
/// brackets, or a DNS name.
Outcome<std::string> canonical_redirect_address(std::string_view text);
/// A rule's value in canonical form.
Outcome<AccessRule> canonical_rule(const AccessRule& rule);

/// "org.lunaria" unless `host_name` has a domain that can be meant: "host.example.com" gives "com.example".
std::string reversed_domain(std::string_view host_name);
/// iqn.2026-11.<reversed domain>:<server>-<target>, with what iSCSI names cannot hold turned into '-'.
std::string default_iqn(std::string_view host_name, std::string_view server, std::string_view target);

/// NAA 3h (locally assigned, SPC-5 7.7.6.7): 60 bits drawn from the installation and the disk, the same for ever.
std::array<std::uint8_t, 8> derive_naa(const Uuid& installation, DiskId disk);
/// The NAA in hexadecimal.
std::string serial_of(const std::array<std::uint8_t, 8>& naa);

/// "10 GiB", "1536 MiB", "1000 bytes": exact, for messages.
std::string size_text(std::uint64_t bytes);

}  // namespace lunaria::service
