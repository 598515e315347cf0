# SPDX-License-Identifier: Apache-2.0
# board/armhf: the distribution's cross compiler.
set(GP_TRIPLE arm-linux-gnueabihf)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER ${GP_TRIPLE}-gcc)
set(CMAKE_CXX_COMPILER ${GP_TRIPLE}-g++)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
find_program(GP_EMULATOR NAMES qemu-arm-static qemu-arm)
if(GP_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${GP_EMULATOR})
endif()
# 64-bit time and file sizes: 2038 comes. The psABI notes are about g++ 7.1.
set(CMAKE_C_FLAGS_INIT "-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64")
set(CMAKE_CXX_FLAGS_INIT "-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64 -Wno-psabi")
