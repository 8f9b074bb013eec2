import type { Socket } from "node:net";

/**
 * Ends a connection with RST. One whose own end was sent already is closed as it is: libuv refuses the reset after a
 * shutdown, and Node then leaves the descriptor open and busy.
 */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
