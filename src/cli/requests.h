#pragma once

// The operations on a Server in the form that commands need.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cim/instance.h"
#include "cim/object_path.h"
#include "cim/property_list.h"
#include "cli/failure.h"
#include "wbem/cimxml/decode_response.h"

namespace lunaria::cli {

class Server;

inline constexpr std::string_view kLunariaSpace = "root/lunaria";
inline constexpr std::string_view kWmiSpace = "root/wmi";
inline constexpr std::string_view kInteropSpace = "root/interop";
inline constexpr std::string_view kStorageSpace = "root/cimv2/storage/iscsitarget";

using Properties = std::vector<cim::NamedValue>;
using Keys = std::vector<cim::KeyBinding>;
using NamedInstances = std::vector<wbem::cimxml::NamedInstance>;

/// What a method answered.
struct MethodAnswer {
  cim::Value return_value;
  std::vector<wbem::cimxml::DecodedParameter> out;
  /// Null when it is not there.
  const cim::Value* find(std::string_view parameter) const;
};

/// An instance path. The order of `keys` does not matter.
cim::ObjectPath path_of(std::string_view name_space, std::string_view class_name, Keys keys);

/// Instances of the class and those below it.
Outcome<NamedInstances> enumerate(Server& server, std::string_view name_space, std::string_view class_name,
                                  cim::PropertyList properties = std::nullopt);
/// Those for which a condition holds (DMTF:FQL), pulled some at a time.
Outcome<NamedInstances> enumerate_filtered(Server& server, std::string_view name_space, std::string_view class_name,
                                           std::string_view filter);
Outcome<cim::Instance> get_instance(Server& server, const cim::ObjectPath& path);
/// The path that the server gave the new instance.
Outcome<cim::ObjectPath> create_instance(Server& server, std::string_view name_space, std::string_view class_name,
                                         const Properties& properties);
/// Changes exactly these properties.
Outcome<void> modify_instance(Server& server, const cim::ObjectPath& path, const Properties& properties);
Outcome<void> delete_instance(Server& server, const cim::ObjectPath& path);
/// `path` is of an instance or of a class.
Outcome<MethodAnswer> invoke(Server& server, const cim::ObjectPath& path, std::string_view method,
                             const Properties& parameters = {});
/// The whole class: inherited elements and qualifiers too.
Outcome<cim::ClassPtr> get_class(Server& server, std::string_view name_space, std::string_view class_name);

// What instances hold; "" / 0 / false where they hold nothing.
std::string text_of(const cim::Instance& instance, std::string_view property);
std::uint64_t number_of(const cim::Instance& instance, std::string_view property);
bool flag_of(const cim::Instance& instance, std::string_view property);
/// NULL where it is absent.
cim::Value value_of(const cim::Instance& instance, std::string_view property);

}  // namespace lunaria::cli
