#pragma once

// Every command handler, for the command table. Each is defined in the file of its command family.

#include "scsi/execution.h"

namespace lunaria::scsi {

// basic.cc
runtime::Task<Outcome> run_test_unit_ready(Execution& x);
Outcome answer_request_sense(Execution& x, wire::Writer& out);
runtime::Task<Outcome> run_send_diagnostic(Execution& x);

// inquiry.cc, report_luns.cc, read_capacity.cc
Outcome answer_inquiry(Execution& x, wire::Writer& out);
Outcome answer_report_luns(Execution& x, wire::Writer& out);
Outcome answer_read_capacity_10(Execution& x, wire::Writer& out);
Outcome answer_read_capacity_16(Execution& x, wire::Writer& out);

// mode_sense_select.cc
Outcome answer_mode_sense_6(Execution& x, wire::Writer& out);
Outcome answer_mode_sense_10(Execution& x, wire::Writer& out);
runtime::Task<Outcome> run_mode_select_6(Execution& x);
runtime::Task<Outcome> run_mode_select_10(Execution& x);

// read_write.cc, unmap.cc
runtime::Task<Outcome> run_read(Execution& x);
runtime::Task<Outcome> run_write(Execution& x);
runtime::Task<Outcome> run_synchronize_cache(Execution& x);
runtime::Task<Outcome> run_unmap(Execution& x);

}  // namespace lunaria::scsi
