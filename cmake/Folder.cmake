# lunaria_folder(NAME HEADERS ... [SOURCES ...] [DEPENDS ...] [TESTS ...] [TEST_DEPENDS ...] [FUZZERS ...])
#
# One folder of src/ is one library `lunaria_NAME`. HEADERS become a verified header set (each must compile alone).
# TESTS are the *_test.cc files beside the code: one executable `NAME_test`, one ctest entry `NAME`.
# FUZZERS are the *_fuzz.cc files: under the fuzz preset each is a libFuzzer binary run for a bounded time; otherwise
# it is linked to a replayer that runs its corpus in tests/corpus/<fuzzer>.
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(LUNARIA_FUZZ_SECONDS 5 CACHE STRING "Seconds each fuzzer runs in the tests of the fuzz preset")

function(lunaria_folder name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;DEPENDS;TESTS;TEST_DEPENDS;FUZZERS" ${ARGN})
  set(target lunaria_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}/src" FILES ${ARG_HEADERS})
  target_include_directories(${target} ${scope} "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(${target} ${scope} ${ARG_DEPENDS})

  if(ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE ${target} ${ARG_TEST_DEPENDS} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE LUNARIA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()

  foreach(source ${ARG_FUZZERS})
    get_filename_component(fuzzer ${source} NAME_WE)
    set(corpus "${CMAKE_SOURCE_DIR}/tests/corpus/${fuzzer}")
    add_executable(${fuzzer} ${source})
    target_link_libraries(${fuzzer} PRIVATE ${target} ${ARG_TEST_DEPENDS})
    if(LUNARIA_FUZZ)
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      add_test(NAME fuzz/${fuzzer} COMMAND "${CMAKE_SOURCE_DIR}/tools/run_fuzzer.sh" "$<TARGET_FILE:${fuzzer}>"
                                           "${corpus}" ${LUNARIA_FUZZ_SECONDS})
    else()
      target_sources(${fuzzer} PRIVATE "${CMAKE_SOURCE_DIR}/tests/corpus/replay.cc")
      add_test(NAME corpus/${fuzzer} COMMAND ${fuzzer} "${corpus}")
    endif()
  endforeach()
endfunction()
