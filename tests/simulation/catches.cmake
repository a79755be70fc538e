# cmake -DSOURCE=… -DWORK=… -DCOMPILER=[launcher;]… [-DINCLUDES=…] [-DLIBRARIES=…] -P catches.cmake
#
# Does the simulation come to every `catch` of the engine? Each is marked in a copy of its header, the
# simulation compiled against that, and run. Those of the list below are for what it does not simulate.
cmake_minimum_required(VERSION 3.25)

set(schedules 4000)
set(seed 3)  # with which all are reached; of other seeds of so few schedules, half miss one
set(elsewhere  # with the tests that come to them
  # an observer throws: tests/rollout/test_failure_table.cpp
  "rollout/chronicle.hpp, const std::exception& failure"
  "rollout/chronicle.hpp, ..."
  # a member or a step throws what no platform does: tests/rollout/test_own_mistakes.cpp
  "rollout/platform_door.hpp, const config_error&"
  "rollout/rollout_frame.hpp, const config_error& failure"
  "rollout/rollout_frame.hpp, const std::exception& failure"
  "rollout/rollout_frame.hpp, ... (2)"
  # a judge throws: tests/rollout/test_failure_table.cpp
  "rollout/rollout_look.hpp, const std::exception& failure"
  # a config other than the journal's: tests/rollout/test_replay.cpp
  "rollout/rollout_frame.hpp, const journal_mismatch&"
  # tests/rollout/test_recovery.cpp
  "rollout/take_over.hpp, const std::exception& known"
  "rollout/take_over.hpp, ..."
  "rollout/take_over.hpp, ... (2)"
  "rollout/take_over.hpp, ... (3)")

file(REMOVE_RECURSE "${WORK}")
file(GLOB headers RELATIVE "${SOURCE}/include/hotswap" "${SOURCE}/include/hotswap/rollout/*.hpp"
  "${SOURCE}/include/hotswap/strategies/*.hpp")
set(place 0)
set(places "")
foreach(header IN LISTS headers)
  file(READ "${SOURCE}/include/hotswap/${header}" rest)
  set(marked "")
  while(rest MATCHES "catch \\(([^)]*)\\) {")
    set(caught "${CMAKE_MATCH_1}")
    string(FIND "${rest}" "${CMAKE_MATCH_0}" before)
    string(LENGTH "${CMAKE_MATCH_0}" length)
    math(EXPR after "${before} + ${length}")
    string(SUBSTRING "${rest}" 0 ${after} passed)
    string(SUBSTRING "${rest}" ${after} -1 rest)
    string(APPEND marked "${passed} ::reached<${place}>();")
    set(name "${header}, ${caught}")
    set(same 1)
    while(name IN_LIST places)
      math(EXPR same "${same} + 1")
      set(name "${header}, ${caught} (${same})")
    endwhile()
    list(APPEND places "${name}")
    math(EXPR place "${place} + 1")
  endwhile()
  file(WRITE "${WORK}/include/hotswap/${header}" "${marked}${rest}")
endforeach()

set(tests "${SOURCE}/tests")
list(TRANSFORM INCLUDES PREPEND -I OUTPUT_VARIABLE others)
file(GLOB sources "${tests}/simulation/simulated_*.cpp")
include("${CMAKE_CURRENT_LIST_DIR}/compile_simulation.cmake")
compile_simulation("${WORK}/simulate" COMPILER ${COMPILER} LIBRARIES ${LIBRARIES}
  FLAGS -include "${tests}/simulation/reached.hpp" -include hotswap/rollout/engine_elsewhere.hpp
    "-I${WORK}/include" "-I${SOURCE}/include" "-I${tests}" ${others}
  SOURCES "${tests}/simulation/simulate.cpp" ${sources} "${tests}/support/engine.cpp")

set(story "")
foreach(strategy IN ITEMS canary blue_green ab_test shadow rolling first_deployment)
  execute_process(COMMAND "${WORK}/simulate" --strategy ${strategy} --schedules ${schedules} --seed ${seed}
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "${said}")
  endif()
  string(APPEND story "${said}")
endforeach()

set(place 0)
set(missed "")
foreach(name IN LISTS places)
  string(FIND "${story}" "reached ${place}\n" found)
  if(found EQUAL -1 AND NOT name IN_LIST elsewhere)
    list(APPEND missed "${name}")
  elseif(NOT found EQUAL -1 AND name IN_LIST elsewhere)
    message(FATAL_ERROR "what the simulation comes to must not stand in the list, got ${name}")
  endif()
  list(REMOVE_ITEM elsewhere "${name}")
  math(EXPR place "${place} + 1")
endforeach()
if(elsewhere)
  list(JOIN elsewhere "\n  " elsewhere)
  message(FATAL_ERROR "these must be places that catch, and are none\n  ${elsewhere}")
endif()
if(missed)
  list(JOIN missed "\n  " missed)
  message(FATAL_ERROR "every catch must be reached in ${schedules} schedules of each strategy, but not\n  ${missed}")
endif()
message("${place} places that catch, all reached")
