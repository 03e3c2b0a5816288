#include "daemon/options.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "security/tls.h"

namespace lunaria::daemon {
namespace {

constexpr const char* kDefaultFile = "/etc/lunaria/lunaria.toml";

std::string check_endpoint(const std::string& text) {
  if (IpEndpoint::parse(text)) {
    return {};
  }
  return "'" + text + "' is not ADDRESS:PORT; write 192.0.2.1:3260 or [2001:db8::1]:3260";
}

std::vector<IpEndpoint> parse_endpoints(const std::vector<std::string>& texts) {
  std::vector<IpEndpoint> endpoints;
  for (const std::string& text : texts) {
    if (const auto endpoint = IpEndpoint::parse(text)) {
      endpoints.push_back(*endpoint);
    }
  }
  return endpoints;
}

LogLevel parse_level(std::string_view text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kWarning, LogLevel::kError}) {
    if (to_string(level) == text) {
      return level;
    }
  }
  return LogLevel::kInfo;
}

/// The options as text, which is what CLI11 fills and prints.
struct Texts {
  std::vector<std::string> iscsi{"127.0.0.1:3260"};
  std::vector<std::string> http{"127.0.0.1:5988"};
  std::vector<std::string> https{"127.0.0.1:5989"};
  std::vector<std::string> kerberos_roles;
  std::string log_level = "info";
};

void describe_kerberos(CLI::App& app, KerberosOptions& kerberos, Texts& texts) {
  app.add_option("--kerberos-keytab", kerberos.keytab,
                 "Keytab with the key of HTTP/HOST@REALM: clients may show Kerberos tickets (HTTP Negotiate)")
      ->envname("LUNARIA_KERBEROS_KEYTAB");
  app.add_option("--kerberos-principal", kerberos.principal,
                 "Service principal to take tickets for (default: any that the keytab has a key of)")
      ->envname("LUNARIA_KERBEROS_PRINCIPAL");
  app.add_option("--kerberos-realms", kerberos.users.realms,
                 "Realms whose principals NAME@REALM are the users NAME@REALM or NAME (`lunaria user add`)")
      ->envname("LUNARIA_KERBEROS_REALMS");
  app.add_option("--kerberos-roles", texts.kerberos_roles,
                 "PRINCIPAL@REALM=ROLE: principals with a role of their own, without a user")
      ->envname("LUNARIA_KERBEROS_ROLES");
}

void describe_pam(CLI::App& app, PamOptions& pam) {
  app.add_option("--pam-service", pam.service,
                 "Judge the passwords of users that are not in the catalogue with this service of PAM (a file of "
                 "/etc/pam.d); empty: do not")
      ->envname("LUNARIA_PAM_SERVICE");
  app.add_option("--pam-administrators", pam.administrators,
                 "Group whose members are administrators, if PAM lets them in")
      ->envname("LUNARIA_PAM_ADMINISTRATORS");
  app.add_option("--pam-operators", pam.operators, "Group whose members are operators")
      ->envname("LUNARIA_PAM_OPERATORS");
  app.add_option("--pam-viewers", pam.viewers, "Group whose members are viewers")->envname("LUNARIA_PAM_VIEWERS");
  app.add_option("--pam-helper", pam.helper, "The program that asks PAM")
      ->envname("LUNARIA_PAM_HELPER")
      ->capture_default_str();
}

void describe_audit(CLI::App& app, Options& options) {
  app.add_option("--audit-file", options.audit_file,
                 "Record who changed what here, one JSON object a line (default: STATE/audit/audit.jsonl); `none` for "
                 "no file")
      ->envname("LUNARIA_AUDIT_FILE");
  app.add_option("--audit-file-mib", options.audit_file_mib, "Begin another audit file when this is full, in MiB")
      ->envname("LUNARIA_AUDIT_FILE_MIB")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--audit-file-count", options.audit_file_count, "Keep so many audit files")
      ->envname("LUNARIA_AUDIT_FILE_COUNT")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--audit-journal", options.audit_journal,
                 "Record the same in the journal that listens on this socket, where there is one; `none` for none")
      ->envname("LUNARIA_AUDIT_JOURNAL")
      ->capture_default_str();
}

