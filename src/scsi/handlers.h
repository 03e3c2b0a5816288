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

// verify.cc, compare_and_write.cc, write_same.cc, lba_status.cc
runtime::Task<Outcome> run_verify(Execution& x);
runtime::Task<Outcome> run_write_and_verify(Execution& x);
runtime::Task<Outcome> run_compare_and_write(Execution& x);
runtime::Task<Outcome> run_or_write(Execution& x);
runtime::Task<Outcome> run_write_same(Execution& x);
runtime::Task<Outcome> run_get_lba_status(Execution& x);

// start_stop.cc, informational.cc, report_supported.cc
runtime::Task<Outcome> run_start_stop_unit(Execution& x);
runtime::Task<Outcome> run_prevent_allow(Execution& x);
runtime::Task<Outcome> run_prefetch(Execution& x);
Outcome answer_report_timestamp(Execution& x, wire::Writer& out);
Outcome answer_identifying_information(Execution& x, wire::Writer& out);
Outcome answer_read_defects_10(Execution& x, wire::Writer& out);
Outcome answer_read_defects_12(Execution& x, wire::Writer& out);
Outcome answer_report_opcodes(Execution& x, wire::Writer& out);
Outcome answer_report_functions(Execution& x, wire::Writer& out);

// log_sense.cc, sanitize.cc, write_atomic.cc
runtime::Task<Outcome> run_log_sense(Execution& x);
runtime::Task<Outcome> run_sanitize_overwrite(Execution& x);
runtime::Task<Outcome> run_sanitize_block_erase(Execution& x);
runtime::Task<Outcome> run_sanitize_crypto_erase(Execution& x);
runtime::Task<Outcome> run_sanitize_exit_failure(Execution& x);
runtime::Task<Outcome> run_format_unit(Execution& x);
runtime::Task<Outcome> run_write_atomic(Execution& x);

// extended_copy.cc, token_copy.cc, receive_copy_results.cc
runtime::Task<Outcome> run_extended_copy_lid1(Execution& x);
runtime::Task<Outcome> run_extended_copy_lid4(Execution& x);
runtime::Task<Outcome> run_copy_abort(Execution& x);
runtime::Task<Outcome> run_populate_token(Execution& x);
runtime::Task<Outcome> run_write_using_token(Execution& x);
Outcome answer_copy_status_lid1(Execution& x, wire::Writer& out);
Outcome answer_copy_data_lid1(Execution& x, wire::Writer& out);
Outcome answer_copy_data_lid4(Execution& x, wire::Writer& out);
Outcome answer_copy_parameters(Execution& x, wire::Writer& out);
Outcome answer_failed_segment(Execution& x, wire::Writer& out);
Outcome answer_copy_status_lid4(Execution& x, wire::Writer& out);
Outcome answer_token_information(Execution& x, wire::Writer& out);
// alua.cc
Outcome answer_target_port_groups(Execution& x, wire::Writer& out);
runtime::Task<Outcome> run_set_target_port_groups(Execution& x);

// reserve_release.cc, persistent_reserve_in.cc, persistent_reserve_out.cc
runtime::Task<Outcome> run_reserve(Execution& x);
runtime::Task<Outcome> run_release(Execution& x);
runtime::Task<Outcome> run_persistent_reserve_out(Execution& x);
Outcome answer_read_keys(Execution& x, wire::Writer& out);
Outcome answer_read_reservation(Execution& x, wire::Writer& out);
Outcome answer_report_capabilities(Execution& x, wire::Writer& out);
Outcome answer_read_full_status(Execution& x, wire::Writer& out);

}  // namespace lunaria::scsi
