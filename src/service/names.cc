#include "service/names.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "base/check.h"
#include "base/hex.h"
#include "base/ip_address.h"
#include "base/mac_address.h"
#include "service/portal.h"

namespace lunaria::service {
namespace {

std::unexpected<Error> invalid(std::string message) {
  return fail(Error{ErrorCode::kInvalidArgument, std::move(message)});
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Length of the UTF-8 sequence at the start of `text` (RFC 3629: shortest form, no surrogates); 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const auto continues = [&](std::size_t index, unsigned char low = 0x80, unsigned char high = 0xbf) {
    return index < text.size() && byte(index) >= low && byte(index) <= high;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned char low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned char low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// UTF-8 without control characters.
bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool is_c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 0 || first < 0x20 || first == 0x7f || is_c1) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

Outcome<void> check_label(std::string_view what, std::string_view text, std::size_t bytes_max) {
  if (text.empty() || text.size() > bytes_max) {
    return invalid(fmt::format("{} has {} bytes; it must have 1 to {}.", what, text.size(), bytes_max));
  }
  if (!is_printable(text) || text.front() == ' ' || text.back() == ' ') {
    return invalid(fmt::format("{} must be printable text that neither begins nor ends with a space.", what));
  }
  return {};
}

Outcome<void> check_range(std::string_view what, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value < low || value > high) {
    return invalid(fmt::format("{} is {}; it must be {} to {}.", what, value, low, high));
  }
  return {};
}

/// "2026-11" and the reversed domain after it (RFC 7143 4.2.7.4).
bool is_iqn_body(std::string_view body) {
  const auto digits = [&](std::size_t first, std::size_t count) {
    return std::all_of(body.begin() + static_cast<std::ptrdiff_t>(first),
                       body.begin() + static_cast<std::ptrdiff_t>(first + count), is_digit);
  };
  if (body.size() < 9 || !digits(0, 4) || body[4] != '-' || !digits(5, 2) || body[7] != '.') {
    return false;
  }
  const int month = (body[5] - '0') * 10 + (body[6] - '0');
  const std::string_view authority =
      body.substr(8, body.find(':') == std::string_view::npos ? std::string_view::npos : body.find(':') - 8);
  const bool dots_well_placed = !authority.empty() && authority.front() != '.' && authority.back() != '.' &&
                                authority.find("..") == std::string_view::npos;
  return month >= 1 && month <= 12 && dots_well_placed;
}

bool is_hex_of(std::string_view text, std::initializer_list<std::size_t> lengths) {
  return std::find(lengths.begin(), lengths.end(), text.size()) != lengths.end() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

/// Letters, digits, '-', '.'; other characters become '-', and runs of '-' one.
std::string to_iqn_part(std::string_view text) {
  std::string part;
  for (const char c : text) {
    const bool plain = is_letter(c) || is_digit(c) || c == '.';
    if (plain) {
      part.push_back(c);
    } else if (!part.empty() && part.back() != '-') {
      part.push_back('-');
    }
  }
  while (!part.empty() && part.back() == '-') {
    part.pop_back();
  }
  return fold_case(part);
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return folded;
}

bool same_name(std::string_view left, std::string_view right) {
  return left.size() == right.size() && fold_case(left) == fold_case(right);
}

Outcome<void> check_disk_name(std::string_view name) {
  Outcome<void> checked = check_label("The disk name", name, 64);
  if (checked && (name.find('/') != std::string_view::npos || name.front() == '.')) {
    return invalid("The disk name becomes a file name: it must not hold '/' nor begin with '.'.");
  }
  return checked;
}

Outcome<void> check_target_name(std::string_view name) {
  return check_label("The target name", name, kIscsiNameBytesMax);
}

Outcome<void> check_user_name(std::string_view name) {
  const auto allowed = [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
  };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), allowed)) {
    return invalid("A user name has 1 to 64 of the characters a-z A-Z 0-9 . _ - @.");
  }
  return {};
}