void describe(CLI::App& app, Options& options, Texts& texts) {
  const CLI::Validator endpoint(check_endpoint, "ADDRESS:PORT");
  app.add_option("--state-directory", options.state_directory, "Catalogue, keys and disks live here")
      ->envname("LUNARIA_STATE_DIRECTORY")
      ->capture_default_str();
  app.add_option("--image-directories", options.image_directories,
                 "Directories and devices in which operators may create and import disks, beside STATE/disks; "
                 "administrators may everywhere")
      ->envname("LUNARIA_IMAGE_DIRECTORIES");
  app.add_option("--iscsi-address", texts.iscsi,
                 "iSCSI portals to make at the first start; afterwards use `lunaria portal set`")
      ->envname("LUNARIA_ISCSI_ADDRESS")
      ->check(endpoint)
      ->capture_default_str();
  app.add_option("--http-address", texts.http, "CIM-XML over HTTP; `none` for none. Passwords only from loopback")
      ->envname("LUNARIA_HTTP_ADDRESS")
      ->check(endpoint | CLI::IsMember({"none"}))
      ->capture_default_str();
  app.add_option("--https-address", texts.https, "CIM-XML over HTTPS; `none` for none")
      ->envname("LUNARIA_HTTPS_ADDRESS")
      ->check(endpoint | CLI::IsMember({"none"}))
      ->capture_default_str();
  app.add_option("--socket", options.socket_path, "Unix socket of the object manager (default: STATE/lunaria.sock)")
      ->envname("LUNARIA_SOCKET");
  app.add_option("--tls-certificate", options.tls_certificate,
                 "Certificate in PEM (default: STATE/tls/certificate.pem, self-signed at the first start)")
      ->envname("LUNARIA_TLS_CERTIFICATE");
  app.add_option("--tls-key", options.tls_key, "Private key in PEM (default: STATE/tls/key.pem)")
      ->envname("LUNARIA_TLS_KEY");
  app.add_option(
         "--tls-client-authorities", options.tls_client_authorities,
         "Issuers (PEM) whose clients may show a certificate instead of a password; its common name is the user")
      ->envname("LUNARIA_TLS_CLIENT_AUTHORITIES");
  app.add_option("--indication-authorities", options.indication_authorities,
                 "Issuers (PEM) of the certificates of https listeners of indications (default: those of the system)")
      ->envname("LUNARIA_INDICATION_AUTHORITIES");
  describe_kerberos(app, options.kerberos, texts);
  app.add_option("--shards", options.shards, "Threads that serve data; 0: one less than the processors")
      ->envname("LUNARIA_SHARDS")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  app.add_option("--buffer-memory-mib", options.buffer_memory_mib, "Memory for data in flight, in MiB")
      ->envname("LUNARIA_BUFFER_MEMORY_MIB")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  app.add_option("--command-timeout-seconds", options.command_timeout_seconds,
                 "Abort a SCSI command that runs longer, its data included; 0: never")
      ->envname("LUNARIA_COMMAND_TIMEOUT_SECONDS")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  app.add_option("--busy-poll-us", options.busy_poll_us,
                 "The longest that a thread whose work comes fast looks for more before it sleeps, in microseconds; "
                 "0: never")
      ->envname("LUNARIA_BUSY_POLL_US")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--backend", options.backend,
                 "How to ask the kernel; automatic: io_uring, or epoll where that is refused")
      ->envname("LUNARIA_BACKEND")
      ->check(CLI::IsMember({"automatic", "io_uring", "epoll"}))
      ->capture_default_str();
  app.add_option("--log-level", texts.log_level, "The least important lines to write")
      ->envname("LUNARIA_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  describe_pam(app, options.pam);
  describe_audit(app, options);
  app.add_flag("--demo", options.demo, "Make a first disk and target when there are none")->configurable(false);
}

