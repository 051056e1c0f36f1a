# cmake/stark.cmake — how every room is built: language level, warnings, sanitizers, ccache.
# Gives: stark_library(name SOURCES… LINKS…) and stark_program(name SOURCES… LINKS…).
find_program(STARK_CCACHE ccache)
if(STARK_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STARK_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${STARK_CCACHE})
endif()
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)
# As an archive where there is one, so that starting needs no file more.
find_library(STARK_XXHASH NAMES libxxhash.a xxhash REQUIRED)

add_library(stark_flags INTERFACE)
target_include_directories(stark_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(stark_flags INTERFACE -Wall -Wextra -Wshadow -fno-strict-aliasing -fvisibility=hidden -ffunction-sections -fdata-sections
  # g++ 12 sees an overlap in `"text" + string` that is not there (its bug 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # clang sees through std::stable_sort to a buffer that libstdc++ 12 itself declares deprecated.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
if(STARK_WERROR)
  target_compile_options(stark_flags INTERFACE -Werror)
endif()
if(STARK_SANITIZE)
  target_compile_options(stark_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                         -fno-omit-frame-pointer)
  target_link_options(stark_flags INTERFACE -fsanitize=address,undefined)
endif()

if(STARK_THREAD_SANITIZE)
  # A fence that a program asks for is one that the sanitizer does not see; g++ says so.
  target_compile_options(stark_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(stark_flags INTERFACE -fsanitize=thread)
endif()

if(STARK_FUZZ)
  target_compile_options(stark_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A room or a stage: its LINKS are the rooms it may see.
function(stark_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC stark_flags ${arg_LINKS})
endfunction()

function(stark_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE stark_flags ${arg_LINKS})
  target_link_options(${name} PRIVATE -Wl,--gc-sections)
endfunction()

# A doctest program that ctest runs as one test.
function(stark_test name)
  stark_program(${name} ${ARGN})
  add_test(NAME ${name} COMMAND ${name})
endfunction()
