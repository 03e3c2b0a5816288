#pragma once

// What commands show of each kind of thing; shared, as `status` shows all of them. Their keys are those of --json.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/printer.h"
#include "cli/requests.h"

namespace lunaria::cli {

std::span<const Column> disk_columns();
std::span<const Column> target_columns();
std::span<const Column> portal_columns();
std::span<const Column> mapping_columns();
std::span<const Column> redirect_columns();
std::span<const Column> access_columns();
std::span<const Column> service_columns();
std::span<const Column> session_columns();

std::vector<Row> rows_of(std::span<const Column> columns, const NamedInstances& instances);
/// Rows of session_columns() from WT_Session instances, whose connections are within them.
std::vector<Row> session_rows(const NamedInstances& sessions);
/// A row of service_columns() from the MSFTSM_ObjectManager instance.
Row service_row(const cim::Instance& manager);

/// Instances of a class of root/lunaria that belong to a target; to any when `target` is empty.
Outcome<std::vector<Row>> rows_of_target(Server& server, std::string_view class_name, std::string_view target_property,
                                         std::span<const Column> columns, std::string_view target);
/// Rows of redirect_columns().
Outcome<std::vector<Row>> redirect_rows(Server& server, std::string_view target);
/// Rows of access_columns().
Outcome<std::vector<Row>> access_rows(Server& server, std::string_view target);
/// A usage failure when the option is no tag, 1 to 65535.
Outcome<std::uint16_t> portal_group_tag(const Arguments& arguments, std::string_view option);

/// MSFTSM_ObjectManager with its path: there is one.
Outcome<wbem::cimxml::NamedInstance> find_object_manager(Server& server);

}  // namespace lunaria::cli