/// Gives every option that neither a flag nor the environment has set the file's value, through the same checks.
/// Returns what is wrong with the file, or nothing.
std::string apply_file(CLI::App& app, const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fmt::format("{}:{}: {}", path, error.source().begin.line, error.description());
  }
  for (const auto& [key, value] : table) {
    const auto line = value.source().begin.line;
    CLI::Option* option = app.get_option_no_throw("--" + std::string(key.str()));
    if (option == nullptr || !option->get_configurable()) {
      return fmt::format("{}:{}: there is no setting '{}'; --print-config lists them", path, line, key.str());
    }
    if (!option->empty()) {
      continue;
    }
    toml::array single;
    const toml::array* values = value.as_array();
    if (values == nullptr) {
      value.visit([&single](const auto& node) { single.push_back(node); });
      values = &single;
    }
    for (const toml::node& element : *values) {
      if (const auto text = element.value<std::string>()) {
        option->add_result(*text);
      } else if (const auto number = element.value<std::int64_t>()) {
        option->add_result(std::to_string(*number));
      } else {
        return fmt::format("{}:{}: '{}' takes text or a whole number", path, line, key.str());
      }
    }
    try {
      option->run_callback();
    } catch (const CLI::Error& error) {
      return fmt::format("{}:{}: {}", path, line, error.what());
    }
  }
  return {};
}

/// Prints what clients pin: `lunaria --fingerprint`. Returns the exit status.
int print_fingerprint(const Options& options) {
  std::ifstream file(options.tls_certificate, std::ios::binary);
  std::string pem(std::istreambuf_iterator<char>(file), {});
  const auto fingerprint = security::certificate_fingerprint(pem);
  if (!fingerprint) {
    fmt::print(stderr, "lunariad: {} holds no certificate{}\n", options.tls_certificate,
               file.is_open() ? "" : "; it is made at the first start, or give --tls-certificate FILE");
    return 1;
  }
  fmt::print("{}\n", *fingerprint);
  return 0;
}

void print_config(const Options& options, const Texts& texts) {
  const auto list = [](const std::vector<std::string>& values) {
    toml::array array;
    for (const std::string& value : values) {
      array.push_back(value);
    }
    return array;
  };
  std::ostringstream out;
  out << toml::table{{"state-directory", options.state_directory},
                     {"image-directories", list(options.image_directories)},
                     {"iscsi-address", list(texts.iscsi)},
                     {"http-address", list(texts.http)},
                     {"https-address", list(texts.https)},
                     {"socket", options.socket_path},
                     {"tls-certificate", options.tls_certificate},
                     {"tls-key", options.tls_key},
                     {"tls-client-authorities", options.tls_client_authorities},
                     {"indication-authorities", options.indication_authorities},
                     {"kerberos-keytab", options.kerberos.keytab},
                     {"kerberos-principal", options.kerberos.principal},
                     {"kerberos-realms", list(options.kerberos.users.realms)},
                     {"kerberos-roles", list(texts.kerberos_roles)},
                     {"pam-service", options.pam.service},
                     {"pam-administrators", options.pam.administrators},
                     {"pam-operators", options.pam.operators},
                     {"pam-viewers", options.pam.viewers},
                     {"pam-helper", options.pam.helper},
                     {"shards", options.shards},
                     {"buffer-memory-mib", options.buffer_memory_mib},
                     {"command-timeout-seconds", options.command_timeout_seconds},
                     {"busy-poll-us", options.busy_poll_us},
                     {"backend", options.backend},
                     {"log-level", texts.log_level},
                     {"audit-file", options.audit_file},
                     {"audit-file-mib", options.audit_file_mib},
                     {"audit-file-count", options.audit_file_count},
                     {"audit-journal", options.audit_journal}};
  fmt::print("{}\n", out.str());
}

/// Who may log in with a ticket. Returns what is wrong, or nothing.
std::string complete(KerberosOptions& kerberos, const std::vector<std::string>& roles) {
  for (const std::string& role : roles) {
    if (const auto added = add_kerberos_role(kerberos.users, role); !added) {
      return "kerberos-roles: " + added.error();
    }
  }
  const bool names_somebody = !kerberos.users.realms.empty() || !kerberos.users.roles.empty();
  if (kerberos.keytab.empty() && (names_somebody || !kerberos.principal.empty())) {
    return "kerberos-realms, kerberos-roles and kerberos-principal need kerberos-keytab FILE";
  }
  if (!kerberos.keytab.empty() && !names_somebody) {
    return "kerberos-keytab lets nobody in without kerberos-realms REALM or kerberos-roles PRINCIPAL@REALM=ROLE";
  }
  return {};
}

