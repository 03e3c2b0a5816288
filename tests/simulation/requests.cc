#include "simulation/requests.h"

#include <span>

#include "wire/fields.h"

namespace lunaria::simulation {

namespace {

constexpr std::byte kFua{0x08};

template <class T, std::size_t Offset>
void put(Bytes& bytes, std::uint64_t value) {
  wire::BigEndian<T, Offset>::set(std::span(bytes).first<Offset + sizeof(T)>(), static_cast<T>(value));
}

CommandRequest request(std::size_t lun, Bytes cdb) {
  CommandRequest made;
  made.lun = std::uint64_t{lun} << 48;
  made.cdb = std::move(cdb);
  return made;
}

Bytes block_cdb(std::uint8_t narrow_opcode, std::uint8_t wide_opcode, const Blocks& blocks, bool wide, bool fua) {
  Bytes cdb(wide ? 16 : 10);
  cdb[0] = std::byte{wide ? wide_opcode : narrow_opcode};
  cdb[1] = fua ? kFua : std::byte{};
  if (wide) {
    put<std::uint64_t, 2>(cdb, blocks.first);
    put<std::uint32_t, 10>(cdb, blocks.count);
  } else {
    put<std::uint32_t, 2>(cdb, blocks.first);
    put<std::uint16_t, 7>(cdb, blocks.count);
  }
  return cdb;
}

}  // namespace

CommandRequest read_request(std::size_t lun, const Blocks& blocks, bool wide, bool fua) {
  CommandRequest made = request(lun, block_cdb(0x28, 0x88, blocks, wide, fua));
  made.read_length = static_cast<std::uint32_t>(blocks.length());
  return made;
}

CommandRequest write_request(std::size_t lun, const Blocks& blocks, bool wide, bool fua, Bytes data) {
  CommandRequest made = request(lun, block_cdb(0x2A, 0x8A, blocks, wide, fua));
  made.write_data = std::move(data);
  return made;
}

CommandRequest flush_request(std::size_t lun, bool wide) {
  return request(lun, block_cdb(0x35, 0x91, {}, wide, false));
}

CommandRequest unmap_request(std::size_t lun, const Blocks& blocks) {
  Bytes cdb(10);
  cdb[0] = std::byte{0x42};
  cdb[8] = std::byte{24};
  CommandRequest made = request(lun, std::move(cdb));
  made.write_data.resize(24);
  put<std::uint16_t, 0>(made.write_data, 22);
  put<std::uint16_t, 2>(made.write_data, 16);
  put<std::uint64_t, 8>(made.write_data, blocks.first);
  put<std::uint32_t, 16>(made.write_data, blocks.count);
  return made;
}

CommandRequest clear_request(std::size_t lun, const Blocks& blocks, bool unmap) {
  Bytes cdb(16);
  cdb[0] = std::byte{0x93};
  cdb[1] = unmap ? std::byte{0x08} : std::byte{};
  put<std::uint64_t, 2>(cdb, blocks.first);
  put<std::uint32_t, 10>(cdb, blocks.count);
  CommandRequest made = request(lun, std::move(cdb));
  made.write_data.resize(blocks.size);
  return made;
}

CommandRequest compare_request(std::size_t lun, const Blocks& blocks, Bytes data) {
  Bytes cdb(16);
  cdb[0] = std::byte{0x89};
  put<std::uint64_t, 2>(cdb, blocks.first);
  cdb[13] = static_cast<std::byte>(blocks.count);
  CommandRequest made = request(lun, std::move(cdb));
  made.write_data = std::move(data);
  return made;
}

CommandRequest reserve_request(std::size_t lun, const ReserveRequest& reserve) {
  Bytes cdb(10);
  cdb[0] = std::byte{0x5F};
  cdb[1] = static_cast<std::byte>(reserve.action);
  cdb[2] = static_cast<std::byte>(reserve.type);
  cdb[8] = std::byte{24};
  CommandRequest made = request(lun, std::move(cdb));
  made.write_data.resize(24);
  put<std::uint64_t, 0>(made.write_data, reserve.key);
  put<std::uint64_t, 8>(made.write_data, reserve.service_action_key);
  made.write_data[20] = reserve.persists ? std::byte{0x01} : std::byte{};
  return made;
}

CommandRequest test_unit_ready_request(std::size_t lun) {
  return request(lun, Bytes(6));
}

}  // namespace lunaria::simulation
