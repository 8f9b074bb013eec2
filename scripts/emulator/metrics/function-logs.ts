import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { asList, asObject, asText, isNumber, parseObject, type JsonObject } from "../json";
import type { Sample } from "./metric-store";

/** Bytes that are read at once. */
const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/** Reads the lines that others append to a file, each once. Lines from before the tail was made are not read. */
export class LogTail {
  private position: number;
  /** Begin of a line whose end has not been written yet. */
  private rest = Buffer.alloc(0);

  constructor(private readonly path: string) {
    this.position = existsSync(path) ? statSync(path).size : 0;
  }

  /** The complete lines since the last call, without their line feeds; none where the file does not exist yet. */
  take(): string[] {
    if (!existsSync(this.path)) return [];
    const lines: string[] = [];
    const file = openSync(this.path, "r");
    try {
      const end = fstatSync(file).size;
      while (this.position < end)
        lines.push(...this.splitLines(this.readChunk(file, Math.min(CHUNK_BYTES, end - this.position))));
    } finally {
      closeSync(file);
    }
    return lines;
  }

  private readChunk(file: number, bytes: number): Buffer {
    const chunk = Buffer.alloc(bytes);
    const count = readSync(file, chunk, 0, bytes, this.position);
    if (count === 0) throw new Error(`${this.path} became shorter while it was read; a function's log only grows.`);
    this.position += count;
    return chunk.subarray(0, count);
  }

  /** Splits bytes, not text, because the bytes of one character may lie in two chunks. */
  private splitLines(chunk: Buffer): string[] {
    const bytes = Buffer.concat([this.rest, chunk]);
    const last = bytes.lastIndexOf(LINE_FEED);
    this.rest = bytes.subarray(last + 1);
    return last < 0 ? [] : bytes.subarray(0, last).toString("utf8").split("\n");
  }
}

/** Most dimensions of a set (embedded metric format specification). */
const MAX_DIMENSIONS = 30;

/**
 * The metrics in one line of a function's log, in CloudWatch's embedded metric format: each metric of a directive once
 * for each of its dimension sets, and each value of an array by itself. Like CloudWatch, it leaves out metrics and
 * dimension sets of which the line lacks a value.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @returns samples with the line's own time, in milliseconds since 1970; none for any other line
 */
export function readEmbeddedMetrics(line: string): Sample[] {
  // Most lines hold no metrics, and parsing them would take longest.
  const root = line.startsWith("{") && line.includes('"_aws"') ? parseObject(line) : undefined;
  const metadata = asObject(root?.["_aws"]);
  const atMs = metadata?.["Timestamp"];
  if (root === undefined || typeof atMs !== "number") return [];
  return asList(metadata?.["CloudWatchMetrics"]).flatMap((directive) => {
    const { Namespace: namespace, Dimensions: sets, Metrics: definitions } = asObject(directive) ?? {};
    if (typeof namespace !== "string" || namespace === "") return [];
    const dimensionSets = asList(sets)
      .map((names) => readDimensionSet(asList(names), root))
      .filter((set) => set !== undefined);
    return asList(definitions).flatMap((definition) => {
      const metric = asObject(definition)?.["Name"];
      if (typeof metric !== "string") return [];
      const values = [root[metric]].flat().filter(isNumber);
      return values.flatMap((value) =>
        dimensionSets.map((dimensions) => ({ namespace, metric, dimensions, value, atMs })),
      );
    });
  });
}

/** Undefined where the line lacks one of the dimensions. */
function readDimensionSet(names: readonly unknown[], root: JsonObject): Record<string, string> | undefined {
  const dimensions = names.flatMap((name) => {
    const value = asText(root[String(name)]);
    return value === undefined ? [] : [[String(name), value] as const];
  });
  return dimensions.length < names.length || names.length > MAX_DIMENSIONS ? undefined : Object.fromEntries(dimensions);
}
