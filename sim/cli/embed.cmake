# A file as a C array, so that the program works from any folder.
# Included by the project: embeds the cost profile of the built-in example and the gnuplot scripts into the room `cli`.
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

  # The gnuplot scripts, and a table of them.
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/plots/*.gp)
  set(declared "")
  set(listed "")
  foreach(script ${scripts})
    get_filename_component(name ${script} NAME_WE)
    set(embedded ${CMAKE_BINARY_DIR}/embedded/gnuplot_${name}.c)
    add_custom_command(OUTPUT ${embedded}
      COMMAND ${CMAKE_COMMAND} -DIN=${script} -DOUT=${embedded} -DNAME=gnuplot_${name} -P ${CMAKE_CURRENT_LIST_FILE}
      DEPENDS ${script} ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
    target_sources(cli PRIVATE ${embedded})
    string(APPEND declared "extern const char gnuplot_${name}[];\n")
    string(APPEND listed "    {\"${name}\", gnuplot_${name}},\n")
  endforeach()
  set(table ${CMAKE_BINARY_DIR}/embedded/gnuplot_scripts.c)
  file(CONFIGURE OUTPUT ${table} @ONLY CONTENT "#include \"cli/gnuplot.h\"

@declared@
const struct gnuplot_script gnuplot_scripts[] = {
@listed@    {0},
};
")
  target_sources(cli PRIVATE ${table})
endif()
