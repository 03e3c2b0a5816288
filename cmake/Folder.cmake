# How a folder of src/ and a whole-system test become targets. Every executable joins one of these groups, and the
# build presets name groups, so that each preset builds only what it runs:
#   programs      lunariad, lunaria
#   unit_tests    the NAME_test of every folder
#   optimized_tests  those of them that count, race or play many seeds: they mean more where the compiler optimizes
#   thread_tests  those of the folders where more than one thread runs, for ThreadSanitizer
#   client_tests  what tests/clients needs beside the programs
#   fuzzers       every *_fuzz.cc
#   generated_sources  what the build writes for the compiler to read; tools/check.py makes it before it reads sources
include(Precompile)
include(LinkTime)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(LUNARIA_FUZZ_SECONDS 5 CACHE STRING "Seconds each fuzzer runs in the tests of the fuzz preset")
set(LUNARIA_THREADED_FOLDERS runtime reactor target)
set(LUNARIA_OPTIMIZED_FOLDERS reactor scsi)

foreach(group programs unit_tests optimized_tests thread_tests client_tests fuzzers generated_sources)
  add_custom_target(${group})
endforeach()

# lunaria_folder(NAME HEADERS ... [SOURCES ...] [DEPENDS ...] [TESTS ...] [TEST_DEPENDS ...] [FUZZERS ...])
#
# One folder of src/ is one library `lunaria_NAME`. HEADERS become a verified header set (each must compile alone).
# TESTS are the *_test.cc files beside the code: one executable `NAME_test`, one ctest entry `NAME`.
# FUZZERS are the *_fuzz.cc files: see lunaria_fuzzer().
function(lunaria_folder name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;DEPENDS;TESTS;TEST_DEPENDS;FUZZERS" ${ARGN})
  set(target lunaria_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    if(name IN_LIST LUNARIA_UNFUZZED_FOLDERS)
      lunaria_precompiled(${target} unfuzzed)
    else()
      lunaria_precompiled(${target} sources)
    endif()
    lunaria_with_bitcode(${target} ${name})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}/src" FILES ${ARG_HEADERS})
  target_include_directories(${target} ${scope} "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(${target} ${scope} ${ARG_DEPENDS})

  if(ARG_TESTS)
    set(labels unit)
    if(name IN_LIST LUNARIA_THREADED_FOLDERS)
      list(APPEND labels threads)
    endif()
    if(name IN_LIST LUNARIA_OPTIMIZED_FOLDERS)
      list(APPEND labels optimized)
    endif()
    lunaria_test(${name} SOURCES ${ARG_TESTS} DEPENDS ${target} ${ARG_TEST_DEPENDS} LABELS ${labels})
  endif()
  foreach(source ${ARG_FUZZERS})
    lunaria_fuzzer(${source} DEPENDS ${target} ${ARG_TEST_DEPENDS})
  endforeach()
endfunction()

# lunaria_test(NAME SOURCES ... [DEPENDS ...] [LABELS unit|optimized|threads|client ...])
#
# One gtest executable `NAME_test` and one ctest entry `NAME` (labels: `unit` unless told).
function(lunaria_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  lunaria_precompiled(${name}_test tests)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS "${ARG_LABELS}")
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${name}_test)
  endif()
  if("optimized" IN_LIST ARG_LABELS)
    add_dependencies(optimized_tests ${name}_test)
  endif()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(thread_tests ${name}_test)
  endif()
  if("client" IN_LIST ARG_LABELS)
    add_dependencies(client_tests ${name}_test)
  endif()
endfunction()

# lunaria_reads_tree(SOURCE ...)
#
# Tests that read files of the tree (golden files, MOF) find it in LUNARIA_SOURCE_DIR. Only they are told the path, since
# ccache cannot share an object between clones that knows where it was compiled.
function(lunaria_reads_tree)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_DEFINITIONS "LUNARIA_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
endfunction()

# lunaria_fuzzer(NAME_fuzz.cc [DEPENDS ...])
#
# Under the fuzz preset a libFuzzer binary, run for LUNARIA_FUZZ_SECONDS from the corpus in tests/corpus/NAME_fuzz (test
# `fuzz/NAME_fuzz`, label `fuzz`). Otherwise linked to a replayer that runs that corpus once (`corpus/NAME_fuzz`, label
# `corpus`).
function(lunaria_fuzzer source)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  get_filename_component(fuzzer ${source} NAME_WE)
  set(corpus "${CMAKE_SOURCE_DIR}/tests/corpus/${fuzzer}")
  add_executable(${fuzzer} ${source})
  add_dependencies(fuzzers ${fuzzer})
  target_link_libraries(${fuzzer} PRIVATE ${ARG_DEPENDS})
  if(LUNARIA_FUZZ)
    target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz/${fuzzer} COMMAND "${CMAKE_SOURCE_DIR}/tools/run_fuzzer.sh" "$<TARGET_FILE:${fuzzer}>"
                                         "${corpus}" ${LUNARIA_FUZZ_SECONDS})
    set_tests_properties(fuzz/${fuzzer} PROPERTIES TIMEOUT 300 LABELS fuzz)
  else()
    target_sources(${fuzzer} PRIVATE "${CMAKE_SOURCE_DIR}/tests/corpus/replay.cc")
    add_test(NAME corpus/${fuzzer} COMMAND ${fuzzer} "${corpus}")
    set_tests_properties(corpus/${fuzzer} PROPERTIES TIMEOUT 300 LABELS corpus)
  endif()
endfunction()
