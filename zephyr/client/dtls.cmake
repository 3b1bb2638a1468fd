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

# The speed profile compiles wolfCrypt's inner loops for speed, whatever the image is optimised for. Deferred: wolfSSL's module, which
# makes the library, may come after this one.
function(qeaas_optimise_wolfcrypt)
  get_property(libraries GLOBAL PROPERTY ZEPHYR_LIBS)
  foreach(library IN LISTS libraries)
    get_target_property(sources ${library} SOURCES)
    list(FILTER sources INCLUDE REGEX "wolfcrypt/src/(aes|sha256|sha3|sha512|wc_mlkem|wc_mlkem_poly|wc_mldsa|sp_c32|ecc|fe_operations|curve25519)\\.c$")
    set_property(SOURCE ${sources} TARGET_DIRECTORY ${library} APPEND PROPERTY COMPILE_OPTIONS -O2)
  endforeach()
endfunction()
if(CONFIG_QEAAS_DTLS_SPEED)
  cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL qeaas_optimise_wolfcrypt)
endif()

if(CONFIG_QEAAS_DTLS_NO_VERIFICATION)
  message(WARNING "qeaas: this firmware does not verify its server. For measurements only: never ship it.")
endif()
