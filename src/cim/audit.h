#pragma once

// AuditTrail: where every attempt to change something through the object manager is recorded, every call of a method,
// and whoever was not let in. A record says who did what to which object and how that ended; it never holds the value
// of a property or a parameter, since those may be secrets: names and paths alone.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/error.h"
#include "cim/operation_context.h"
#include "cim/property_list.h"
#include "cim/provider.h"

namespace lunaria::cim {

/// One attempt. Texts come from clients in part: whoever writes them escapes and cuts them.
struct AuditRecord {
  runtime::WallTime time{};  ///< when the request came
  std::string user;          ///< "" where nobody could say
  std::optional<Role> role;  ///< of the user, once authenticated
  Authentication authentication = Authentication::kPassword;
  std::string peer;            ///< "192.0.2.1:51234", "unix uid=0 pid=17"
  std::string_view front;      ///< "cim-xml"; "" before a protocol was known
  std::string_view transport;  ///< "https", "http", "unix"
  std::string_view operation;
  std::string name_space;
  std::string class_name;
  std::string method;                   ///< of InvokeMethod
  std::string object;                   ///< a path, or the name of a class or qualifier type
  std::vector<std::string> elements;    ///< the properties or parameters that were given, by name
  std::vector<std::string> references;  ///< "Name=path" of parameters that refer to objects, "ReturnValue=path"
  std::string result;                   ///< "ok", "CIM_ERR_NOT_FOUND"; "refused" of credentials
  std::string reason;                   ///< why credentials were refused: one word
  std::string return_value;             ///< of the method, when it is an integer
};

/// Called on the control shard, within the operation; returns soon, whatever becomes of the record.
class AuditTrail {
 public:
  virtual ~AuditTrail() = default;
  virtual void record(const AuditRecord& record) = 0;
};

/// An AuditTrail that keeps its records, for assertions in tests.
class MemoryAuditTrail final : public AuditTrail {
 public:
  void record(const AuditRecord& record) override { records_.push_back(record); }
  const std::vector<AuditRecord>& records() const { return records_; }

 private:
  std::vector<AuditRecord> records_;
};

/// The operation of a record that is not one of DSP0200: credentials were not good enough.
inline constexpr std::string_view kAuthenticate = "Authenticate";

/// What the context says of a record.
AuditRecord begin_record(const OperationContext& context, OperationKind kind);
/// "ok" or the name of the status. Never the message, which may repeat what the client gave.
std::string audit_result(const Error* error);
/// The properties that a change names: those listed, or those that the instance carries.
std::vector<std::string> changed_elements(const Instance& instance, const PropertyList& properties);
/// Adds the names of parameters, and where those lead that are references.
void add_parameters(AuditRecord& record, const ParameterValues& in);
void add_references(AuditRecord& record, const ParameterValues& parameters);

// What an operation answered, one overload for each kind of answer.
void add_answer(AuditRecord& record, const ObjectPath& created);
void add_answer(AuditRecord& record, const MethodResult& result);

}  // namespace lunaria::cim
