# SPDX-License-Identifier: GPL-3.0-or-later
# The device's DTLS, as a library of its own. wolfSSL itself is built by its own module, with the settings in ../wolfssl.
if(NOT CONFIG_QEAAS_DTLS)
  return()
endif()

zephyr_library_named(qeaas_dtls)
zephyr_library_sources(
  ${CMAKE_CURRENT_LIST_DIR}/certificate.cpp
  ${CMAKE_CURRENT_LIST_DIR}/device_error.cpp
  ${CMAKE_CURRENT_LIST_DIR}/dtls.cpp
  ${CMAKE_CURRENT_LIST_DIR}/dtls_handshake.cpp
  ${CMAKE_CURRENT_LIST_DIR}/dtls_platform.cpp
  ${CMAKE_CURRENT_LIST_DIR}/wolfssl_view.cpp)
zephyr_library_link_libraries(wolfSSL)
zephyr_include_directories(${CMAKE_CURRENT_LIST_DIR})

if(CONFIG_QEAAS_DTLS_NO_VERIFICATION)
  message(WARNING "qeaas: this firmware does not verify its server. For measurements only: never ship it.")
endif()
