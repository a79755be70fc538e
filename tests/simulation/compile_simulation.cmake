# compile_simulation(PROGRAM COMPILER "command..." FLAGS flag... SOURCES source... LIBRARIES library...)
#
# Unoptimised, for a short run. An object a source, which a compiler cache may have.
function(compile_simulation program)
  cmake_parse_arguments(PARSE_ARGV 1 with "" "" "COMPILER;FLAGS;SOURCES;LIBRARIES")
  set(objects "")
  foreach(source IN LISTS with_SOURCES)
    cmake_path(GET source STEM name)
    list(APPEND objects "${program}_${name}.o")
    execute_process(
      COMMAND ${with_COMPILER} -std=c++20 -O0 ${with_FLAGS} -c "${source}" -o "${program}_${name}.o"
      COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  list(POP_BACK with_COMPILER compiler)  # what stands before it is a cache
  execute_process(
    COMMAND "${compiler}" ${objects} ${with_LIBRARIES} -o "${program}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()
