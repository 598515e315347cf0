# SPDX-License-Identifier: Apache-2.0
# board/aarch64: the distribution's cross compiler.
set(GP_TRIPLE aarch64-linux-gnu)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER ${GP_TRIPLE}-gcc)
set(CMAKE_CXX_COMPILER ${GP_TRIPLE}-g++)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
find_program(GP_EMULATOR NAMES qemu-aarch64-static qemu-aarch64)
if(GP_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${GP_EMULATOR})
endif()
