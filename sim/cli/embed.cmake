# A file as a C array, so that the program works from any folder.
# Included by the project: embeds the cost profile of the built-in example into the room `cli`.
# Run as a script (cmake -DIN=FILE -DOUT=FILE.c -DNAME=SYMBOL -P embed.cmake): writes that array, NUL-terminated.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${IN} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "(char)0x\\1," bytes "${bytes}")
  string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
  file(WRITE ${OUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {\n${bytes}0};\n")
else()
  set(profile ${CMAKE_SOURCE_DIR}/configs/costs/i9-13900k.yaml)
  set(embedded ${CMAKE_BINARY_DIR}/embedded/load_profile.c)
  add_custom_command(OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} -DIN=${profile} -DOUT=${embedded} -DNAME=load_profile -P ${CMAKE_CURRENT_LIST_FILE}
    DEPENDS ${profile} ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
  target_sources(cli PRIVATE ${embedded})
endif()
