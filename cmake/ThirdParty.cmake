# SPDX-License-Identifier: GPL-3.0-or-later
# Finds what Debian packages and scripts/setup provide, as imported targets: qeaas::wolfssl, qeaas::jitterentropy, qeaas::sqlite,
# qeaas::curl, qeaas::asio, qeaas::toml. No other file names a third-party path.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)  # of the provider alone: its headers, and libcrypto for its tests
find_package(Boost 1.81 REQUIRED)
find_package(tl-expected REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
if(QEAAS_TESTS)
  find_package(GTest REQUIRED)
endif()
if(QEAAS_BENCH)
  find_package(benchmark REQUIRED)
endif()

execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/setup --print-cache
                OUTPUT_VARIABLE qeaas_cache OUTPUT_STRIP_TRAILING_WHITESPACE)
set(QEAAS_WOLFSSL_ROOT "${qeaas_cache}/current/wolfssl" CACHE PATH "prefix of a wolfSSL with the features that scripts/setup lists")
set(QEAAS_JITTERENTROPY_ROOT "${qeaas_cache}/current/jitterentropy" CACHE PATH "prefix of the jitterentropy library")

function(qeaas_imported_static name root library header)
  if(NOT EXISTS ${root}/lib/lib${library}.a OR NOT EXISTS ${root}/include/${header})
    message(FATAL_ERROR "${library} is not in ${root}. Run scripts/setup first, or name your own installation.")
  endif()
  add_library(qeaas::${name} STATIC IMPORTED GLOBAL)
  set_target_properties(qeaas::${name} PROPERTIES
    IMPORTED_LOCATION ${root}/lib/lib${library}.a
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${root}/include
    INTERFACE_INCLUDE_DIRECTORIES ${root}/include)
endfunction()
qeaas_imported_static(wolfssl ${QEAAS_WOLFSSL_ROOT} wolfssl wolfssl/options.h)
qeaas_imported_static(jitterentropy ${QEAAS_JITTERENTROPY_ROOT} jitterentropy jitterentropy.h)
target_link_libraries(qeaas::wolfssl INTERFACE m Threads::Threads)
# Its old names (Sha256, SHA256_DIGEST_SIZE) are macros that would rename our own.
target_compile_definitions(qeaas::wolfssl INTERFACE NO_OLD_SHA_NAMES NO_OLD_WC_NAMES)
target_link_libraries(qeaas::jitterentropy INTERFACE Threads::Threads rt)

# A wolfSSL of somebody else's making must have what the product uses; saying so here beats a link error.
file(STRINGS ${QEAAS_WOLFSSL_ROOT}/include/wolfssl/options.h qeaas_wolfssl_options REGEX "^#define")
foreach(feature WOLFSSL_DTLS13 WOLFSSL_DTLS_CID WOLFSSL_HAVE_MLKEM HAVE_SESSION_TICKET WOLFSSL_DTLS_CH_FRAG WC_RNG_SEED_CB
                WOLFSSL_ALWAYS_VERIFY_CB WOLFSSL_CERT_SETUP_CB WOLFSSL_CERT_GEN)
  if(NOT qeaas_wolfssl_options MATCHES "#define ${feature}")
    message(FATAL_ERROR "the wolfSSL in ${QEAAS_WOLFSSL_ROOT} lacks ${feature}; configure it as scripts/setup does")
  endif()
endforeach()
