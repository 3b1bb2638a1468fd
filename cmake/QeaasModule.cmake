# SPDX-License-Identifier: GPL-3.0-or-later
# qeaas_module(NAME SOURCES a.cpp ... [TESTS a_test.cpp ...] [LINKS public targets] [PRIVATE private targets])
# makes the static library qeaas_NAME and, when tests are on, the test program qeaas_NAME_test with every test known to ctest.

add_library(qeaas_options INTERFACE)
target_include_directories(qeaas_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(qeaas_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Wnon-virtual-dtor -Wold-style-cast -Wundef -fno-omit-frame-pointer -fstack-protector-strong)
target_compile_definitions(qeaas_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>
  QEAAS_VERSION="${PROJECT_VERSION}" SPDLOG_FMT_EXTERNAL)
target_link_options(qeaas_options INTERFACE -Wl,-z,relro,-z,now)
# gcc 12 sees things that are not there: overlapping copies in std::string's operator+ (its bug 105651), uninitialised members of
# tl::expected, operators new and delete that do not match when a test replaces both.
target_compile_options(qeaas_options INTERFACE
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict;-Wno-maybe-uninitialized;-Wno-mismatched-new-delete>)
if(QEAAS_SANITIZE)
  target_compile_options(qeaas_options INTERFACE -fsanitize=${QEAAS_SANITIZE} -fno-sanitize-recover=all -g1)
  target_link_options(qeaas_options INTERFACE -fsanitize=${QEAAS_SANITIZE})
endif()
if(QEAAS_FUZZ)
  target_compile_options(qeaas_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Half of a build's time is test programs. They need little optimising; and of the undefined behaviour only what the product can have: a
# null or misplaced pointer of a test ends it in any case. The libraries keep every check. It is linked last, so that its options count.
add_library(qeaas_test_options INTERFACE)
target_compile_options(qeaas_test_options INTERFACE $<$<CONFIG:Release>:-O1>)
if(QEAAS_SANITIZE MATCHES undefined)
  target_compile_options(qeaas_test_options INTERFACE -fno-sanitize=null,alignment,object-size,vptr)
endif()

# Several sources of a test program in one unit: what they include is read once, which is most of the work. CMAKE_UNITY_BUILD, in the presets of
# CI, does the same to everything. `make build`, the dev preset and lint compile each file by itself, so that it stands by itself.
option(QEAAS_UNITY_TESTS "Compile test programs in few units" OFF)

# qeaas_test(NAME SOURCES a_test.cpp ... [LINKS targets]) makes a test program. QEAAS_TEST_MODULES names the modules whose programs are
# made instead of all.
function(qeaas_test name)
  string(REGEX REPLACE "^qeaas_(.*)_test$" "\\1" module ${name})
  if(QEAAS_TEST_MODULES AND NOT module IN_LIST QEAAS_TEST_MODULES)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE qeaas_options ${ARG_LINKS} GTest::gtest GTest::gmock GTest::gtest_main qeaas_test_options)
  target_compile_definitions(${name} PRIVATE QEAAS_SOURCE_DIR="${CMAKE_SOURCE_DIR}" QEAAS_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(QEAAS_UNITY_TESTS)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()

function(qeaas_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;LINKS;PRIVATE" ${ARGN})
  add_library(qeaas_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(qeaas_${name} PUBLIC qeaas_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE})
  if(QEAAS_TESTS AND ARG_TESTS)
    qeaas_test(qeaas_${name}_test SOURCES ${ARG_TESTS} LINKS qeaas_${name} ${ARG_PRIVATE})
  endif()
endfunction()
