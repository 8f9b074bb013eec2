import { bootstrapFlags, imageProcess } from "../../../bench/image-function";

const VERSION = {
  functionName: "f",
  version: "1",
  handler: "index.handler",
  runtime: "nodejs22.x",
  memoryMiB: 512,
  timeoutSeconds: 10,
  environment: {},
  codeSha256: "",
};

test("what Node.js is told follows from the memory, as in the base image's bootstrap", () => {
  expect(bootstrapFlags(512)).toEqual([
    "--expose-gc",
    "--max-http-header-size",
    "81920",
    "--max-semi-space-size=25",
    "--max-old-space-size=461",
  ]);
});

test("an image without a command, and a function that gives none, is refused", () => {
  const image = {
    folder: "/image",
    environment: {},
    workingDirectory: "/var/task",
    user: undefined,
    command: [],
    layers: [],
  };
  expect(() => imageProcess(image, VERSION)).toThrow(
    "Function f has no handler: neither image_config.command nor the image's CMD names one. Give <folder>/index.handler.",
  );
  expect(imageProcess(image, VERSION, ["api/index.handler"])).toMatchObject({
    version: { handler: "api/index.handler" },
    taskRoot: "/image/var/task",
  });
});