/// Who may log in by way of PAM. Returns what is wrong, or nothing.
std::string check_pam(const PamOptions& pam) {
  const bool names_somebody = !pam.administrators.empty() || !pam.operators.empty() || !pam.viewers.empty();
  if (pam.service.empty() != !names_somebody) {
    return "pam-service NAME goes with pam-administrators, pam-operators or pam-viewers GROUP: without a group nobody "
           "has a role";
  }
  if (pam.service.size() > pam::kServiceBytesMax || pam.service.find('/') != std::string::npos) {
    return fmt::format("pam-service is the name of a file in /etc/pam.d, at most {} bytes", pam::kServiceBytesMax);
  }
  for (const std::string& group : {pam.administrators, pam.operators, pam.viewers}) {
    if (group.size() > pam::kGroupBytesMax) {
      return fmt::format("'{}' is too long for a group: at most {} bytes", group, pam::kGroupBytesMax);
    }
  }
  if (!pam.service.empty() && !pam.helper.starts_with('/')) {
    return "pam-helper must be an absolute path";
  }
  return {};
}

/// Brings the paths into the form that others are compared with. Returns what is wrong, or nothing.
std::string check_image_directories(std::vector<std::string>& directories) {
  for (std::string& directory : directories) {
    if (!directory.starts_with('/')) {
      return fmt::format("image-directories takes absolute paths of directories and devices, not '{}'", directory);
    }
    directory += '/';
    directory = std::filesystem::path(directory).lexically_normal().parent_path().native();
  }
  return {};
}

/// What was left out and follows from the rest. Returns what is wrong, or nothing.
std::string complete(Options& options, const Texts& texts) {
  options.iscsi_addresses = parse_endpoints(texts.iscsi);
  options.http_addresses = parse_endpoints(texts.http);
  options.https_addresses = parse_endpoints(texts.https);
  options.log_level = parse_level(texts.log_level);
  if (options.socket_path.empty()) {
    options.socket_path = options.state_directory + "/lunaria.sock";
  }
  if (options.audit_file.empty()) {
    options.audit_file = options.state_directory + "/audit/audit.jsonl";
  }
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return "tls-certificate and tls-key go together: give both or neither";
  }
  if (options.tls_certificate.empty()) {
    options.tls_certificate = options.state_directory + "/tls/certificate.pem";
    options.tls_key = options.state_directory + "/tls/key.pem";
  }
  if (std::string wrong = check_image_directories(options.image_directories); !wrong.empty()) {
    return wrong;
  }
  if (std::string wrong = check_pam(options.pam); !wrong.empty()) {
    return wrong;
  }
  return complete(options.kerberos, texts.kerberos_roles);
}

}  // namespace

OptionsOutcome read_options(int argc, const char* const* argv) {
  CLI::App app("lunariad - iSCSI target with its own CIM object manager", "lunariad");
  Options options;
  Texts texts;
  describe(app, options, texts);
  std::string file;
  bool print = false;
  bool fingerprint = false;
  app.add_option("--config", file,
                 "TOML file with the same names (default: " + std::string(kDefaultFile) + ", which may be missing)")
      ->envname("LUNARIA_CONFIG")
      ->configurable(false);
  app.add_flag("--print-config", print, "Print the settings in force as TOML, and exit")->configurable(false);
  app.add_flag("--print-fingerprint", fingerprint,
               "Print the SHA-256 fingerprint of the certificate, for `lunaria --fingerprint`, and exit")
      ->configurable(false);
  app.set_version_flag("--version", std::string("lunariad ") + LUNARIA_VERSION)->configurable(false);
  app.footer("Try: lunariad --state-directory ./var --demo");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::string wrong;
  if (!file.empty() || access(kDefaultFile, F_OK) == 0) {
    wrong = apply_file(app, file.empty() ? kDefaultFile : file);
  }
  if (wrong.empty()) {
    wrong = complete(options, texts);
  }
  if (!wrong.empty()) {
    fmt::print(stderr, "lunariad: {}\n", wrong);
    return 2;
  }
  if (print) {
    print_config(options, texts);
    return 0;
  }
  if (fingerprint) {
    return print_fingerprint(options);
  }
  return options;
}

}  // namespace lunaria::daemon
