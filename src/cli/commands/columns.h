#pragma once

// What commands show of each kind of thing; shared, as `status` shows all of them. Their keys are those of --json.

#include <span>
#include <vector>

#include "cli/printer.h"
#include "cli/server.h"

namespace lunaria::cli {

std::span<const Column> disk_columns();
std::span<const Column> target_columns();
std::span<const Column> portal_columns();
std::span<const Column> service_columns();
std::span<const Column> session_columns();

std::vector<Row> rows_of(std::span<const Column> columns, const NamedInstances& instances);
/// Rows of session_columns() from WT_Session instances, whose connections are within them.
std::vector<Row> session_rows(const NamedInstances& sessions);
/// A row of service_columns() from the MSFTSM_ObjectManager instance.
Row service_row(const cim::Instance& manager);

/// MSFTSM_ObjectManager with its path: there is one.
Outcome<wbem::cimxml::NamedInstance> find_object_manager(Server& server);

}  // namespace lunaria::cli
