# SPDX-License-Identifier: GPL-3.0-or-later
# The pool must link on a device: it may call our own BLAKE2s, memcpy and memset, and nothing else. No heap, no C++ run time.
execute_process(COMMAND ${NM} --undefined-only --demangle --format=just-symbols ${LIBRARY} OUTPUT_VARIABLE symbols RESULT_VARIABLE result)
if(result OR NOT symbols MATCHES "qeaas::Blake2s")
  message(FATAL_ERROR "nm could not read ${LIBRARY}")
endif()
string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
foreach(line ${lines})
  if(NOT line MATCHES "^(qeaas::|memcpy$|memset$|__stack_chk_fail|[^ ]*\\.o:$)")
    message(FATAL_ERROR "the pool needs ${line}")
  endif()
endforeach()
