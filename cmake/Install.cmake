# What `make install` puts where. Programs and the manual are looked up here, so that a tree without one of them still
# installs the rest.
include(GNUInstallDirs)

# lunaria_program(TARGET DESTINATION): TARGET is part of the product; `make run` builds it, `make install` installs it.
function(lunaria_program target destination)
  add_dependencies(programs ${target})
  install(TARGETS ${target} RUNTIME DESTINATION "${destination}")
endfunction()

set(packaging "${CMAKE_SOURCE_DIR}/packaging")
configure_file("${packaging}/systemd/lunariad.service.in" "${CMAKE_BINARY_DIR}/packaging/lunariad.service" @ONLY)
# systemd reads these two below /usr/local/lib as well as below /usr/lib, whatever the library directory of the system.
install(FILES "${CMAKE_BINARY_DIR}/packaging/lunariad.service" DESTINATION lib/systemd/system)
install(FILES "${packaging}/systemd/lunaria.conf" DESTINATION lib/sysusers.d)

# The administrator's file is never overwritten; the sample is in the documentation as well.
set(settings "${CMAKE_INSTALL_FULL_SYSCONFDIR}/lunaria")
install(CODE "
  if(NOT EXISTS \"\$ENV{DESTDIR}${settings}/lunaria.toml\")
    file(INSTALL \"${packaging}/lunaria.toml\" DESTINATION \"${settings}\")
  endif()")
install(FILES "${packaging}/lunaria.toml" "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${packaging}/pam/lunaria" DESTINATION "${CMAKE_INSTALL_DOCDIR}/pam")
if(IS_DIRECTORY "${CMAKE_SOURCE_DIR}/docs/man")
  foreach(section 1 5 8)
    install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}"
            FILES_MATCHING PATTERN "*.${section}")
  endforeach()
endif()