Outcome<void> check_server_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; };
  if (name.empty() || name.size() > 63 || !std::all_of(name.begin(), name.end(), allowed)) {
    return invalid("The server name has 1 to 63 of the characters a-z A-Z 0-9 . -.");
  }
  return {};
}

Outcome<void> check_description(std::string_view description) {
  if (description.size() > kDescriptionBytesMax || !is_printable(description)) {
    return invalid(fmt::format("The description must be printable text of at most {} bytes.", kDescriptionBytesMax));
  }
  return {};
}

Outcome<void> check_chap_user_name(std::string_view name) {
  if (name.size() > 255 || !is_printable(name)) {
    return invalid("A CHAP user name must be printable text of at most 255 bytes.");
  }
  return {};
}

Outcome<void> check_secret(const Secret& secret, std::size_t bytes_max) {
  if (secret.size() < kSecretBytesMin || secret.size() > bytes_max) {
    return invalid(fmt::format("A CHAP secret must have {} to {} bytes.", kSecretBytesMin, bytes_max));
  }
  return {};
}

Outcome<void> check_password(const Secret& password) {
  if (password.size() < 8 || password.size() > 1024) {
    return invalid("A password must have 8 to 1024 bytes.");
  }
  return {};
}

Outcome<void> check_preferences(const target::NegotiationPreferences& offer) {
  constexpr std::uint64_t kLengthMax = (1 << 24) - 1;  // RFC 7143 13.12 to 13.14
  for (Outcome<void> checked : {
           check_range("MaxRecvDataSegmentLength", offer.max_recv_data_segment_length, 512, kLengthMax),
           check_range("MaxBurstLength", offer.max_burst_length, 512, kLengthMax),
           check_range("FirstBurstLength", offer.first_burst_length, 512, kLengthMax),
           check_range("MaxOutstandingR2T", offer.max_outstanding_r2t, 1, 65535),
           check_range("MaxConnections", offer.max_connections, 1, 65535),
           check_range("DefaultTime2Wait", offer.default_time2wait, 0, 3600),
           check_range("DefaultTime2Retain", offer.default_time2retain, 0, 3600),
           check_range("ErrorRecoveryLevel", offer.error_recovery_level, 0, 2),
       }) {
    if (!checked) {
      return checked;
    }
  }
  if (offer.first_burst_length > offer.max_burst_length) {
    return invalid(fmt::format("FirstBurstLength ({}) must not be above MaxBurstLength ({}).", offer.first_burst_length,
                               offer.max_burst_length));
  }
  return {};
}

Outcome<void> check_path(std::string_view path, std::string_view state_directory) {
  const std::filesystem::path given(path);
  if (path.empty() || path.size() > 4000 || !is_printable(path) || path.front() != '/' || path.back() == '/' ||
      given.lexically_normal().native() != path) {
    return invalid(fmt::format("'{}' is not a path of a file: it must be absolute, without '.', '..' and '//'.",
                               is_printable(path) ? path.substr(0, 200) : "?"));
  }
  const std::string inside = std::string(state_directory) + "/";
  const std::string disks = inside + "disks/";
  if (path.starts_with(inside) && !path.starts_with(disks)) {
    return invalid(fmt::format("{} holds the server's own files. Disks there live in {}.", state_directory, disks));
  }
  return {};
}

Outcome<std::string> canonical_iscsi_name(std::string_view name) {
  std::string folded = fold_case(name);
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == ':'; };
  if (folded.size() > kIscsiNameBytesMax || !std::all_of(folded.begin(), folded.end(), allowed)) {
    return invalid(fmt::format("An iSCSI name has at most {} of the characters a-z 0-9 . - : (RFC 7143 4.2.7).",
                               kIscsiNameBytesMax));
  }
  const std::string_view body = std::string_view(folded).substr(std::min<std::size_t>(4, folded.size()));
  const bool well_formed = (folded.starts_with("iqn.") && is_iqn_body(body)) ||
                           (folded.starts_with("eui.") && is_hex_of(body, {16})) ||
                           (folded.starts_with("naa.") && is_hex_of(body, {16, 32}));
  if (!well_formed) {
    return invalid(
        fmt::format("'{}' is not an iSCSI name. Write iqn.YYYY-MM.reversed.domain:name, eui. with 16 or naa. "
                    "with 16 or 32 hexadecimal digits.",
                    folded));
  }
  return folded;
}

