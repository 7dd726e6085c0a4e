# A hash of the sources that decide what a simulation gives, so that a sweep is not gone on with by another simulator.
# Included by the project: makes identity_version (study/identity.h) a part of the room `study`.
# Run as a script (cmake -DROOT=FOLDER -DOUT=FILE.c -P identity.cmake): writes the file.
set(folders models models/parts sim/engine sim/stats sim/scenario)
if(CMAKE_SCRIPT_MODE_FILE)
  set(sums "")
  foreach(folder ${folders})
    file(GLOB sources RELATIVE ${ROOT} ${ROOT}/${folder}/*.c ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.def)
    list(SORT sources)
    foreach(source ${sources})
      file(SHA256 ${ROOT}/${source} sum)
      string(APPEND sums "${sum} ${source}\n")
    endforeach()
  endforeach()
  string(SHA256 sum "${sums}")
  string(SUBSTRING ${sum} 0 16 sum)
  file(WRITE ${OUT} "#include \"study/identity.h\"\n\nconst char identity_version[] = DISPATCHSIM_VERSION \"+${sum}\";\n")
else()
  set(deciding ${CMAKE_CURRENT_LIST_FILE})
  foreach(folder ${folders})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c ${CMAKE_SOURCE_DIR}/${folder}/*.h
      ${CMAKE_SOURCE_DIR}/${folder}/*.def)
    list(APPEND deciding ${sources})
  endforeach()
  set(identity ${CMAKE_BINARY_DIR}/embedded/identity.c)
  add_custom_command(OUTPUT ${identity}
    COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOUT=${identity} -P ${CMAKE_CURRENT_LIST_FILE}
    DEPENDS ${deciding} VERBATIM)
  target_sources(study PRIVATE ${identity})
endif()
