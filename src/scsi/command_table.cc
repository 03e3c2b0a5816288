#include "scsi/command_table.h"

#include <algorithm>
#include <bit>

#include "scsi/handlers.h"

namespace lunaria::scsi {
namespace {

using enum DataDirection;
using Conflict = ConflictClass;
using Medium = MediumAccess;

constexpr auto kRows = std::to_array<CommandRow>({
    {.opcode = 0x00,
     .name = "TEST UNIT READY",  // SPC-5 6.49
     .length = 6,
     .usage = {0x00},
     .conflict = Conflict::kLegacyOnly,
     .medium = Medium::kRead,
     .run = run_test_unit_ready},
    {.opcode = 0x03,
     .name = "REQUEST SENSE",  // SPC-5 6.39
     .length = 6,
     .usage = {0x03, 0x01, 0x00, 0x00, 0xFF},
     .direction = kIn,
     .ignores_unit_attention = true,
     .conflict = Conflict::kNever,
     .goes_with_erasure = true,
     .allocation = {4, 1},
     .answer = answer_request_sense},
    {.opcode = 0x04,
     .name = "FORMAT UNIT",  // SBC-4 5.4; no protection information, no defect lists
     .length = 6,
     .usage = {0x04, 0x3F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_format_unit},
    {.opcode = 0x08,
     .name = "READ(6)",  // SBC-4 5.15
     .length = 6,
     .usage = {0x08, 0x1F, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .is_counted = true,
     .run = run_read},
    {.opcode = 0x0A,
     .name = "WRITE(6)",  // SBC-4 5.40
     .length = 6,
     .usage = {0x0A, 0x1F, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write},
    {.opcode = 0x12,
     .name = "INQUIRY",  // SPC-5 6.7
     .length = 6,
     .usage = {0x12, 0x01, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .ignores_unit_attention = true,
     .conflict = Conflict::kNever,
     .goes_with_erasure = true,
     .allocation = {3, 2},
     .answer = answer_inquiry},
    {.opcode = 0x15,
     .name = "MODE SELECT(6)",  // SPC-5 6.11
     .length = 6,
     .usage = {0x15, 0x11, 0x00, 0x00, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .run = run_mode_select_6},
    {.opcode = 0x16,
     .name = "RESERVE(6)",  // SPC-2 7.21
     .length = 6,
     .usage = {0x16},
     .conflict = Conflict::kLegacyOnly,
     .run = run_reserve},
    {.opcode = 0x17,
     .name = "RELEASE(6)",  // SPC-2 7.19
     .length = 6,
     .usage = {0x17},
     .conflict = Conflict::kNever,
     .run = run_release},
    {.opcode = 0x1A,
     .name = "MODE SENSE(6)",  // SPC-5 6.13
     .length = 6,
     .usage = {0x1A, 0x08, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .goes_with_erasure = true,
     .allocation = {4, 1},
     .answer = answer_mode_sense_6},
    {.opcode = 0x1B,
     .name = "START STOP UNIT",  // SBC-4 5.31; stopping conflicts as a write does
     .length = 6,
     .usage = {0x1B, 0x01, 0x00, 0x0F, 0xF7},
     .conflict = Conflict::kLegacyOnly,
     .run = run_start_stop_unit},
    {.opcode = 0x1D,
     .name = "SEND DIAGNOSTIC",  // SPC-5 6.42: the default and the foreground self-tests
     .length = 6,
     .usage = {0x1D, 0xE4},
     .conflict = Conflict::kWrites,
     .run = run_send_diagnostic},
    {.opcode = 0x1E,
     .name = "PREVENT ALLOW MEDIUM REMOVAL",  // SPC-5 6.18; preventing conflicts as a write does
     .length = 6,
     .usage = {0x1E, 0x00, 0x00, 0x00, 0x03},
     .conflict = Conflict::kLegacyOnly,
     .run = run_prevent_allow},
    {.opcode = 0x25,
     .name = "READ CAPACITY(10)",  // SBC-4 5.19
     .length = 10,
     .usage = {0x25},
     .direction = kIn,
     .conflict = Conflict::kLegacyOnly,
     .medium = Medium::kRead,
     .answer = answer_read_capacity_10},
    {.opcode = 0x28,
     .name = "READ(10)",  // SBC-4 5.16; FUA_NV is obsolete and ignored
     .length = 10,
     .usage = {0x28, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .is_counted = true,
     .run = run_read},
    {.opcode = 0x2A,
     .name = "WRITE(10)",  // SBC-4 5.41
     .length = 10,
     .usage = {0x2A, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write},
    {.opcode = 0x2E,
     .name = "WRITE AND VERIFY(10)",  // SBC-4 5.47
     .length = 10,
     .usage = {0x2E, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write_and_verify},
    {.opcode = 0x2F,
     .name = "VERIFY(10)",  // SBC-4 5.36
     .length = 10,
     .usage = {0x2F, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_verify},
    {.opcode = 0x34,
     .name = "PRE-FETCH(10)",  // SBC-4 5.13
     .length = 10,
     .usage = {0x34, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_prefetch},
    {.opcode = 0x35,
     .name = "SYNCHRONIZE CACHE(10)",  // SBC-4 5.33
     .length = 10,
     .usage = {0x35, 0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .conflict = Conflict::kWrites,
     .medium = Medium::kRead,
     .run = run_synchronize_cache},
    {.opcode = 0x37,
     .name = "READ DEFECT DATA(10)",  // SBC-4 5.20
     .length = 10,
     .usage = {0x37, 0x00, 0x1F, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .allocation = {7, 2},
     .answer = answer_read_defects_10},
    {.opcode = 0x41,
     .name = "WRITE SAME(10)",  // SBC-4 5.52; ANCHOR is not supported
     .length = 10,
     .usage = {0x41, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_write_same},
    {.opcode = 0x42,
     .name = "UNMAP",  // SBC-4 5.35; ANCHOR is not supported
     .length = 10,
     .usage = {0x42, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1F, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .requirement = Requirement::kUnmap,
     .run = run_unmap},
    {.opcode = 0x48,
     .service_action = 0x01,
     .name = "SANITIZE, OVERWRITE",  // SBC-4 5.30
     .length = 10,
     .usage = {0x48, 0xA1, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_sanitize_overwrite},
    {.opcode = 0x48,
     .service_action = 0x02,
     .name = "SANITIZE, BLOCK ERASE",  // SBC-4 5.30
     .length = 10,
     .usage = {0x48, 0xA2, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .requirement = Requirement::kUnmap,
     .run = run_sanitize_block_erase},
    {.opcode = 0x48,
     .service_action = 0x03,
     .name = "SANITIZE, CRYPTOGRAPHIC ERASE",  // SBC-4 5.30
     .length = 10,
     .usage = {0x48, 0xA3, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .requirement = Requirement::kCryptoErase,
     .run = run_sanitize_crypto_erase},
    {.opcode = 0x48,
     .service_action = 0x1F,
     .name = "SANITIZE, EXIT FAILURE MODE",  // SBC-4 5.30
     .length = 10,
     .usage = {0x48, 0xBF, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .run = run_sanitize_exit_failure},
    {.opcode = 0x4D,
     .name = "LOG SENSE",  // SPC-5 6.8
     .length = 10,
     .usage = {0x4D, 0x00, 0xFF, 0xFF, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kLegacyOnly,
     .goes_with_erasure = true,
     .run = run_log_sense},
    {.opcode = 0x55,
     .name = "MODE SELECT(10)",  // SPC-5 6.12
     .length = 10,
     .usage = {0x55, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .run = run_mode_select_10},
    {.opcode = 0x56,
     .name = "RESERVE(10)",  // SPC-2 7.22
     .length = 10,
     .usage = {0x56},
     .conflict = Conflict::kLegacyOnly,
     .run = run_reserve},
    {.opcode = 0x57,
     .name = "RELEASE(10)",  // SPC-2 7.20
     .length = 10,
     .usage = {0x57},
     .conflict = Conflict::kNever,
     .run = run_release},
    {.opcode = 0x5A,
     .name = "MODE SENSE(10)",  // SPC-5 6.14
     .length = 10,
     .usage = {0x5A, 0x18, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .goes_with_erasure = true,
     .allocation = {7, 2},
     .answer = answer_mode_sense_10},
    {.opcode = 0x5E,
     .service_action = 0x00,
     .name = "PERSISTENT RESERVE IN, READ KEYS",  // SPC-5 6.16.2
     .length = 10,
     .usage = {0x5E, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kPersistent,
     .allocation = {7, 2},
     .answer = answer_read_keys},
    {.opcode = 0x5E,
     .service_action = 0x01,
     .name = "PERSISTENT RESERVE IN, READ RESERVATION",  // SPC-5 6.16.3
     .length = 10,
     .usage = {0x5E, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kPersistent,
     .allocation = {7, 2},
     .answer = answer_read_reservation},
    {.opcode = 0x5E,
     .service_action = 0x02,
     .name = "PERSISTENT RESERVE IN, REPORT CAPABILITIES",  // SPC-5 6.16.4
     .length = 10,
     .usage = {0x5E, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kPersistent,
     .allocation = {7, 2},
     .answer = answer_report_capabilities},
    {.opcode = 0x5E,
     .service_action = 0x03,
     .name = "PERSISTENT RESERVE IN, READ FULL STATUS",  // SPC-5 6.16.5
     .length = 10,
     .usage = {0x5E, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kPersistent,
     .allocation = {7, 2},
     .answer = answer_read_full_status},
    {.opcode = 0x5F,
     .service_action = 0x00,
     .name = "PERSISTENT RESERVE OUT, REGISTER",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x00, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x01,
     .name = "PERSISTENT RESERVE OUT, RESERVE",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x01, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x02,
     .name = "PERSISTENT RESERVE OUT, RELEASE",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x02, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x03,
     .name = "PERSISTENT RESERVE OUT, CLEAR",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x03, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x04,
     .name = "PERSISTENT RESERVE OUT, PREEMPT",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x04, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x05,
     .name = "PERSISTENT RESERVE OUT, PREEMPT AND ABORT",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x05, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x06,
     .name = "PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x06, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x5F,
     .service_action = 0x07,
     .name = "PERSISTENT RESERVE OUT, REGISTER AND MOVE",  // SPC-5 6.17
     .length = 10,
     .usage = {0x5F, 0x07, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kPersistent,
     .run = run_persistent_reserve_out},
    {.opcode = 0x83,
     .service_action = 0x00,
     .name = "EXTENDED COPY(LID1)",  // SPC-5 6.5
     .length = 16,
     .usage = {0x83, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .run = run_extended_copy_lid1},
    {.opcode = 0x83,
     .service_action = 0x01,
     .name = "EXTENDED COPY(LID4)",  // SPC-5 6.4
     .length = 16,
     .usage = {0x83, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .run = run_extended_copy_lid4},
    {.opcode = 0x83,
     .service_action = 0x10,
     .name = "POPULATE TOKEN",  // SBC-4 5.11
     .length = 16,
     .usage = {0x83, 0x10, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_populate_token},
    {.opcode = 0x83,
     .service_action = 0x11,
     .name = "WRITE USING TOKEN",  // SBC-4 5.46
     .length = 16,
     .usage = {0x83, 0x11, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_write_using_token},
    {.opcode = 0x83,
     .service_action = 0x1C,
     .name = "COPY OPERATION ABORT",  // SPC-5 6.3
     .length = 16,
     .usage = {0x83, 0x1C, 0xFF, 0xFF, 0xFF, 0xFF},
     .conflict = Conflict::kWrites,
     .run = run_copy_abort},
    {.opcode = 0x84,
     .service_action = 0x00,
     .name = "RECEIVE COPY STATUS(LID1)",  // SPC-5 6.20
     .length = 16,
     .usage = {0x84, 0x00, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_copy_status_lid1},
    {.opcode = 0x84,
     .service_action = 0x01,
     .name = "RECEIVE COPY DATA(LID1)",  // SPC-5 6.21
     .length = 16,
     .usage = {0x84, 0x01, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_copy_data_lid1},
    {.opcode = 0x84,
     .service_action = 0x03,
     .name = "RECEIVE COPY OPERATING PARAMETERS",  // SPC-5 6.23
     .length = 16,
     .usage = {0x84, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_copy_parameters},
    {.opcode = 0x84,
     .service_action = 0x04,
     .name = "RECEIVE COPY FAILURE DETAILS(LID1)",  // SPC-5 6.24
     .length = 16,
     .usage = {0x84, 0x04, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_failed_segment},
    {.opcode = 0x84,
     .service_action = 0x05,
     .name = "RECEIVE COPY STATUS(LID4)",  // SPC-5 6.25
     .length = 16,
     .usage = {0x84, 0x05, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_copy_status_lid4},
    {.opcode = 0x84,
     .service_action = 0x06,
     .name = "RECEIVE COPY DATA(LID4)",  // SPC-5 6.22
     .length = 16,
     .usage = {0x84, 0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_copy_data_lid4},
    {.opcode = 0x84,
     .service_action = 0x07,
     .name = "RECEIVE ROD TOKEN INFORMATION",  // SPC-5 6.26
     .length = 16,
     .usage = {0x84, 0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .allocation = {10, 4},
     .answer = answer_token_information},
    {.opcode = 0x88,
     .name = "READ(16)",  // SBC-4 5.18
     .length = 16,
     .usage = {0x88, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .is_counted = true,
     .run = run_read},
    {.opcode = 0x89,
     .name = "COMPARE AND WRITE",  // SBC-4 5.3
     .length = 16,
     .usage = {0x89, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_compare_and_write},
    {.opcode = 0x8A,
     .name = "WRITE(16)",  // SBC-4 5.43
     .length = 16,
     .usage = {0x8A, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write},
    {.opcode = 0x8B,
     .name = "ORWRITE(16)",  // SBC-4 5.12
     .length = 16,
     .usage = {0x8B, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_or_write},
    {.opcode = 0x8E,
     .name = "WRITE AND VERIFY(16)",  // SBC-4 5.49
     .length = 16,
     .usage = {0x8E, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write_and_verify},
    {.opcode = 0x8F,
     .name = "VERIFY(16)",  // SBC-4 5.38
     .length = 16,
     .usage = {0x8F, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_verify},
    {.opcode = 0x90,
     .name = "PRE-FETCH(16)",  // SBC-4 5.14
     .length = 16,
     .usage = {0x90, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_prefetch},
    {.opcode = 0x91,
     .name = "SYNCHRONIZE CACHE(16)",  // SBC-4 5.34
     .length = 16,
     .usage = {0x91, 0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .conflict = Conflict::kWrites,
     .medium = Medium::kRead,
     .run = run_synchronize_cache},
    {.opcode = 0x93,
     .name = "WRITE SAME(16)",  // SBC-4 5.53
     .length = 16,
     .usage = {0x93, 0x09, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .run = run_write_same},
    {.opcode = 0x9C,
     .name = "WRITE ATOMIC(16)",  // SBC-4 5.44
     .length = 16,
     .usage = {0x9C, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .requirement = Requirement::kAtomicWrites,
     .is_counted = true,
     .run = run_write_atomic},
    {.opcode = 0x9E,
     .service_action = 0x10,
     .name = "READ CAPACITY(16)",  // SBC-4 5.20
     .length = 16,
     .usage = {0x9E, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kLegacyOnly,
     .medium = Medium::kRead,
     .allocation = {10, 4},
     .answer = answer_read_capacity_16},
    {.opcode = 0x9E,
     .service_action = 0x12,
     .name = "GET LBA STATUS",  // SBC-4 5.6; all blocks are reported
     .length = 16,
     .usage = {0x9E, 0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_get_lba_status},
    {.opcode = 0xA0,
     .name = "REPORT LUNS",  // SPC-5 6.33
     .length = 12,
     .usage = {0xA0, 0x00, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .ignores_unit_attention = true,
     .conflict = Conflict::kNever,
     .goes_with_erasure = true,
     .allocation = {6, 4},
     .answer = answer_report_luns},
    {.opcode = 0xA3,
     .service_action = 0x05,
     .name = "REPORT IDENTIFYING INFORMATION",  // SPC-5 6.32
     .length = 12,
     .usage = {0xA3, 0x05, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE},
     .direction = kIn,
     .conflict = Conflict::kLegacyOnly,
     .goes_with_erasure = true,
     .allocation = {6, 4},
     .answer = answer_identifying_information},
    {.opcode = 0xA3,
     .service_action = 0x0A,
     .name = "REPORT TARGET PORT GROUPS",  // SPC-5 6.37
     .length = 12,
     .usage = {0xA3, 0xEA, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kNever,
     .goes_with_erasure = true,
     .allocation = {6, 4},
     .answer = answer_target_port_groups},
    {.opcode = 0xA3,
     .service_action = 0x0C,
     .name = "REPORT SUPPORTED OPERATION CODES",  // SPC-5 6.35
     .length = 12,
     .usage = {0xA3, 0x0C, 0x87, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .goes_with_erasure = true,
     .allocation = {6, 4},
     .answer = answer_report_opcodes},
    {.opcode = 0xA3,
     .service_action = 0x0D,
     .name = "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",  // SPC-5 6.36
     .length = 12,
     .usage = {0xA3, 0x0D, 0x80, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .goes_with_erasure = true,
     .allocation = {6, 4},
     .answer = answer_report_functions},
    {.opcode = 0xA3,
     .service_action = 0x0F,
     .name = "REPORT TIMESTAMP",  // SPC-5 6.38
     .length = 12,
     .usage = {0xA3, 0x0F, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kLegacyOnly,
     .goes_with_erasure = true,
     .allocation = {6, 4},
     .answer = answer_report_timestamp},
    {.opcode = 0xA4,
     .service_action = 0x0A,
     .name = "SET TARGET PORT GROUPS",  // SPC-5 6.45
     .length = 12,
     .usage = {0xA4, 0x0A, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .run = run_set_target_port_groups},
    {.opcode = 0xA8,
     .name = "READ(12)",  // SBC-4 5.17
     .length = 12,
     .usage = {0xA8, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .is_counted = true,
     .run = run_read},
    {.opcode = 0xAA,
     .name = "WRITE(12)",  // SBC-4 5.42
     .length = 12,
     .usage = {0xAA, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write},
    {.opcode = 0xAE,
     .name = "WRITE AND VERIFY(12)",  // SBC-4 5.48
     .length = 12,
     .usage = {0xAE, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kWrites,
     .medium = Medium::kWrite,
     .is_counted = true,
     .run = run_write_and_verify},
    {.opcode = 0xAF,
     .name = "VERIFY(12)",  // SBC-4 5.37
     .length = 12,
     .usage = {0xAF, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},
     .direction = kOut,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .run = run_verify},
    {.opcode = 0xB7,
     .name = "READ DEFECT DATA(12)",  // SBC-4 5.21
     .length = 12,
     .usage = {0xB7, 0x1F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
     .direction = kIn,
     .conflict = Conflict::kReads,
     .medium = Medium::kRead,
     .allocation = {6, 4},
     .answer = answer_read_defects_12},
});

constexpr bool comes_before(const CommandRow& a, const CommandRow& b) {
  return a.opcode != b.opcode ? a.opcode < b.opcode : a.service_action < b.service_action;
}
static_assert(std::ranges::adjacent_find(kRows, [](const CommandRow& a,
                                                   const CommandRow& b) { return !comes_before(a, b); }) == kRows.end(),
              "rows are sorted and unique");
static_assert(std::ranges::all_of(kRows,
                                  [](const CommandRow& row) {
                                    return row.usage[0] == row.opcode && row.length <= kCdbSizeMax &&
                                           (row.answer == nullptr) != (row.run == nullptr) &&
                                           row.usage[row.length - 1U] == 0;
                                  }),
              "a row has one handler, and its usage data begins with the opcode and ends with an unused CONTROL byte");
static_assert(std::ranges::all_of(kRows,
                                  [](const CommandRow& row) {
                                    return row.service_action == kNoServiceAction ||
                                           (row.usage[1] & 0x1F) == row.service_action;
                                  }),
              "usage data of the service action field is its value (SPC-5 6.35.3)");

constexpr std::uint8_t kNoRow = 0xFF;
static_assert(kRows.size() < kNoRow);

// The first row of each opcode.
constexpr std::array<std::uint8_t, 256> kFirstRow = [] {
  std::array<std::uint8_t, 256> index{};
  index.fill(kNoRow);
  for (std::size_t i = kRows.size(); i-- > 0;) {
    index[kRows[i].opcode] = static_cast<std::uint8_t>(i);
  }
  return index;
}();

// The bits that must be zero. Bytes behind the CDB are padding of the transport.
using ReservedBits = std::array<std::uint8_t, kCdbSizeMax>;
constexpr std::array<ReservedBits, kRows.size()> kReservedBits = [] {
  std::array<ReservedBits, kRows.size()> result{};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    for (std::size_t byte = 1; byte < kRows[i].length; ++byte) {
      result[i][byte] = static_cast<std::uint8_t>(~kRows[i].usage[byte]);
    }
    result[i][control_byte(kRows[i])] &= static_cast<std::uint8_t>(~kNaca);
    if (kRows[i].service_action != kNoServiceAction) {
      result[i][1] &= 0xE0;  // the service action itself, which has led to the row
    }
  }
  return result;
}();

}  // namespace

std::span<const CommandRow> command_rows() {
  return kRows;
}

const CommandRow* find_command(CdbBytes bytes, bool& known_opcode) {
  const std::uint8_t opcode = cdb::Opcode::get(bytes);
  const std::uint8_t first = kFirstRow[opcode];
  known_opcode = first != kNoRow;
  if (!known_opcode) {
    return nullptr;
  }
  if (kRows[first].service_action == kNoServiceAction) {
    return &kRows[first];
  }
  const std::uint16_t service_action = cdb::ServiceAction::get(bytes);
  for (std::size_t i = first; i < kRows.size() && kRows[i].opcode == opcode; ++i) {
    if (kRows[i].service_action == service_action) {
      return &kRows[i];
    }
  }
  return nullptr;
}

Outcome check_reserved_bits(const CommandRow& row, CdbBytes bytes) {
  const ReservedBits& reserved = kReservedBits[static_cast<std::size_t>(&row - kRows.data())];
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < kCdbSizeMax; ++i) {
    any = static_cast<std::uint8_t>(any | (std::to_integer<std::uint8_t>(bytes[i]) & reserved[i]));
  }
  if (any == 0) [[likely]] {
    return good();
  }
  for (std::uint16_t i = 0; i < kCdbSizeMax; ++i) {
    const auto wrong = static_cast<std::uint8_t>(std::to_integer<std::uint8_t>(bytes[i]) & reserved[i]);
    if (wrong != 0) {
      return invalid_cdb(i, static_cast<std::uint8_t>(std::bit_width(wrong) - 1));
    }
  }
  return good();
}

bool is_supported(const CommandRow& row, const UnitState& unit) {
  switch (row.requirement) {
    case Requirement::kUnmap:
      return unit.features.unmap;
    case Requirement::kAtomicWrites:
      return unit.features.atomic_length_max != 0;
    case Requirement::kCryptoErase:
      return unit.features.crypto_erase;
    case Requirement::kNothing:
      break;
  }
  return true;
}

}  // namespace lunaria::scsi
