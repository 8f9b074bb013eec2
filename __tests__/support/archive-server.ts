import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** What a server of archives does wrong. */
export interface ArchiveFaults {
  /** How many bytes of each answer it sends before it cuts the connection. Default: all. */
  readonly cutAfter?: number;
  /** Whether it ignores that only a part is asked for. */
  readonly ignoresRanges?: boolean;
  /** The status of every answer. */
  readonly status?: number;
}

/** Serves the files of a folder on loopback, whole or from a byte on, and remembers what was asked for. */
export class ArchiveServer {
  /** Path and range of each request, such as `/a.zip bytes=10-`. */
  readonly asked: string[] = [];
  /** How many tunnels it was asked for, as a proxy is. */
  tunnels = 0;
  faults: ArchiveFaults = {};
  private readonly server = createServer((request, response) => this.answer(request, response));

  constructor(private readonly folder: string) {}

  /** @returns its address */
  async start(): Promise<string> {
    this.server.on("connect", (_request, socket) => {
      this.tunnels += 1;
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer({ url = "", headers }: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(url.replace(/\?.*$/, ""));
    this.asked.push(`${path} ${headers.range ?? ""}`.trim());
    const { cutAfter, ignoresRanges, status } = this.faults;
    const file = join(this.folder, path.endsWith("/") ? `${path}index.html` : path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (status !== undefined || size === undefined) return void response.writeHead(status ?? 404).end();
    const start = ignoresRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    if (start >= size && size > 0) return void response.writeHead(416).end();
    response.writeHead(start > 0 ? 206 : 200, {
      "content-type": path.endsWith("/") ? "text/html" : "application/octet-stream",
      "content-length": size - start,
      ...(start > 0 && { "content-range": `bytes ${start}-${size - 1}/${size}` }),
    });
    const body = createReadStream(file, { start, ...(cutAfter && { end: start + cutAfter - 1 }) });
    body.pipe(response, { end: cutAfter === undefined });
    if (cutAfter !== undefined) body.once("end", () => response.socket?.end());
  }
}
