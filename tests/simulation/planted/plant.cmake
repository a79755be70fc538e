# cmake -DNAME=… -DSOURCE=… -DWORK=… -DCOMPILER=[launcher;]… -DSIMULATE=… [-DINCLUDES=…] [-DLIBRARIES=…] -P plant.cmake
#
# Makes the mistake NAME of table.cmake in a copy of its header, compiles the simulation of its
# strategy against that, and runs it: the mistake must be found within 10^5 schedules, whose number is
# printed. SIMULATE, the program without it, must find nothing wrong in the schedule that finds it.
# None of this touches include/. With NAME=- it only looks whether each can still be made.
cmake_minimum_required(VERSION 3.25)

set(most_schedules 100000)

function(planted name strategy file mistake from to)
  if(NOT NAME STREQUAL "-" AND NOT NAME STREQUAL name)
    return()
  endif()
  set(is_known TRUE PARENT_SCOPE)

  file(READ "${SOURCE}/include/hotswap/${file}" header)
  string(FIND "${header}" "${from}" first)
  string(FIND "${header}" "${from}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "${name}: ${file} must have this text once:\n${from}")
  endif()
  if(NAME STREQUAL "-")
    return()
  endif()
  string(REPLACE "${from}" "${to}" header "${header}")
  set(work "${WORK}/${name}")
  file(REMOVE_RECURSE "${work}")
  file(WRITE "${work}/include/hotswap/${file}" "${header}")

  # the other strategies are only named: what they simulate is not compiled
  file(READ "${SOURCE}/tests/simulation/simulated_strategy.hpp" declarations)
  string(REGEX MATCHALL "simulated_strategy simulated_[a-z_]+\\(" declared "${declarations}")
  set(stubs "#include \"simulation/simulated_strategy.hpp\"\n")
  foreach(each IN LISTS declared)
    string(REGEX REPLACE "^simulated_strategy (simulated_[a-z_]+)\\($" "\\1" function "${each}")
    if(NOT function STREQUAL "simulated_${strategy}")
      string(APPEND stubs "simulated_strategy ${function}() { return {}; }\n")
    endif()
  endforeach()
  file(WRITE "${work}/other_strategies.cpp" "${stubs}")

  set(tests "${SOURCE}/tests")
  set(program "${work}/simulate")
  list(TRANSFORM INCLUDES PREPEND -I OUTPUT_VARIABLE flags)
  list(PREPEND flags "-I${work}/include" "-I${SOURCE}/include" "-I${tests}")
  set(sources "${tests}/simulation/simulate.cpp" "${tests}/simulation/simulated_${strategy}.cpp"
    "${work}/other_strategies.cpp")
  if(file MATCHES "^strategies/")  # the engine is as it is in all of these
    list(APPEND flags -include hotswap/rollout/engine_elsewhere.hpp)
    list(APPEND sources "${tests}/support/engine.cpp")
  endif()
  compile_simulation("${program}"
    COMPILER ${COMPILER} FLAGS ${flags} SOURCES ${sources} LIBRARIES ${LIBRARIES})

  execute_process(
    COMMAND "${program}" --strategy ${strategy} --schedules ${most_schedules} --seed 1
    RESULT_VARIABLE result OUTPUT_VARIABLE story ERROR_VARIABLE story)
  if(story MATCHES "([0-9]+) schedules")
    set(tried "after ${CMAKE_MATCH_1} schedules")
  else()
    set(tried "in a schedule that broke a promise once before")
  endif()
  string(REGEX MATCH "invariant [0-9]+: [^\n]*" breach "${story}")
  if(NOT result EQUAL 1 OR breach STREQUAL "")
    message(FATAL_ERROR
      "${name}: it must be found within ${most_schedules} schedules, got ${result} and\n${story}")
  endif()
  string(REGEX MATCH "--schedule ([0-9a-f]*)" least "${story}")
  execute_process(
    COMMAND "${SIMULATE}" --strategy ${strategy} --schedule "${CMAKE_MATCH_1}"
    RESULT_VARIABLE result OUTPUT_VARIABLE story ERROR_VARIABLE story)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${name}: without the mistake nothing must be wrong, got ${result} and\n${story}")
  endif()
  message("${name}: ${mistake}\n  found ${tried}, ${breach}")
  file(REMOVE_RECURSE "${work}")
endfunction()

include("${CMAKE_CURRENT_LIST_DIR}/../compile_simulation.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/table.cmake")
if(NOT is_known)
  message(FATAL_ERROR "table.cmake must have a mistake ${NAME}")
endif()
