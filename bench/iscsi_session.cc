#include "iscsi_session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <regex>

#include "machine.h"
#include "wire/fields.h"

namespace lunaria::bench {
namespace {

// RFC 7143 11: opcodes and the fields of the basic header segment that a measurement needs.
enum class Opcode : std::uint8_t {
  kNopOut = 0x00,
  kCommand = 0x01,
  kLogin = 0x03,
  kDataOut = 0x05,
  kNopIn = 0x20,
  kResponse = 0x21,
  kLoginResponse = 0x23,
  kDataIn = 0x25,
  kReadyToTransfer = 0x31,
  kAsync = 0x32,
};
using OpcodeField = wire::Bits<Opcode, 0, 0, 6>;
using Immediate = wire::Bits<unsigned, 0, 6>;
using Flags = wire::BigEndian<std::uint8_t, 1>;
using Status = wire::BigEndian<std::uint8_t, 3>;
using DataLength = wire::BigEndian<std::uint32_t, 5, 3>;
using Lun = wire::BigEndian<std::uint8_t, 9>;
using Isid = wire::BigEndian<std::uint32_t, 8>;
using IsidQualifier = wire::BigEndian<std::uint16_t, 12>;
using Tag = wire::BigEndian<std::uint32_t, 16>;
using TransferTag = wire::BigEndian<std::uint32_t, 20>;
using ExpectedLength = wire::BigEndian<std::uint32_t, 20>;
using CommandSn = wire::BigEndian<std::uint32_t, 24>;
using StatusSn = wire::BigEndian<std::uint32_t, 24>;
using ExpectedStatusSn = wire::BigEndian<std::uint32_t, 28>;
using CommandSnMax = wire::BigEndian<std::uint32_t, 32>;
using DataSn = wire::BigEndian<std::uint32_t, 36>;
using LoginStatus = wire::BigEndian<std::uint16_t, 36>;
using BufferOffset = wire::BigEndian<std::uint32_t, 40>;
using DesiredLength = wire::BigEndian<std::uint32_t, 44>;
using Operation = wire::BigEndian<std::uint8_t, 32>;  // byte 0 of the CDB; the following fields are in it too
using ServiceAction = wire::BigEndian<std::uint8_t, 33>;
using BlockAddress = wire::BigEndian<std::uint64_t, 34>;
using AllocationLength = wire::BigEndian<std::uint32_t, 42>;

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kReads = 0x40;
constexpr std::uint8_t kWrites = 0x20;
constexpr std::uint8_t kSimple = 0x01;
constexpr std::uint8_t kStatusInside = 0x01;  // of Data-In
constexpr std::uint8_t kOperationalToFullFeature = 0x87;
constexpr std::uint32_t kNoTag = 0xFFFFFFFF;
constexpr std::uint8_t kRead16 = 0x88;
constexpr std::uint8_t kWrite16 = 0x8A;
constexpr std::uint8_t kServiceActionIn16 = 0x9E;  // with service action 10h: READ CAPACITY(16), SBC-4 5.16

std::span<std::byte, Session::kHeaderBytes> fields(Session::Header& header) {
  return header;
}
std::span<const std::byte, Session::kHeaderBytes> fields(const Session::Header& header) {
  return header;
}

constexpr std::size_t padded(std::size_t length) {
  return (length + 3) & ~std::size_t{3};
}

/// The value of `key` in NUL-terminated pairs; empty when the target did not say.
std::string value_of(const std::string& answers, const std::string& key) {
  for (std::size_t at = 0; at < answers.size();) {
    const std::size_t end = std::min(answers.find('\0', at), answers.size());
    const std::string pair = answers.substr(at, end - at);
    if (pair.starts_with(key + "=")) {
      return pair.substr(key.size() + 1);
    }
    at = end + 1;
  }
  return {};
}

std::uint32_t number_of(const std::string& answers, const std::string& key, std::uint32_t otherwise) {
  const std::string value = value_of(answers, key);
  return value.empty() ? otherwise : static_cast<std::uint32_t>(std::stoul(value));
}

}  // namespace

Url Url::parse(const std::string& text) {
  static const std::regex kShape("iscsi://([0-9.]+):([0-9]{1,5})/([^/]+)/([0-9]{1,3})");
  std::smatch match;
  if (!std::regex_match(text, match, kShape)) {
    errno = 0;
    give_up(text + ": not of the form iscsi://IP:PORT/TARGET/LUN");
  }
  return {.ip = match[1],
          .port = static_cast<std::uint16_t>(std::stoul(match[2])),
          .target = match[3],
          .lun = static_cast<std::uint8_t>(std::stoul(match[4]))};
}

IscsiSession::IscsiSession(const Url& url, const Workload& workload, unsigned number, Outcome& outcome)
    : Session(connect_to(address_of(url.ip, url.port)), workload.input_bytes),
      workload_(workload),
      outcome_(outcome),
      random_(workload.seed + number),
      lun_(url.lun),
      slots_(workload.depth) {
  for (std::uint32_t i = 0; i < workload.depth; ++i) {
    free_.push_back(i);
  }
  log_in(url, number);
  read_capacity();
  if (workload_.span_bytes == 0 || workload_.span_bytes > capacity_bytes_) {
    workload_.span_bytes = capacity_bytes_;
  }
  if (workload_.span_bytes < workload_.block_bytes || workload_.block_bytes > kPayloadBytesMax) {
    errno = 0;
    give_up("the disk, or what this program can send, is smaller than a block");
  }
}

void IscsiSession::write_all(const std::vector<std::byte>& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::send(fd(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (count <= 0) {
      give_up("send");
    }
    at += static_cast<std::size_t>(count);
  }
}

IscsiSession::Reply IscsiSession::read_pdu() {
  Reply reply{};
  if (recv(fd(), reply.header.data(), kHeaderBytes, MSG_WAITALL) != static_cast<ssize_t>(kHeaderBytes)) {
    give_up("the server closed the connection during login");
  }
  const std::size_t length = DataLength::get(fields(reply.header));
  reply.data.resize(padded(length));
  if (!reply.data.empty() &&
      recv(fd(), reply.data.data(), reply.data.size(), MSG_WAITALL) != static_cast<ssize_t>(reply.data.size())) {
    give_up("the server closed the connection during login");
  }
  reply.data.resize(length);
  return reply;
}

void IscsiSession::log_in(const Url& url, unsigned number) {
  std::string text;
  for (const std::string& pair :
       {fmt::format("InitiatorName=iqn.2020-01.invalid.bench:{}", number), "TargetName=" + url.target,
        std::string("SessionType=Normal"), std::string("HeaderDigest=None"), std::string("DataDigest=None"),
        std::string("ImmediateData=Yes"), std::string("InitialR2T=No"), std::string("MaxBurstLength=1048576"),
        std::string("FirstBurstLength=262144"), std::string("MaxRecvDataSegmentLength=262144"),
        std::string("MaxOutstandingR2T=1"), std::string("ErrorRecoveryLevel=0"), std::string("MaxConnections=1"),
        std::string("DataPDUInOrder=Yes"), std::string("DataSequenceInOrder=Yes"), std::string("DefaultTime2Wait=2"),
        std::string("DefaultTime2Retain=0")}) {
    text += pair;
    text += '\0';
  }
  std::string answers;
  while (true) {
    Header header{};
    OpcodeField::set(fields(header), Opcode::kLogin);
    Immediate::set(fields(header), 1U);
    Flags::set(fields(header), kOperationalToFullFeature);
    DataLength::set(fields(header), static_cast<std::uint32_t>(text.size()));
    Isid::set(fields(header), 0x80000000U);  // type "random"
    IsidQualifier::set(fields(header), static_cast<std::uint16_t>(number));
    CommandSn::set(fields(header), command_sn_);
    ExpectedStatusSn::set(fields(header), expected_status_sn_);
    std::vector<std::byte> bytes(header.begin(), header.end());
    for (const char letter : text) {
      bytes.push_back(static_cast<std::byte>(letter));
    }
    bytes.resize(kHeaderBytes + padded(text.size()));
    write_all(bytes);

    const Reply reply = read_pdu();
    const auto answer = fields(reply.header);
    errno = 0;
    if (OpcodeField::get(answer) != Opcode::kLoginResponse || LoginStatus::get(answer) != 0) {
      give_up(fmt::format("login refused, status {:04x}", LoginStatus::get(answer)));
    }
    follow_sequence(answer);
    for (const std::byte byte : reply.data) {
      answers.push_back(static_cast<char>(byte));
    }
    if (Flags::get(answer) == kOperationalToFullFeature) {
      break;
    }
    text.clear();
  }
  read_negotiated(answers);
}

void IscsiSession::read_negotiated(const std::string& answers) {
  send_length_max_ = number_of(answers, "MaxRecvDataSegmentLength", send_length_max_);
  first_burst_max_ = number_of(answers, "FirstBurstLength", first_burst_max_);
  immediate_data_ = value_of(answers, "ImmediateData") != "No";
  initial_r2t_ = value_of(answers, "InitialR2T") != "No";
}

void IscsiSession::follow_sequence(std::span<const std::byte, kHeaderBytes> header) {
  command_sn_max_ = CommandSnMax::get(header);
  expected_status_sn_ = StatusSn::get(header) + 1;
}

void IscsiSession::read_capacity() {
  constexpr std::uint32_t kAnswerBytes = 32;
  constexpr int kTries = 8;  // unit attentions come first
  for (int i = 0; i < kTries; ++i) {
    Header header = command(0, false, kAnswerBytes);
    Operation::set(fields(header), kServiceActionIn16);
    ServiceAction::set(fields(header), std::uint8_t{0x10});
    BlockAddress::set(fields(header), 0);
    AllocationLength::set(fields(header), kAnswerBytes);
    write_all({header.begin(), header.end()});
    std::vector<std::byte> data;
    while (true) {
      Reply reply = read_pdu();
      const auto answer = fields(reply.header);
      if (OpcodeField::get(answer) == Opcode::kDataIn) {
        data = std::move(reply.data);
      }
      const bool ends = OpcodeField::get(answer) == Opcode::kResponse ||
                        (OpcodeField::get(answer) == Opcode::kDataIn && (Flags::get(answer) & kStatusInside) != 0);
      if (!ends) {
        continue;
      }
      follow_sequence(answer);
      // Data may come with a unit attention too, and means nothing then.
      if (Status::get(answer) == 0 && data.size() >= kAnswerBytes) {
        const std::span<const std::byte, kAnswerBytes> capacity(data.data(), kAnswerBytes);
        block_size_ = wire::BigEndian<std::uint32_t, 8>::get(capacity);
        capacity_bytes_ = (wire::BigEndian<std::uint64_t, 0>::get(capacity) + 1) * block_size_;
      }
      break;
    }
    if (capacity_bytes_ != 0) {
      return;
    }
  }
  errno = 0;
  give_up("READ CAPACITY(16) failed");
}

Session::Header IscsiSession::command(std::uint32_t tag, bool write, std::uint32_t length) {
  Header header{};
  OpcodeField::set(fields(header), Opcode::kCommand);
  Flags::set(fields(header), static_cast<std::uint8_t>(kFinal | (write ? kWrites : kReads) | kSimple));
  Lun::set(fields(header), lun_);
  Tag::set(fields(header), tag);
  ExpectedLength::set(fields(header), length);
  CommandSn::set(fields(header), command_sn_++);
  ExpectedStatusSn::set(fields(header), expected_status_sn_);
  return header;
}

std::uint64_t IscsiSession::next_offset() {
  const std::uint64_t blocks = workload_.span_bytes / workload_.block_bytes;
  if (workload_.random) {
    return random_() % blocks * workload_.block_bytes;
  }
  return next_sequential_++ % blocks * workload_.block_bytes;
}

void IscsiSession::issue(std::uint64_t now) {
  while (!free_.empty() && static_cast<std::int32_t>(command_sn_max_ - command_sn_) >= 0) {
    const std::uint32_t tag = free_.back();
    free_.pop_back();
    slots_[tag] = {.started = now};
    const bool writes = random_() % 100 < workload_.write_percent;
    Header header = command(tag, writes, workload_.block_bytes);
    Operation::set(fields(header), writes ? kWrite16 : kRead16);
    BlockAddress::set(fields(header), next_offset() / block_size_);
    AllocationLength::set(fields(header), workload_.block_bytes / block_size_);
    if (!writes) {
      send(header, 0);
      continue;
    }
    const std::uint32_t unsolicited = std::min(workload_.block_bytes, first_burst_max_);
    const std::uint32_t immediate = immediate_data_ ? std::min(unsolicited, send_length_max_) : 0;
    const bool more = !initial_r2t_ && immediate < unsolicited;
    if (more) {
      Flags::set(fields(header), std::uint8_t{kWrites | kSimple});
    }
    DataLength::set(fields(header), immediate);
    send(header, immediate);
    if (more) {
      send_data(tag, kNoTag, immediate, unsolicited - immediate);
    }
  }
}

void IscsiSession::send_data(std::uint32_t tag, std::uint32_t transfer_tag, std::uint32_t offset,
                             std::uint32_t length) {
  std::uint32_t data_sn = 0;
  while (length > 0) {
    const std::uint32_t part = std::min(length, send_length_max_);
    Header header{};
    OpcodeField::set(fields(header), Opcode::kDataOut);
    Flags::set(fields(header), part == length ? kFinal : std::uint8_t{0});
    DataLength::set(fields(header), part);
    Lun::set(fields(header), lun_);
    Tag::set(fields(header), tag);
    TransferTag::set(fields(header), transfer_tag);
    ExpectedStatusSn::set(fields(header), expected_status_sn_);
    DataSn::set(fields(header), data_sn++);
    BufferOffset::set(fields(header), offset);
    send(header, part);
    offset += part;
    length -= part;
  }
}

void IscsiSession::answer_ping(std::uint32_t transfer_tag) {
  Header header{};
  OpcodeField::set(fields(header), Opcode::kNopOut);
  Immediate::set(fields(header), 1U);
  Flags::set(fields(header), kFinal);
  Tag::set(fields(header), kNoTag);
  TransferTag::set(fields(header), transfer_tag);
  CommandSn::set(fields(header), command_sn_);
  ExpectedStatusSn::set(fields(header), expected_status_sn_);
  send(header, 0);
}

std::size_t IscsiSession::on_header(std::span<const std::byte, kHeaderBytes> header, std::uint64_t now) {
  switch (OpcodeField::get(header)) {
    case Opcode::kDataIn:
      if ((Flags::get(header) & kStatusInside) != 0) {
        follow_sequence(header);
        complete(Tag::get(header), Status::get(header), now);
      }
      break;
    case Opcode::kResponse:
      follow_sequence(header);
      complete(Tag::get(header), Status::get(header), now);
      break;
    case Opcode::kReadyToTransfer:
      send_data(Tag::get(header), TransferTag::get(header), BufferOffset::get(header), DesiredLength::get(header));
      break;
    case Opcode::kNopIn:
      command_sn_max_ = CommandSnMax::get(header);
      if (TransferTag::get(header) != kNoTag) {
        answer_ping(TransferTag::get(header));
      }
      break;
    default:
      errno = 0;
      give_up(fmt::format("unexpected PDU, opcode {:02x}", static_cast<unsigned>(OpcodeField::get(header))));
  }
  return padded(DataLength::get(header));
}

void IscsiSession::complete(std::uint32_t tag, std::uint8_t status, std::uint64_t now) {
  errno = 0;
  if (tag >= slots_.size()) {
    give_up(fmt::format("answer to a command that was not sent: tag {:08x}", tag));
  }
  if (outcome_.recording) {
    outcome_.latency.add(now - slots_[tag].started);
    outcome_.errors += status == 0 ? 0 : 1;
  }
  free_.push_back(tag);
}

}  // namespace lunaria::bench