Outcome<std::string> canonical_initiator_name(std::string_view name) {
  // Initiators' names in the field are looser than ours have to be (underscores, other scripts): exact text counts.
  std::string folded = fold_case(name);
  const bool has_prefix = folded.starts_with("iqn.") || folded.starts_with("eui.") || folded.starts_with("naa.");
  const bool has_space = folded.find(' ') != std::string::npos;
  if (!has_prefix || folded.size() <= 4 || folded.size() > kIscsiNameBytesMax || has_space || !is_printable(folded)) {
    return invalid(
        "An initiator name begins with iqn., eui. or naa., holds no space and has at most 223 bytes; in access rules "
        "'*' stands for everyone.");
  }
  return folded;
}

Outcome<std::string> canonical_host_name(std::string_view name) {
  std::string folded = fold_case(name.substr(0, 256));
  if (folded.ends_with('.')) {
    folded.pop_back();
  }
  const auto is_allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  bool is_well_formed = !folded.empty() && folded.size() <= 253 && !IpAddress::parse(folded);
  for (std::string_view rest = folded; is_well_formed && !rest.empty();) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    is_well_formed = !label.empty() && label.size() <= 63 && std::all_of(label.begin(), label.end(), is_allowed) &&
                     label.front() != '-' && label.back() != '-' && (label.size() == rest.size() || rest.back() != '.');
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
  }
  // Names of digits only are read as addresses by many programs ("10" is 0.0.0.10).
  is_well_formed = is_well_formed && std::any_of(folded.begin(), folded.end(), is_letter);
  if (!is_well_formed) {
    return invalid(
        fmt::format("'{}' is not a host name. Write it as in DNS (host.example.com), other scripts as "
                    "xn--; an address goes into a rule for addresses.",
                    folded));
  }
  return folded;
}

Outcome<std::string> canonical_redirect_address(std::string_view text) {
  if (const std::optional<IpEndpoint> endpoint = IpEndpoint::parse(text)) {
    if (endpoint->port != 0 && !endpoint->address.is_any()) {
      return endpoint->to_string();
    }
  }
  const std::string_view bare = text.starts_with('[') && text.ends_with(']') ? text.substr(1, text.size() - 2) : text;
  if (const std::optional<IpAddress> address = IpAddress::parse(bare); address && !address->is_any()) {
    return IpEndpoint{*address, kIscsiPort}.to_string();
  }
  const std::size_t colon = text.find(':');
  const Outcome<std::string> name = canonical_host_name(text.substr(0, colon));
  if (name && colon == std::string_view::npos) {
    return fmt::format("{}:{}", *name, kIscsiPort);
  }
  const std::string_view digits = name ? text.substr(colon + 1) : std::string_view();
  std::uint32_t port = 0;
  for (const char c : digits) {
    port = is_digit(c) && port <= 65535 ? port * 10 + static_cast<std::uint32_t>(c - '0') : 65536;
  }
  if (port == 0 || port > 65535) {
    return invalid(
        fmt::format("'{}' is no place to send logins to. Write an address or a host name, with a port where "
                    "it is not 3260: 192.0.2.7, [2001:db8::7]:3261, array.example.com:3260.",
                    text.substr(0, 256)));
  }
  return fmt::format("{}:{}", *name, port);
}

