# Precompiled standard headers, for the builds that compile everything (LUNARIA_PRECOMPILE in the presets). Sources
# include what they use all the same: the dev preset and tools/check.py compile each of them without.
option(LUNARIA_PRECOMPILE "Compile the standard headers once for all sources" OFF)
option(LUNARIA_SHARE_PRECOMPILED "With LUNARIA_PRECOMPILE: let ccache find what other clones have compiled" ON)

# The code of tests need not be fast, and in the fuzz build it is not what is fuzzed: without optimization it compiles in
# half the time. What it tests is optimized all the same.
set(LUNARIA_TEST_OPTIONS -O0)
# Folders above every fuzzer and above the simulation: in the fuzz build, counting their branches and optimizing them
# would be two fifths of their compile time for nobody.
set(LUNARIA_UNFUZZED_FOLDERS catalogue cli daemon providers service)
set(LUNARIA_UNFUZZED_OPTIONS)
if(LUNARIA_FUZZ)
  list(APPEND LUNARIA_UNFUZZED_OPTIONS -O0 -fno-sanitize=fuzzer-no-link)
  list(APPEND LUNARIA_TEST_OPTIONS -fno-sanitize=fuzzer-no-link)
endif()

set(standard_headers <algorithm> <array> <charconv> <chrono> <coroutine> <cstddef> <cstdint> <cstring> <expected>
                     <filesystem> <functional> <map> <memory> <optional> <span> <string> <string_view>
                     <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

if(LUNARIA_PRECOMPILE)
  if(LUNARIA_SHARE_PRECOMPILED)
    # Without CMake's own second option, which names the header by a path that differs from clone to clone.
    set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
    # A precompiled header holds the clone's path, so ccache would never find what another clone has compiled. Instead of
    # its content it looks at this sum of what the content comes from: compiler, options, list and packages of headers.
    file(STRINGS /var/lib/dpkg/status header_packages
         REGEX "^(Package: (libstdc\\+\\+-.*-dev|libfmt-dev|libgtest-dev|libgmock-dev|libc6-dev|clang-.*)|Version: .*)$")
    list(JOIN header_packages " " header_packages)
    string(REGEX MATCHALL "Package: [^ ]+ Version: [^ ]+" header_packages "${header_packages}")
  endif()
  file(WRITE "${CMAKE_BINARY_DIR}/precompiled.cc" "")
  foreach(kind sources unfuzzed tests)
    add_library(precompiled_${kind} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/precompiled.cc")
    target_link_libraries(precompiled_${kind} PRIVATE fmt::fmt)
    # Its time of making would make every ccache entry a new one.
    target_compile_options(precompiled_${kind} PRIVATE -Xclang -fno-pch-timestamp)
  endforeach()
  target_precompile_headers(precompiled_sources PRIVATE ${standard_headers})
  target_compile_options(precompiled_unfuzzed PRIVATE ${LUNARIA_UNFUZZED_OPTIONS})
  target_precompile_headers(precompiled_unfuzzed PRIVATE ${standard_headers})
  target_link_libraries(precompiled_tests PRIVATE GTest::gmock)
  target_compile_options(precompiled_tests PRIVATE ${LUNARIA_TEST_OPTIONS})
  target_precompile_headers(precompiled_tests PRIVATE ${standard_headers} <gtest/gtest.h> <gmock/gmock.h>)
  if(LUNARIA_SHARE_PRECOMPILED)
    get_directory_property(header_options COMPILE_OPTIONS)
    foreach(kind sources unfuzzed tests)
      get_target_property(listed precompiled_${kind} PRECOMPILE_HEADERS)
      get_target_property(kind_options precompiled_${kind} COMPILE_OPTIONS)
      string(SHA256 sum "${CMAKE_CXX_COMPILER_VERSION};${CMAKE_BUILD_TYPE};${CMAKE_CXX_FLAGS_DEBUG};\
${CMAKE_CXX_FLAGS_RELWITHDEBINFO};${header_options};${kind_options};${listed};${header_packages}")
      file(WRITE "${CMAKE_BINARY_DIR}/CMakeFiles/precompiled_${kind}.dir/cmake_pch.hxx.pch.sum" "${sum}\n")
    endforeach()
  endif()
endif()

# lunaria_precompiled(TARGET sources|unfuzzed|tests)
function(lunaria_precompiled target kind)
  if(kind STREQUAL "tests")
    target_compile_options(${target} PRIVATE ${LUNARIA_TEST_OPTIONS})
  elseif(kind STREQUAL "unfuzzed")
    target_compile_options(${target} PRIVATE ${LUNARIA_UNFUZZED_OPTIONS})
  endif()
  if(LUNARIA_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
  endif()
endfunction()
