# Several test files in one translation unit: most of what a file costs to compile is the headers it
# shares with its neighbours, so that eight together take as long as two alone. Each keeps to itself, in
# a namespace of its own; what they include stands before. A file that must be at global scope, for it
# reopens a namespace or specialises a template, stays alone.
option(HOTSWAP_TESTS_IN_BATCHES "Compile several test files at once; off for who works on one" ON)

# hotswap_test_batches(OUT FOLDER source...): what is compiled in place of the sources
function(hotswap_test_batches out folder)
  if(NOT HOTSWAP_TESTS_IN_BATCHES)
    set(${out} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(units "")
  set(batch "")
  foreach(source IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")  # for its includes
    file(STRINGS "${source}" global_scope
      REGEX "^(template <>|extern \"C\"|namespace support|void. operator new)")
    if(global_scope)
      list(APPEND units "${source}")
    else()
      list(APPEND batch "${source}")
    endif()
  endforeach()

  set(number 1)
  while(batch)
    list(SUBLIST batch 0 8 together)
    list(REMOVE_ITEM batch ${together})
    set(includes "")
    set(files "")
    foreach(source IN LISTS together)
      file(STRINGS "${source}" lines REGEX "^#include")
      list(APPEND includes ${lines})
      cmake_path(GET source STEM name)
      string(APPEND files "namespace ${name} {\n#include \"${source}\"\n}\n")
    endforeach()
    list(REMOVE_DUPLICATES includes)
    list(JOIN includes "\n" includes)
    set(unit "${CMAKE_CURRENT_BINARY_DIR}/batches/${folder}/${number}.cpp")
    file(CONFIGURE OUTPUT "${unit}" CONTENT "${includes}\n\n${files}" @ONLY)
    # A file that is included has no types of its own, thinks g++.
    set_source_files_properties("${unit}" PROPERTIES
      COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>")
    list(APPEND units "${unit}")
    math(EXPR number "${number} + 1")
  endwhile()
  set(${out} ${units} PARENT_SCOPE)
endfunction()
