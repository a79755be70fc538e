# cmake -P run.cmake SOURCE COMPILER FLAG...
#
# Holds a source that must not compile to its first line, `// expect: <sentence>`: the compiler must
# report exactly one error, and that error must end with the whole sentence.

# A fatal message would be filled into paragraphs, so it is printed beforehand.
function(refuse text)
  message(NOTICE "${text}")
  message(FATAL_ERROR "compile_fail: refused")
endfunction()

set(source "${CMAKE_ARGV3}")
set(command "")
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE 4 ${last})
  list(APPEND command "${CMAKE_ARGV${index}}")
endforeach()

# No list of lines: a sentence may hold brackets and semicolons, which CMake's lists do not survive.
file(READ "${source}" text)
string(FIND "${text}" "\n" end)
string(SUBSTRING "${text}" 0 ${end} first_line)
if(NOT first_line MATCHES "^// expect: (.+)$")
  refuse("${source}: the first line must be `// expect: <sentence>`, got `${first_line}`")
endif()
set(sentence "${CMAKE_MATCH_1}")

set(ENV{LC_ALL} C)  # the compiler's own words in English
execute_process(COMMAND ${command} "${source}"
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status STREQUAL "0")
  refuse("${source}: compiles, and must not")
endif()

string(REGEX MATCHALL "error:" errors "${output}")
list(LENGTH errors count)
if(NOT count EQUAL 1)
  refuse("${source}: must give exactly one error, got ${count}\n${output}")
endif()
string(FIND "${output}" ": ${sentence}\n" position)
if(position EQUAL -1)
  refuse("${source}: the error must end with\n  ${sentence}\ngot\n${output}")
endif()
message(STATUS "${sentence}")
