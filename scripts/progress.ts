import pc from "picocolors";
import type { Progress } from "./commands/context";

/** Milliseconds between two lines of a step's details where there is no terminal. */
const BETWEEN_DETAILS_MS = 30_000;

/**
 * Shows steps on a stream. At a terminal: a spinner with the step's last detail. Elsewhere: a line where a step begins
 * and ends, and its details at most each 30 s.
 */
export function progressOn(stream: NodeJS.WriteStream, nowMs = () => performance.now()): Progress {
  const show = stream.isTTY ? spinning(stream) : plain(stream, nowMs);
  return {
    async step(title, work, result) {
      const started = nowMs();
      const seconds = () => `${((nowMs() - started) / 1_000).toFixed(1)} s`;
      const line = show(title);
      let isRunning = true;
      try {
        const value = await work((detail) =>
          isRunning ? line.detail(`${title} ${pc.dim(detail.slice(0, 100))}`) : undefined,
        );
        line.end(pc.green("✔"), `${title}  ${pc.dim(seconds())}${result ? `  ${result(value)}` : ""}`);
        return value;
      } catch (error) {
        line.end(pc.red("✘"), `${title}  ${pc.dim(seconds())}`);
        throw error;
      } finally {
        isRunning = false;
      }
    },
    note: (text) => void stream.write(`${stream.isTTY ? CLEAR_LINE : ""}\n${text}\n\n`),
  };
}

/** Nothing is shown: for `--json`. */
export const SILENT: Progress = {
  step: (_title, work) => work(() => undefined),
  note: () => undefined,
};

interface Line {
  detail(text: string): void;
  end(mark: string, text: string): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
const CLEAR_LINE = "\r\x1b[2K";
/** The terminal cuts what is too long for its line. */
const cutAtEdge = (text: string): string => `\x1b[?7l${text}\x1b[?7h`;

/** Drawn here, because the libraries for it exit at a signal, before the work has ended in order. */
function spinning(stream: NodeJS.WriteStream): (title: string) => Line {
  return (title) => {
    let [text, frame] = [title, 0];
    const draw = () =>
      void stream.write(`${CLEAR_LINE}${cutAtEdge(`${pc.yellow(FRAMES[frame++ % FRAMES.length])} ${text}`)}`);
    const timer = setInterval(draw, FRAME_MS);
    draw();
    return {
      detail: (detail) => (text = detail),
      end: (mark, last) => {
        clearInterval(timer);
        stream.write(`${CLEAR_LINE}${mark} ${last}\n`);
      },
    };
  };
}

function plain(stream: NodeJS.WriteStream, nowMs: () => number): (title: string) => Line {
  return (title) => {
    const write = (mark: string, text: string) => void stream.write(`${mark} ${text}\n`);
    let lastMs = nowMs();
    write(pc.dim("…"), title);
    return {
      detail: (text) => {
        if (nowMs() - lastMs < BETWEEN_DETAILS_MS) return;
        lastMs = nowMs();
        write(pc.dim("…"), text);
      },
      end: write,
    };
  };
}
