# SPDX-License-Identifier: GPL-3.0-or-later
# OBJECT is everything of the pool, linked together for the device. It may want these four functions that every compiler may call, and
# nothing else: no heap, no C++ run time, no operating system. Nor may it have variables: the pool is where its owner puts it.
execute_process(COMMAND ${NM} --undefined-only --format=just-symbols ${OBJECT} OUTPUT_VARIABLE wanted RESULT_VARIABLE result)
execute_process(COMMAND ${NM} --defined-only --demangle ${OBJECT} OUTPUT_VARIABLE defined)
if(result OR NOT defined MATCHES "qeaas::EntropyPool::extract" OR NOT defined MATCHES "qeaas::BootSeed::start" OR NOT defined MATCHES "Blake2sUpdate")
  message(FATAL_ERROR "${OBJECT} is not the whole pool")
endif()
string(REGEX MATCHALL "[^\n]+" lines "${wanted}")
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^(memcpy|memset|memmove|memcmp|__aeabi_mem(cpy|set|clr|move)[48]?)$")
    message(FATAL_ERROR "the pool wants ${line}")
  endif()
endforeach()
if(defined MATCHES "(^|\n)[0-9a-f]+ [bBdDcC] ([^\n]*)")
  message(FATAL_ERROR "the pool has a variable: ${CMAKE_MATCH_2}")
endif()
execute_process(COMMAND ${SIZE} ${OBJECT} OUTPUT_VARIABLE size)
message(STATUS "the pool, its boot seed and BLAKE2s; it wants: ${lines}\n${size}")
