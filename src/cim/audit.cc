#include "cim/audit.h"

namespace lunaria::cim {

AuditRecord begin_record(const OperationContext& context, OperationKind kind) {
  AuditRecord record;
  record.time = context.wall_time;
  record.user = context.principal;
  record.role = context.role;
  record.authentication = context.authentication;
  record.peer = context.peer_address;
  record.front = context.front;
  record.transport = context.transport;
  record.operation = operation_name(kind);
  return record;
}

std::string audit_result(const Error* error) {
  return error == nullptr ? "ok" : std::string(status_name(error->status));
}

std::vector<std::string> changed_elements(const Instance& instance, const PropertyList& properties) {
  if (properties) {
    return *properties;
  }
  std::vector<std::string> names;
  const auto& declared = instance.cls()->properties();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (!instance.value(i).is_absent()) {
      names.push_back(instance.cls()->property(i).name);
    }
  }
  return names;
}

void add_parameters(AuditRecord& record, const ParameterValues& in) {
  for (const ParameterValues::Entry& parameter : in.all()) {
    record.elements.push_back(parameter.name);
  }
  add_references(record, in);
}

void add_references(AuditRecord& record, const ParameterValues& parameters) {
  for (const ParameterValues::Entry& parameter : parameters.all()) {
    const Value& value = parameter.value;
    if (value.type() != Type::kReference) {
      continue;
    }
    if (value.as_reference()) {
      record.references.push_back(parameter.name + '=' + value.to_text());
    }
    for (const Value& element : value.elements()) {
      record.references.push_back(parameter.name + '=' + element.to_text());
    }
  }
}

void add_answer(AuditRecord& record, const ObjectPath& created) {
  record.object = created.to_string();
}

void add_answer(AuditRecord& record, const MethodResult& result) {
  if (is_integer(result.return_value.type()) && !result.return_value.is_array()) {
    record.return_value = result.return_value.to_text();
  }
  if (const InstancePtr answered = result.return_value.as_instance();
      answered != nullptr && !answered->cls()->key_indexes().empty()) {
    record.references.push_back("ReturnValue=" + answered->path(NamespaceName()).to_string());
  }
  add_references(record, result.out);
}

}  // namespace lunaria::cim
