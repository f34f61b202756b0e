/* sandbox/sandbox.h: tutti sandbox, a fake Discord on loopback: REST, gateway, and a conversation
 * in the terminal. argv[0] is the sub-command's name. Returns the exit status. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

int sandbox_main(int argc, char **argv);

#endif
