# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the script on the host (HOST) and in QEMU (EMULATE and IMAGE) and compares what they print, byte for byte.
execute_process(COMMAND ${HOST} OUTPUT_VARIABLE here RESULT_VARIABLE failed)
execute_process(COMMAND ${EMULATE} ${IMAGE} OUTPUT_VARIABLE there RESULT_VARIABLE failed_there)
string(LENGTH "${here}" length)
if(failed OR failed_there OR length LESS 10000 OR NOT here MATCHES "extract [0-9a-f]" OR NOT here MATCHES "\nend\n$")
  message(FATAL_ERROR "the script did not run: ${failed}, ${failed_there}, ${length} characters\n${there}")
endif()
if(NOT here STREQUAL there)
  message(FATAL_ERROR "host and Cortex-M3 differ\n--- host\n${here}\n--- Cortex-M3\n${there}")
endif()
message(STATUS "host and Cortex-M3 print the same ${length} characters")
