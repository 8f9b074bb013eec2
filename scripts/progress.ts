import pc from "picocolors";
import { createSpinner } from "nanospinner";
import type { Progress } from "./commands/context";

/** Shows steps on a stream: a spinner at a terminal, one line at the end of each step elsewhere. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  const show = stream.isTTY ? spinning(stream) : plain(stream);
  return {
    async step(title, work, result) {
      const started = performance.now();
      const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
      const line = show(title);
      try {
        const value = await work((detail) => line.detail(`${title} ${pc.dim(detail.slice(0, 100))}`));
        line.end(pc.green("✔"), `${title}  ${pc.dim(seconds())}${result ? `  ${result(value)}` : ""}`);
        return value;
      } catch (error) {
        line.end(pc.red("✘"), `${title}  ${pc.dim(seconds())}`);
        throw error;
      }
    },
    note: (text) => void stream.write(`\n${text}\n\n`),
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

function spinning(stream: NodeJS.WriteStream): (title: string) => Line {
  return (title) => {
    const spinner = createSpinner(title, { stream }).start();
    return { detail: (text) => void spinner.update({ text }), end: (mark, text) => void spinner.stop({ text, mark }) };
  };
}

function plain(stream: NodeJS.WriteStream): (title: string) => Line {
  return (title) => {
    stream.write(`${pc.dim("…")} ${title}\n`);
    return { detail: () => undefined, end: (mark, text) => void stream.write(`${mark} ${text}\n`) };
  };
}