Outcome<AccessRule> canonical_rule(const AccessRule& rule) {
  switch (rule.method) {
    case AccessMethod::kDnsName: {
      const Outcome<std::string> name = canonical_host_name(rule.value);
      return name ? Outcome<AccessRule>(AccessRule{rule.method, *name}) : fail(name.error());
    }
    case AccessMethod::kMac: {
      const std::optional<MacAddress> mac = MacAddress::parse(rule.value);
      if (!mac) {
        return invalid(
            fmt::format("'{}' is not the MAC address of a network card. Write it as 00:1b:21:aa:bb:cc.", rule.value));
      }
      return AccessRule{rule.method, mac->to_string()};
    }
    case AccessMethod::kIqn: {
      if (rule.value == "*") {
        return rule;
      }
      const Outcome<std::string> name = canonical_initiator_name(rule.value);
      return name ? Outcome<AccessRule>(AccessRule{rule.method, *name}) : fail(name.error());
    }
    case AccessMethod::kIpv4:
    case AccessMethod::kIpv6: {
      const std::optional<IpPrefix> prefix = IpPrefix::parse(rule.value);
      if (!prefix || prefix->address.is_v4() != (rule.method == AccessMethod::kIpv4)) {
        return invalid(fmt::format(
            "An {} rule is an address or a prefix, such as {}.", rule.method == AccessMethod::kIpv4 ? "IPv4" : "IPv6",
            rule.method == AccessMethod::kIpv4 ? "192.0.2.7 or 192.0.2.0/24" : "2001:db8::7 or 2001:db8::/32"));
      }
      const bool whole = prefix->length == (prefix->address.is_v4() ? 32 : 128);
      return AccessRule{rule.method, whole ? prefix->address.to_string() : prefix->network().to_string()};
    }
  }
  return invalid("The access method must be 1 (DNS name), 2 (IPv4), 3 (MAC), 4 (IQN) or 5 (IPv6).");
}

std::string reversed_domain(std::string_view host_name) {
  constexpr std::string_view kNone = "org.lunaria";
  const std::size_t dot = host_name.find('.');
  if (dot == std::string_view::npos || IpAddress::parse(host_name)) {
    return std::string(kNone);
  }
  const std::string domain = fold_case(host_name.substr(dot + 1));
  if (domain.starts_with('.') || domain.ends_with('.') || domain.find("..") != std::string::npos) {
    return std::string(kNone);
  }
  if (domain == "localdomain" || domain == "local" || domain == "localhost") {
    return std::string(kNone);
  }
  std::string reversed;
  std::string_view rest = domain;
  while (!rest.empty()) {
    const std::size_t last = rest.rfind('.');
    const std::string_view label = last == std::string_view::npos ? rest : rest.substr(last + 1);
    const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
    if (label.empty() || !std::all_of(label.begin(), label.end(), allowed)) {
      return std::string(kNone);
    }
    reversed += (reversed.empty() ? "" : ".") + std::string(label);
    rest = last == std::string_view::npos ? std::string_view() : rest.substr(0, last);
  }
  return reversed.empty() || reversed.size() > 100 ? std::string(kNone) : reversed;
}

std::string default_iqn(std::string_view host_name, std::string_view server, std::string_view target) {
  std::string part = to_iqn_part(target);
  if (part.empty()) {
    part = "target";
  }
  std::string iqn = fmt::format("iqn.2026-11.{}:{}-{}", reversed_domain(host_name), to_iqn_part(server), part);
  iqn.resize(std::min(iqn.size(), kIscsiNameBytesMax - 8));  // leaves room for a number that makes it unique
  return iqn;
}

std::array<std::uint8_t, 8> derive_naa(const Uuid& installation, DiskId disk) {
  const std::string text =
      fmt::format("lunaria disk {} {}", installation.to_string(), static_cast<std::uint32_t>(disk));
  std::array<std::uint8_t, 32> digest{};
  check(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1, "SHA-256 is there");
  std::array<std::uint8_t, 8> naa{};
  std::copy_n(digest.begin(), naa.size(), naa.begin());
  naa[0] = static_cast<std::uint8_t>(0x30U | (naa[0] & 0x0fU));
  return naa;
}

std::string serial_of(const std::array<std::uint8_t, 8>& naa) {
  return to_hex(std::as_bytes(std::span(naa)));
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1ULL << 20;
  if (bytes % (kMiB << 10) == 0 && bytes > 0) {
    return fmt::format("{} GiB", bytes / (kMiB << 10));
  }
  if (bytes % kMiB == 0 && bytes > 0) {
    return fmt::format("{} MiB", bytes / kMiB);
  }
  return fmt::format("{} bytes", bytes);
}

}  // namespace lunaria::service
