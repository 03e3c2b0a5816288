# Precompiled standard headers, for the builds that compile everything (LUNARIA_PRECOMPILE in the presets). Sources
# include what they use all the same: the dev preset and tools/check.py compile each of them without.
option(LUNARIA_PRECOMPILE "Compile the standard headers once for all sources" OFF)

# The code of tests is neither fuzzed nor what should be fast: in the fuzz build half of its compile time goes without.
set(LUNARIA_TEST_OPTIONS "")
if(LUNARIA_FUZZ)
  set(LUNARIA_TEST_OPTIONS -O0 -fno-sanitize=fuzzer-no-link)
endif()

set(standard_headers <algorithm> <array> <charconv> <chrono> <coroutine> <cstddef> <cstdint> <cstring> <expected>
                     <filesystem> <functional> <map> <memory> <optional> <span> <string> <string_view>
                     <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

if(LUNARIA_PRECOMPILE)
  file(WRITE "${CMAKE_BINARY_DIR}/precompiled.cc" "")
  foreach(kind sources tests)
    add_library(precompiled_${kind} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/precompiled.cc")
    target_link_libraries(precompiled_${kind} PRIVATE fmt::fmt)
    # Its time of making would make every ccache entry a new one.
    target_compile_options(precompiled_${kind} PRIVATE -Xclang -fno-pch-timestamp)
  endforeach()
  target_precompile_headers(precompiled_sources PRIVATE ${standard_headers})
  target_link_libraries(precompiled_tests PRIVATE GTest::gmock)
  target_compile_options(precompiled_tests PRIVATE ${LUNARIA_TEST_OPTIONS})
  target_precompile_headers(precompiled_tests PRIVATE ${standard_headers} <gtest/gtest.h> <gmock/gmock.h>)
endif()

# lunaria_precompiled(TARGET sources|tests)
function(lunaria_precompiled target kind)
  if(kind STREQUAL "tests")
    target_compile_options(${target} PRIVATE ${LUNARIA_TEST_OPTIONS})
  endif()
  if(LUNARIA_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
  endif()
endfunction()
