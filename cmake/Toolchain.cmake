# Compiler, warnings and sanitizers, the same for every target.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Lunaria builds with clang 19 or later (Debian package clang-19); found "
                      "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. Configure with a preset: "
                      "cmake --preset dev")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

option(LUNARIA_FUZZ "Build the fuzzers with libFuzzer instead of the corpus replayer" OFF)
option(LUNARIA_COVERAGE "Instrument for source-based coverage" OFF)
set(LUNARIA_SANITIZERS "" CACHE STRING "Value of -fsanitize=, empty for none")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths relative to the tree, so that a second clone finds what the first one compiled; and what ccache asks for where
  # headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
                                  "CCACHE_SLOPPINESS=pch_defines,time_macros" "${CCACHE_PROGRAM}")
  if(LUNARIA_SHARE_PRECOMPILED)  # cmake/Precompile.cmake
    list(INSERT CMAKE_CXX_COMPILER_LAUNCHER 5 CCACHE_PCH_EXTSUM=1)
  endif()
endif()

add_compile_options(-Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wpedantic -Werror -Werror=unused-result
                    -fno-omit-frame-pointer)
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
add_link_options(-fuse-ld=lld)

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  # SSE4.2 and PCLMUL have been in every server processor since 2011.
  add_compile_options(-march=x86-64-v2)
endif()
if(LUNARIA_SANITIZERS)
  add_compile_options(-fsanitize=${LUNARIA_SANITIZERS} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LUNARIA_SANITIZERS})
endif()
if(LUNARIA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  # The build that `make test` uses. A fifth of its compile time, for what AddressSanitizer reports anyway (null), what
  # an optimizer would have to see (object-size) and casts that are not made here (vptr); the asan preset has all.
  add_compile_options(-fno-sanitize=null,object-size,vptr)
endif()
if(LUNARIA_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
