# Link-time optimization of what the daemon's speed depends on (docs/decisions/0022). The objects of those folders hold
# bitcode beside their code: lunariad is optimized as a whole, over calls from folder to folder, while tests link the code
# as it is and lose no time.
set(LUNARIA_LINK_TIME_FOLDERS base wire runtime reactor block scsi iscsi target)
set(LUNARIA_LINK_TIME_OPTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT LUNARIA_SANITIZERS AND NOT LUNARIA_COVERAGE)
  set(LUNARIA_LINK_TIME_OPTIONS -flto=thin -ffat-lto-objects)
endif()

# lunaria_with_bitcode(TARGET NAME): the library of the folder NAME, where it is one of those.
function(lunaria_with_bitcode target name)
  if(name IN_LIST LUNARIA_LINK_TIME_FOLDERS)
    target_compile_options(${target} PRIVATE ${LUNARIA_LINK_TIME_OPTIONS})
  endif()
endfunction()

# lunaria_optimized_at_link(TARGET): a program.
function(lunaria_optimized_at_link target)
  target_link_options(${target} PRIVATE ${LUNARIA_LINK_TIME_OPTIONS})
endfunction()
